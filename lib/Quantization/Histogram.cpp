// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Histogram.h"

#include <algorithm>
#include <cmath>

using namespace nibble;

namespace {
/// Bins are no narrower than 2^-20 of the largest magnitude, so that bin numbers stay small.
constexpr int kPrecision = 20;
constexpr int kSmallestExponent = -149;

int64_t binOf(double value, int exponent) {
  return static_cast<int64_t>(std::floor(std::ldexp(value, -exponent)));
}

/// The smallest exponent whose bins cover [lo, hi] in kBins bins.
int chooseExponent(double lo, double hi) {
  const double magnitude = std::max(std::fabs(lo), std::fabs(hi));
  int exponent = magnitude == 0 ? kSmallestExponent : std::max(std::ilogb(magnitude) - kPrecision, kSmallestExponent);
  while (binOf(hi, exponent) - binOf(lo, exponent) >= Histogram::kBins)
    ++exponent;
  return exponent;
}
} // namespace

double Histogram::getEdge(size_t i) const {
  return std::ldexp(static_cast<double>(first + static_cast<int64_t>(i)), exponent);
}

void Histogram::grow(float lo, float hi) {
  if (!counts.empty()) {
    lo = std::min(lo, min);
    hi = std::max(hi, max);
  }
  const int newExponent = chooseExponent(lo, hi);
  const int64_t newFirst = binOf(lo, newExponent);
  std::vector<uint64_t> grown(binOf(hi, newExponent) - newFirst + 1, 0);
  const int shift = newExponent - exponent;
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i]) // the shift rounds down, as binOf does
      grown[((first + static_cast<int64_t>(i)) >> std::min(shift, 62)) - newFirst] += counts[i];
  counts = std::move(grown);
  exponent = newExponent;
  first = newFirst;
  min = lo;
  max = hi;
}

void Histogram::add(llvm::ArrayRef<float> values) {
  if (values.empty())
    return;
  float lo = values.front(), hi = values.front();
  for (float value : values) {
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
  // -0 and 0 are one value: else the sign of a zero would depend on the order.
  grow(lo == 0 ? 0.0f : lo, hi == 0 ? 0.0f : hi);
  const double inverse = std::ldexp(1.0, -exponent);
  for (float value : values)
    ++counts[static_cast<int64_t>(std::floor(value * inverse)) - first];
  count += values.size();
}

void Histogram::merge(const Histogram &other) {
  if (other.counts.empty())
    return;
  grow(other.min, other.max);
  const int shift = exponent - other.exponent;
  for (size_t i = 0; i < other.counts.size(); ++i)
    if (other.counts[i])
      counts[((other.first + static_cast<int64_t>(i)) >> std::min(shift, 62)) - first] += other.counts[i];
  count += other.count;
}

bool Histogram::restore(float lo, float hi, int newExponent, int64_t newFirst, std::vector<uint64_t> newCounts) {
  if (!std::isfinite(lo) || !std::isfinite(hi) || lo > hi || newExponent != chooseExponent(lo, hi) ||
      newFirst != binOf(lo, newExponent) ||
      static_cast<int64_t>(newCounts.size()) != binOf(hi, newExponent) - newFirst + 1)
    return false;
  min = lo;
  max = hi;
  exponent = newExponent;
  first = newFirst;
  counts = std::move(newCounts);
  count = 0;
  for (uint64_t c : counts)
    count += c;
  return count > 0;
}
