// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One view of the operations that multiply by weights: conv, conv_transpose and matmul.

#ifndef NIBBLE_DIALECT_NIBBLE_PRODUCTS_H
#define NIBBLE_DIALECT_NIBBLE_PRODUCTS_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include "mlir/IR/PatternMatch.h"

#include <optional>
#include <vector>

namespace nibble {

/// A conv, conv_transpose or matmul, float or quantized.
struct Product {
  mlir::Operation *op;
  mlir::Value input, weights;
  mlir::Value bias;          ///< null if there is none
  int64_t weightsChannelDim; ///< the dimension of the weights that counts output channels
  int64_t resultChannelDim;  ///< the same of the result
  int64_t channels; ///< 1 where the columns of a matrix are dynamic: they are alike then, and weights are no constant
  int64_t stride; ///< from an element of the weights to its neighbour along weightsChannelDim

  /// The output channel of element `i` of the weights in row-major order.
  int64_t channelOf(size_t i) const { return static_cast<int64_t>(i) / stride % channels; }
};

/// The view of `op`, if it is one of the three and its weights have a static number of output channels; it is dynamic
/// only of a matmul without a bias.
std::optional<Product> getProduct(mlir::Operation *op);

/// A copy of `product` at `loc` that computes `scale[c] * product + shift[c]` for each output channel c; weights and
/// bias are computed in f64 and rounded once. Null if weights or bias are not f32 constants.
mlir::Operation *createScaledProduct(mlir::OpBuilder &builder, mlir::Location loc, const Product &product,
                                     llvm::ArrayRef<double> scale, llvm::ArrayRef<double> shift);

/// A copy of `op` at `loc` with other operands.
mlir::Operation *cloneWithOperands(mlir::OpBuilder &builder, mlir::Location loc, mlir::Operation *op,
                                   mlir::ValueRange operands, mlir::TypeRange results);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_PRODUCTS_H
