// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights that were rounded before the plan is applied, kept with their products.

#ifndef NIBBLE_DIALECT_NIBBLE_ROUNDEDWEIGHTS_H
#define NIBBLE_DIALECT_NIBBLE_ROUNDEDWEIGHTS_H

#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Quantization/Moments.h"
#include "nibble/Quantization/Rounding.h"

namespace nibble {

/// Discardable attribute of a product: what `Moments` measured of its input, groups x (taps + 1) x (taps + 1) f32.
inline constexpr llvm::StringLiteral kMomentsAttr = "nibble.moments";
/// Discardable attribute of a product: for "int4" and others, [stored values, a scale of each output channel].
inline constexpr llvm::StringLiteral kRoundedAttr = "nibble.rounded";

/// How the weights of `product` see its input, if they can be rounded by moments: of an NHWC conv, or a matmul of rank
/// 2, and f32 constants.
std::optional<Windows> getWindows(const Product &product);

/// The weights of a product in `bits` bits, in their own order.
struct RoundedWeights {
  std::vector<int8_t> values;
  std::vector<float> scales;
};
std::optional<RoundedWeights> getRoundedWeights(mlir::Operation *op, int64_t bits);

/// Rounds the weights of `product`, which has `nibble.moments`, to `bits` bits by `round`, and keeps them with it.
/// False if there are none, or they are not finite.
bool roundWeights(const Product &product, int64_t bits, bool centred,
                  llvm::function_ref<RoundedMatrix(const RoundingProblem &)> round);

/// Does so for all products below `root`, in each of the widths `bits` that they have not been rounded to; how many
/// there were. An error if a width has no rounding.
mlir::FailureOr<int64_t> roundAllWeights(mlir::Operation *root, llvm::ArrayRef<int64_t> bits, bool centred,
                                         llvm::function_ref<RoundedMatrix(const RoundingProblem &)> round);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_ROUNDEDWEIGHTS_H
