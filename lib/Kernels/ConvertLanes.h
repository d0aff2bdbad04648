// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of emitConvert.

#ifndef NIBBLE_LIB_KERNELS_CONVERTLANES_H
#define NIBBLE_LIB_KERNELS_CONVERTLANES_H

#include "Box.h"
#include "nibble/Kernels/Convert.h"

namespace nibble {
namespace kernels {

/// Converts lanes. Bytes are i32 lanes on either side: of any high bits as input, in the range as output.
Value convertLanes(KernelBuilder &b, const ConvertParams &params, Value lanes);

/// What an item of a GPU has of an image row: some pixels of a group of channels that move together.
struct ConvertPiece {
  Value pixels, group;
};
Extent convertPieceCount(const ConvertParams &params, const ISA &isa);
/// Takes the last digits of the item's number; nothing where a tile has its row whole.
ConvertPiece takeConvertPiece(KernelBuilder &b, const ConvertParams &params, Value &item);

/// Emits the conversion of the image row at `in`, or a piece, to the one at `out`, where one is in planes and the other
/// in pixels.
void emitPlanesToPixels(KernelBuilder &b, const ConvertParams &params, ConvertPiece piece, Value in, Value out);
void emitPixelsToPlanes(KernelBuilder &b, const ConvertParams &params, ConvertPiece piece, Value in, Value out);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CONVERTLANES_H
