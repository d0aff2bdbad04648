// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that many verifiers share. Each says what it expected and what it found.

#ifndef NIBBLE_LIB_DIALECT_NIBBLE_IR_VERIFY_H
#define NIBBLE_LIB_DIALECT_NIBBLE_IR_VERIFY_H

#include "nibble/Dialect/Nibble/ShapeUtils.h"

namespace nibble::verify {

/// An operand or result and its name in messages.
struct Named {
  llvm::StringRef name;
  mlir::Value value;

  mlir::RankedTensorType getType() const { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
  mlir::Type getElementType() const { return getType().getElementType(); }
  llvm::ArrayRef<int64_t> getShape() const { return getType().getShape(); }
};

/// Of a tensor of quantized values: scales exact in f32, zero points in range, storage within 32 bits, one scale per
/// index of the quantized dimension.
mlir::LogicalResult quantizedType(mlir::Operation *op, llvm::StringRef name, mlir::RankedTensorType type);

/// All float, of one type, or all quantized by types that pass `quantizedType`.
mlir::LogicalResult sameFamily(mlir::Operation *op, llvm::ArrayRef<Named> values);

/// Not per axis.
mlir::LogicalResult perTensor(mlir::Operation *op, llvm::ArrayRef<Named> values);

mlir::LogicalResult sameElementType(mlir::Operation *op, Named input, Named result);

mlir::LogicalResult rank(mlir::Operation *op, Named value, int64_t expected);

/// The value's shape agrees with `expected`, up to dynamic extents.
mlir::LogicalResult shape(mlir::Operation *op, Named value, llvm::ArrayRef<int64_t> expected);

/// The value is 1-D with `expected` elements: "bias to have one value per output channel (4), got 3".
mlir::LogicalResult onePer(mlir::Operation *op, Named value, llvm::StringRef unit, int64_t expected);

/// `extents`, if there, is one extent a dimension of the result, and the same where that is static.
mlir::LogicalResult extents(mlir::Operation *op, ExtentsAttr extents, Named result);

mlir::LogicalResult length(mlir::Operation *op, llvm::StringRef name, size_t actual, size_t expected);
mlir::LogicalResult positive(mlir::Operation *op, llvm::StringRef name, llvm::ArrayRef<int64_t> values);
mlir::LogicalResult nonNegative(mlir::Operation *op, llvm::StringRef name, llvm::ArrayRef<int64_t> values);

/// A stored value within the range of the tensor's element type (a byte).
mlir::LogicalResult inRange(mlir::Operation *op, llvm::StringRef name, int64_t value, Named tensor);

/// [min, max] with min <= max, both in the result's range, and the zero point too.
mlir::LogicalResult clamp(mlir::Operation *op, llvm::ArrayRef<int32_t> clamp, int32_t zeroPoint, Named result);

/// A finite factor; for `fixed` one with an exact fixed-point form. `sign`: whether it may be negative.
mlir::LogicalResult multiplier(mlir::Operation *op, llvm::StringRef name, float value, RequantMode mode,
                               bool sign = false);

/// Of a softmax: an axis that the input has.
mlir::LogicalResult axis(mlir::Operation *op, int64_t axis, Named input);
/// Of a softmax of bytes: fewer elements along `axis` than may overflow, and fl32(1 / scale of the result).
mlir::LogicalResult byteSoftmax(mlir::Operation *op, int64_t axis, llvm::StringRef name, float multiplier, Named input);

/// The attributes of a window, then the result's shape for `channels` output channels.
mlir::LogicalResult windowAttributes(mlir::Operation *op, const Window &window);
mlir::LogicalResult windowShape(mlir::Operation *op, const Window &window, Layout layout, Named input, Named result,
                                int64_t channels);

/// What the four convolutions have in common.
struct Convolution {
  Named input, filter, result;
  llvm::ArrayRef<int64_t> strides, pads, dilations;
  int64_t groups;
  Layout layout;
  bool transposed = false;

  Window getWindow() const;
  /// The extent of output channels; kDynamic if the filter does not tell.
  int64_t getChannels() const { return filter.getShape()[0]; }
};

/// Ranks, attributes, channels and the result's shape.
mlir::LogicalResult convolution(mlir::Operation *op, const Convolution &conv);

/// Shapes of a matrix product.
mlir::LogicalResult matmul(mlir::Operation *op, Named lhs, Named rhs, Named result);

/// A product's bias: of the result's float type, or `i32` with zero point 0 and scales fl32(sx * sw[o]).
mlir::LogicalResult bias(mlir::Operation *op, Named bias, Named input, Named weights);

/// A product's folded multipliers, see `multiplier`.
mlir::LogicalResult productMultipliers(mlir::Operation *op, Named input, Named weights, Named result, RequantMode mode);

} // namespace nibble::verify

#endif // NIBBLE_LIB_DIALECT_NIBBLE_IR_VERIFY_H
