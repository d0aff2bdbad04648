// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that move, pick and weigh elements by programs.

#ifndef NIBBLE_LIB_IMPORT_ONNX_MOVEMENT_H
#define NIBBLE_LIB_IMPORT_ONNX_MOVEMENT_H

#include "Generate.h"

namespace nibble::onnximport {

/// A Gather by indices that are found at run time, along any axis.
void importGatherAt(Node &node);

// One function a family.
void addCenterCrops(TranslatorTable &table);
void addGrids(TranslatorTable &table);
void addIndices(TranslatorTable &table);
void addPads(TranslatorTable &table);
void addPositions(TranslatorTable &table);
void addRoiPools(TranslatorTable &table);
void addScatters(TranslatorTable &table);
void addSelections(TranslatorTable &table);
void addSlices(TranslatorTable &table);
void addTopK(TranslatorTable &table);
void addUnique(TranslatorTable &table);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_MOVEMENT_H
