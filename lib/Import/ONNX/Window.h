// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sliding windows of convolutions and pools.

#ifndef NIBBLE_LIB_IMPORT_ONNX_WINDOW_H
#define NIBBLE_LIB_IMPORT_ONNX_WINDOW_H

#include "Importer.h"

namespace nibble::onnximport {

/// How a window slides over an image of two dimensions; `kernel` and the others have one entry a dimension.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, low, high;

  int64_t reach(unsigned i) const { return (kernel[i] - 1) * dilations[i] + 1; }
  /// [top, left, bottom, right].
  llvm::SmallVector<int64_t> pads() const { return {low[0], low[1], high[0], high[1]}; }
};

/// An image as an operand: one of one dimension is given height 1.
struct Image {
  mlir::Value value;
  /// The operand has one spatial dimension.
  bool isFlat = false;
};

/// Operand `i` as an image of two dimensions, in NCHW order.
Image readImage(Node &node, unsigned i);

/// Sets result 0 to `value`, without the height that `readImage` gave.
void setImage(Node &node, mlir::Value value, bool isFlat);

/// The attributes strides, dilations, pads and auto_pad, for an image of shape `image`.
Window readWindow(Node &node, llvm::ArrayRef<int64_t> kernel, const Shape &image, bool isFlat);

/// Extent of the result along spatial dimension `i`, rounded down.
Dim slide(Node &node, const Window &window, const Dim &extent, unsigned i);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_WINDOW_H
