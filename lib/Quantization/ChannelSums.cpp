// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/ChannelSums.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace nibble;

static constexpr double kUnit = 0x1p-20;
/// A single value beyond this is as good as an overflow.
static constexpr float kLargest = 0x1p40f;

void ChannelSums::add(llvm::ArrayRef<float> values, int64_t channels) {
  if (channels <= 0 || values.empty() || values.size() % channels || (!sums.empty() && sums.size() != size_t(channels)))
    valid = false;
  if (!valid)
    return;
  sums.resize(channels);
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
