// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of shapes: what verifiers, importer, passes and interpreter agree on. A dynamic extent is
// ShapedType::kDynamic; nothing overflows, however hostile the attributes.

#ifndef NIBBLE_DIALECT_NIBBLE_SHAPEUTILS_H
#define NIBBLE_DIALECT_NIBBLE_SHAPEUTILS_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include <optional>
#include <string>

namespace nibble {

/// Where the dimensions of a 4-D image and of a filter stand.
struct ImageDims {
  int64_t n, c, h, w;                ///< of an image
  int64_t out, in, kernelH, kernelW; ///< of a filter
};
ImageDims getImageDims(Layout layout);

/// floor((extent + low + high - dilation * (kernel - 1) - 1) / stride) + 1; dynamic for a dynamic extent; nullopt if
/// the window does not fit or the arithmetic overflows. `kernel`, `stride` and `dilation` are positive.
std::optional<int64_t> getWindowExtent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t low,
                                       int64_t high);

/// (extent - 1) * stride + dilation * (kernel - 1) + 1 - low - high: a transposed convolution's smallest result.
std::optional<int64_t> getTransposedExtent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                                           int64_t low, int64_t high);

/// Parameters of an operation that slides a window: the kernel's extents, and strides, pads ([top, left, bottom,
/// right]) and dilations as their attributes say.
struct Window {
  llvm::SmallVector<int64_t, 2> kernel;
  llvm::ArrayRef<int64_t> strides, pads, dilations;
};

/// The shape of the result for an input of shape `input` and `channels` output channels; nullopt as getWindowExtent.
std::optional<llvm::SmallVector<int64_t>> getWindowShape(llvm::ArrayRef<int64_t> input, const Window &window,
                                                         Layout layout, int64_t channels);

/// numpy's broadcast of two shapes; nullopt if they do not. A dynamic extent is taken to agree with a static one.
std::optional<llvm::SmallVector<int64_t>> getBroadcastShape(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// The matrix product's shape: leading dimensions broadcast, then m and n; nullopt if ranks or extents do not fit.
std::optional<llvm::SmallVector<int64_t>> getMatMulShape(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs);

/// The shape after a reduction over `axes` (sorted, unique, in range).
llvm::SmallVector<int64_t> getReducedShape(llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> axes, bool keepDims);

/// Same rank, and extents that are equal or dynamic on either side.
bool areCompatible(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// The product of static extents; nullopt if one is dynamic or the product exceeds i64.
std::optional<int64_t> getElementCount(llvm::ArrayRef<int64_t> shape);

/// Whether `permutation` is one, of `rank` dimensions.
bool isPermutation(llvm::ArrayRef<int64_t> permutation, int64_t rank);

/// "[1, ?, 8]".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_SHAPEUTILS_H
