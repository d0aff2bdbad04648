// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization of weights and biases.

#ifndef NIBBLE_QUANTIZATION_WEIGHTS_H
#define NIBBLE_QUANTIZATION_WEIGHTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace nibble {

/// What was found in an output channel, for diagnostics.
struct WeightFinding {
  enum Kind {
    Dead,           ///< all weights are zero: the output is the bias
    ScaleUnderflow, ///< the weights are so small that their scale was raised
    BiasOverflow,   ///< the bias would leave 31 bits in units of the product's scale, which was raised
    NotFinite,      ///< a weight or the bias is a NaN or infinite: nothing was quantized
    Outlier,        ///< per tensor: weights of this channel are far larger than other channels'
  } kind;
  int64_t channel;
};

struct QuantizedWeights {
  std::vector<int8_t> values;    ///< in [-Q, Q]
  std::vector<float> scales;     ///< one an output channel, or one
  std::vector<int32_t> bias;     ///< empty if there is none
  std::vector<float> biasScales; ///< fl32(inputScale * scale), as many as scales
  llvm::SmallVector<WeightFinding> findings;
};

/// The greatest stored weight Q of `bits` bits: 127, 7 or 1. The least is -Q.
constexpr int32_t getLargestWeight(unsigned bits) { return (1 << (bits - 1)) - 1; }

/// Symmetric: q = clamp(rint(fl32(w / scale)), -Q, Q), for each output channel or `perTensor`;
/// bias = rint(b / fl32(inputScale * scale)). Of 8 bits, scale = fl32(max|w| / 127). Of fewer, steps are so large that
/// the greatest weights are better cut: the scale is the one of those that were tried, max|w| / Q times 1, 31/32, ...,
/// 5/32, and the least-squares one of the best's stored values, whose sum of squared errors is least. A scale is raised
/// where the bias would exceed 2^30.
QuantizedWeights quantizeWeights(llvm::ArrayRef<float> weights, llvm::function_ref<int64_t(size_t)> channelOf,
                                 int64_t channels, llvm::ArrayRef<float> bias, float inputScale, bool perTensor,
                                 unsigned bits = 8);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_WEIGHTS_H
