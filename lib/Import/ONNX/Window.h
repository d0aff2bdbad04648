// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sliding windows of convolutions and pools.

#ifndef NIBBLE_LIB_IMPORT_ONNX_WINDOW_H
#define NIBBLE_LIB_IMPORT_ONNX_WINDOW_H

#include "Importer.h"

namespace nibble::onnximport {

/// How a window slides over an image: an entry a spatial dimension. Pads may depend on the image's extents.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  Shape low, high;

  unsigned rank() const { return kernel.size(); }
  int64_t reach(unsigned i) const { return (kernel[i] - 1) * dilations[i] + 1; }
  bool hasDynamicPads() const { return !areStatic(low) || !areStatic(high); }
  /// Those at the beginning of each dimension, then those at the end: [top, left, bottom, right]; all known.
  llvm::SmallVector<int64_t> pads() const;
  bool isPadded() const;
  bool isDilated() const;
  /// Dimensions [first, first + count) alone.
  Window part(unsigned first, unsigned count) const;
  /// The same for images of two dimensions, of height 1 where this has one.
  Window planar() const;
};

/// A window of `kernel` that touches its own elements alone, once.
Window plainWindow(llvm::ArrayRef<int64_t> kernel);

/// Number of spatial dimensions of operand `i`, which has a batch and channels before them.
unsigned spatialRank(Node &node, unsigned i);

/// An image of one or two spatial dimensions with two: one of one dimension is given height 1. Others stay.
mlir::Value toPlanar(Node &node, mlir::Value image);

/// An image as an operand: one of one dimension is given height 1.
struct Image {
  mlir::Value value;
  /// The operand has one spatial dimension.
  bool isFlat = false;
};

/// Operand `i`, of one or two spatial dimensions, as an image of two, in NCHW order.
Image readImage(Node &node, unsigned i);

/// Sets result 0 to `value`, without the height that `readImage` gave.
void setImage(Node &node, mlir::Value value, bool isFlat);

/// The attribute kernel_shape, an entry for each of `rank` spatial dimensions.
llvm::SmallVector<int64_t> readKernel(Node &node, unsigned rank);

/// The attributes strides, dilations, pads and auto_pad, for an image of shape `image`: batch, channels, then the
/// dimensions that `kernel` has an entry for.
Window readWindow(Node &node, llvm::ArrayRef<int64_t> kernel, const Shape &image);

/// The image with `window`'s pads round it where they depend on its extents: zeros, which a convolution reads. The
/// window then has none there.
mlir::Value padWithZeros(Node &node, mlir::Value image, Window &window);
/// The same with what is next to them, where a maximum is the same.
mlir::Value padWithEdges(Node &node, mlir::Value image, Window &window);

/// Extent of the result along spatial dimension `i`, rounded down.
Dim slide(Node &node, const Window &window, const Dim &extent, unsigned i);

/// All spatial extents of the result for an image of shape `image`.
Shape slideAll(Node &node, const Window &window, const Shape &image);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_WINDOW_H
