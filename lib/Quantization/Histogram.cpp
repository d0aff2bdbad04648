// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Histogram.h"

#include <algorithm>
#include <array>
#include <cmath>

using namespace nibble;

namespace {
/// Bins are no narrower than 2^-20 of the largest magnitude, so that bin numbers stay small.
constexpr int kPrecision = 20;
constexpr int kSmallestExponent = -149;

int64_t binOf(double value, int exponent) { return static_cast<int64_t>(std::floor(std::ldexp(value, -exponent))); }

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

std::pair<float, float> nibble::findExtremes(llvm::ArrayRef<float> values) {
  constexpr size_t kLanes = 16; // a few vectors of any machine
  std::array<float, kLanes> lo, hi;
  lo.fill(values.front());
  hi.fill(values.front());
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lo[lane] = std::min(lo[lane], values[i + lane]);
      hi[lane] = std::max(hi[lane], values[i + lane]);
    }
  for (; i < values.size(); ++i) {
    lo[0] = std::min(lo[0], values[i]);
    hi[0] = std::max(hi[0], values[i]);
  }
  return {*std::min_element(lo.begin(), lo.end()), *std::max_element(hi.begin(), hi.end())};
}

/// The largest integer that is no larger than `value`, which fits; std::floor is a call without SSE4.1.
template <typename Integer, typename T>
static Integer floorOf(T value) {
  const auto truncated = static_cast<Integer>(value);
  return truncated - static_cast<Integer>(static_cast<T>(truncated) > value);
}

/// Counts `values` in bins of width 1 / `inverse`, a power of two, in T without rounding.
template <typename Integer, typename T>
static void countBins(llvm::ArrayRef<float> values, T inverse, Integer first, llvm::MutableArrayRef<uint64_t> counts) {
  // Neighbours are often equal, zeros above all: in a table each, increments need not wait for one another.
  constexpr size_t kTables = 4;
  constexpr size_t kBlock = size_t(1) << 20;
  std::vector<uint32_t> tables(kTables * counts.size());
  while (!values.empty()) {
    llvm::ArrayRef<float> block = values.take_front(kBlock);
    values = values.drop_front(block.size());
    std::fill(tables.begin(), tables.end(), 0);
    for (size_t i = 0; i < block.size(); ++i)
      ++tables[(i % kTables) * counts.size() + static_cast<size_t>(floorOf<Integer>(block[i] * inverse) - first)];
    for (size_t i = 0; i < tables.size(); ++i)
      counts[i % counts.size()] += tables[i];
  }
}

void Histogram::add(llvm::ArrayRef<float> values) {
  if (values.empty())
    return;
  const auto [lo, hi] = findExtremes(values);
  // -0 and 0 are one value: else the sign of a zero would depend on the order.
  grow(lo == 0 ? 0.0f : lo, hi == 0 ? 0.0f : hi);
  // Narrow bins: the product is exact in f32 and, with kPrecision bits, below 2^31.
  if (exponent <= 0 && exponent >= -126)
    countBins<int32_t, float>(values, std::ldexp(1.0f, -exponent), static_cast<int32_t>(first), counts);
  else
    countBins<int64_t, double>(values, std::ldexp(1.0, -exponent), first, counts);
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
