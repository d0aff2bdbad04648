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
/// Discardable attribute of a product: for "int4" and others, [stored values, a scale of each output channel], and the
/// size of groups if there are any: stored values are factors times values of that width then, see roundScales.
inline constexpr llvm::StringLiteral kRoundedAttr = "nibble.rounded";

/// How the weights of `product` see its input, if they can be rounded by moments: of an NHWC conv, or a matmul of rank
/// 2, and f32 constants.
std::optional<Windows> getWindows(const Product &product);

/// The weights of a product in `bits` bits, in their own order.
struct RoundedWeights {
  std::vector<int8_t> values;
  std::vector<float> scales;
  int64_t group = 0;
};

/// What a pass rounds to.
struct RoundingGoal {
  llvm::ArrayRef<int64_t> bits;
  bool centred;      ///< biases take up errors of the mean
  int64_t group = 0; ///< weights of an output channel (ky, kx, c) that share a factor; 0: none
};
std::optional<RoundedWeights> getRoundedWeights(mlir::Operation *op, int64_t bits);

/// Rounds the weights of the products below `root` that have `nibble.moments` to each width that they have not been
/// rounded to, and keeps them with them; how many there were. Groups that do not divide the input channels of a window
/// of several taps are left out: kernels could not store them. An error if a width has no rounding.
mlir::FailureOr<int64_t> roundAllWeights(mlir::Operation *root, const RoundingGoal &goal,
                                         llvm::function_ref<RoundedMatrix(const RoundingProblem &)> round);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_ROUNDEDWEIGHTS_H
