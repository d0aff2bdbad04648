// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights and biases that a model holds as integers.

#ifndef NIBBLE_DIALECT_NIBBLE_STOREDWEIGHTS_H
#define NIBBLE_DIALECT_NIBBLE_STOREDWEIGHTS_H

#include "nibble/Dialect/Nibble/Products.h"

namespace nibble {

/// The constant of 8-bit integers that `product` dequantizes its weights from; null if its weights are something else,
/// or if its scales lie along another dimension than that of the output channels.
mlir::Value getStoredWeights(const Product &product);

/// The bias of `product` as i32 of scales fl32(inputScale * sw), sw being the scales of `weights`: itself if it is that
/// already, else rint(b / fl32(inputScale * sw)). Fails, with an error, if it is not constant or does not fit. Null if
/// there is no bias.
mlir::FailureOr<mlir::Value> createStoredBias(mlir::OpBuilder &builder, const Product &product, mlir::Value weights,
                                              float inputScale);

/// The values that createStoredBias gives the bias, cut to 31 bits; empty if there is none, or it is not constant.
std::vector<int32_t> getStoredBias(const Product &product, mlir::Value weights, float inputScale);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_STOREDWEIGHTS_H
