// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The integer softmax of bytes: dialects/Nibble/README.md, "Integer softmax", has the equations and their bounds.

#ifndef NIBBLE_SUPPORT_SOFTMAX_H
#define NIBBLE_SUPPORT_SOFTMAX_H

#include "nibble/Support/Numerics.h"

#include <array>

namespace nibble::numerics {

/// The number of different bytes, and so of differences to the largest.
inline constexpr int softmaxEntries = 256;
/// Fraction bits of the exponentials: exp(0) is 2^30.
inline constexpr int softmaxBits = 30;
/// A row has fewer elements: then the sum of its exponentials stays below 2^62.
inline constexpr int64_t softmaxMaxLength = int64_t(1) << 32;

/// rint(2^30 exp(-scale d)) for each difference d: f64 operations that round alike on every host.
std::array<int32_t, softmaxEntries> softmaxTable(float scale);

/// What a row's exponentials are multiplied by: t / (sum * scale of the result) = t m 2^-k.
struct SoftmaxFactor {
  int64_t m; ///< at most 2^31
  int k;     ///< 32 to 63
};

/// `sum`: of the exponentials, in [2^30, 2^62). `multiplier`: of fl32(1 / scale of the result).
SoftmaxFactor softmaxFactor(int64_t sum, FixedMultiplier multiplier);

/// clamp(zp + ((t m + 2^(k-1)) >> k), lo, hi)
int32_t softmaxValue(int32_t t, SoftmaxFactor factor, int32_t zp, int32_t lo, int32_t hi);

/// A softmax of bytes. `multiplier` is fl32(1 / scale of the result).
struct ByteSoftmax {
  std::array<int32_t, softmaxEntries> table;
  FixedMultiplier multiplier;
  int32_t zp, lo, hi;

  /// Of the n elements `row[0], row[stride], ...`, stored bytes; n > 0.
  void operator()(int32_t *row, int64_t n, int64_t stride = 1) const;
};

} // namespace nibble::numerics

#endif // NIBBLE_SUPPORT_SOFTMAX_H
