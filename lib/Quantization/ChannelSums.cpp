// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/ChannelSums.h"
#include "nibble/Quantization/Histogram.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace nibble;

static constexpr double kUnit = 0x1p-20;
/// A single value beyond this is as good as an overflow.
static constexpr float kLargest = 0x1p40f;

/// The bits of a double that holds kMagic plus an integer are the integer plus the bits of kMagic.
static constexpr double kMagic = 0x1.8p52;

static int64_t bitsOf(double value) {
  int64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

/// Adds all rows without calls or branches, so that a vector unit can do it; false, and nothing is added, where values
/// or sums could be too large.
bool ChannelSums::addInLanes(llvm::ArrayRef<float> values) {
  const auto [lo, hi] = findExtremes(values);
  const double rows = static_cast<double>(values.size() / sums.size());
  const double largest = std::max(std::fabs(lo), std::fabs(hi)) / kUnit;
  if (!(largest < 0x1p50) || !(largest * rows < 0x1p61))
    return false;
  for (int64_t sum : sums)
    if (std::abs(sum) > int64_t(1) << 61)
      return false;
  // Bits wrap round; what is left of them in the end is exact.
  std::vector<uint64_t> added(sums.size(), 0);
  for (size_t row = 0; row < values.size(); row += added.size())
    for (size_t c = 0; c < added.size(); ++c)
      added[c] += static_cast<uint64_t>(bitsOf(static_cast<double>(values[row + c]) * (1 / kUnit) + kMagic));
  const uint64_t offset = static_cast<uint64_t>(bitsOf(kMagic)) * (values.size() / sums.size());
  for (auto [sum, addend] : llvm::zip_equal(sums, added))
    sum += static_cast<int64_t>(addend - offset);
  return true;
}

void ChannelSums::add(llvm::ArrayRef<float> values, int64_t channels) {
  if (channels <= 0 || values.empty() || values.size() % channels || (!sums.empty() && sums.size() != size_t(channels)))
    valid = false;
  if (!valid)
    return;
  sums.resize(channels);
  if (addInLanes(values))
    return;
  for (size_t row = 0; row < values.size(); row += channels)
    for (int64_t c = 0; c < channels; ++c) {
      const float value = values[row + c];
      if (!(std::fabs(value) <= kLargest) ||
          __builtin_add_overflow(sums[c], static_cast<int64_t>(std::rint(value / kUnit)), &sums[c])) {
        valid = false;
        return;
      }
    }
}

void ChannelSums::merge(const ChannelSums &other) {
  valid &= other.valid && (sums.empty() || other.sums.empty() || sums.size() == other.sums.size());
  if (!valid || other.sums.empty())
    return;
  sums.resize(other.sums.size());
  for (auto [sum, addend] : llvm::zip_equal(sums, other.sums))
    valid &= !__builtin_add_overflow(sum, addend, &sum);
}

std::vector<float> ChannelSums::getMeans(uint64_t count) const {
  std::vector<float> means;
  if (!valid || sums.empty() || count < sums.size())
    return means;
  const double rows = static_cast<double>(count / sums.size());
  for (int64_t sum : sums)
    means.push_back(static_cast<float>(static_cast<double>(sum) * kUnit / rows));
  return means;
}
