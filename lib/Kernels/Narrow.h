// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights of fewer than 8 bits, as dense kernels unpack them.

#ifndef NIBBLE_LIB_KERNELS_NARROW_H
#define NIBBLE_LIB_KERNELS_NARROW_H

#include "nibble/Kernels/Conv.h"

#include <optional>

namespace nibble {
namespace kernels {

/// Weights as values of few bits, and the factor of each output channel's groups (`ConvParams::weightGroup`) of them.
struct FactoredWeights {
  std::vector<int8_t> values;
  std::vector<uint8_t> factors; ///< none without groups
};

/// Nothing if the weights do not fit. Of several factors the least: the products are the same.
std::optional<FactoredWeights> factorWeights(const ConvParams &params, llvm::ArrayRef<int8_t> weights);

/// `bytes`, the values packed as bytes are, in their bits; behind each block of columns its factors.
std::vector<char> packNarrow(const ConvParams &params, llvm::ArrayRef<char> bytes, llvm::ArrayRef<uint8_t> factors);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_NARROW_H
