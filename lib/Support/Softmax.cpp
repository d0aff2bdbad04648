// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The integer softmax of bytes.

#include "nibble/Support/Softmax.h"

#include "llvm/ADT/bit.h"

#include <algorithm>

using namespace nibble;
using namespace nibble::numerics;

/// 2^30 exp(-x) for x >= 0: exp(-x) = 2^-n exp(-r), |r| <= ln 2 / 2, by Taylor's series. f64 alone, nothing of libm but
/// rint, which is exact; the error is below 2^-50 of the value.
static double scaledExp(double x) {
  if (x >= 32) // 2^30 exp(-32) < 2^-16
    return 0;
  const double log2e = 0x1.71547652b82fep+0, ln2High = 0x1.62e42feep-1, ln2Low = 0x1.a39ef35793c76p-33;
  const double n = std::rint(x * log2e);
  const double r = (x - n * ln2High) - n * ln2Low; // n has 6 bits and ln2High 32: their product is exact
  double sum = 0;
  for (int i = 14; i >= 1; --i)
    sum = (sum + 1) * (-r / i); // -r/1 (1 - r/2 (1 - r/3 ...))
  const double power = double(int64_t(1) << softmaxBits) / double(int64_t(1) << int64_t(n));
  return (1 + sum) * power;
}

std::array<int32_t, softmaxEntries> numerics::softmaxTable(float scale) {
  std::array<int32_t, softmaxEntries> table;
  for (int d = 0; d < softmaxEntries; ++d)
    table[d] = int32_t(std::rint(scaledExp(double(scale) * d)));
  return table;
}

SoftmaxFactor numerics::softmaxFactor(int64_t sum, FixedMultiplier multiplier) {
  // sum = v 2^(e-31), 2^30 <= v < 2^31
  const int e = 64 - llvm::countl_zero(uint64_t(sum));
  const int64_t v = sum >> (e - 31);
  // 2^47 / v to 15 bits by one division, then 2^61 / v to 29 bits by a step of Newton's.
  const int64_t first = 0xffffffffu / uint32_t(v >> 15);
  const int64_t correction = ((int64_t(1) << 48) - v * first) >> 17;
  const int64_t reciprocal = (first * correction) >> 16;
  const int64_t m = (reciprocal * multiplier.m + (int64_t(1) << 30)) >> 31;
  return {m, std::min(e + multiplier.s - 1, 63)};
}

int32_t numerics::softmaxValue(int32_t t, SoftmaxFactor factor, int32_t zp, int32_t lo, int32_t hi) {
  const int64_t scaled = (t * factor.m + (int64_t(1) << (factor.k - 1))) >> factor.k;
  return int32_t(std::clamp<int64_t>(zp + scaled, lo, hi));
}

void ByteSoftmax::operator()(int32_t *row, int64_t n, int64_t stride) const {
  int32_t largest = row[0];
  for (int64_t i = 1; i < n; ++i)
    largest = std::max(largest, row[i * stride]);
  int64_t sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += table[largest - row[i * stride]];
  const SoftmaxFactor factor = softmaxFactor(sum, multiplier);
  for (int64_t i = 0; i < n; ++i)
    row[i * stride] = softmaxValue(table[largest - row[i * stride]], factor, zp, lo, hi);
}
