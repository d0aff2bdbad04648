// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes that broadcast where only a run tells which extents repeat.

#ifndef NIBBLE_LIB_IMPORT_ONNX_BROADCAST_H
#define NIBBLE_LIB_IMPORT_ONNX_BROADCAST_H

#include "Importer.h"

namespace nibble::onnximport {

/// As Node::broadcast, for scalar programs, whose reads stay inside: of two dynamic extents of which one may be 1 or
/// not it is the larger. Node::broadcast takes such two to be equal, with a warning, as operations of the dialect must
/// know.
Shape broadcastOpen(const Node &node, const Shape &lhs, const Shape &rhs);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_BROADCAST_H
