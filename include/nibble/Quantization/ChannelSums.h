// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact sums of a value's channels, for means that do not depend on order or shards.

#ifndef NIBBLE_QUANTIZATION_CHANNELSUMS_H
#define NIBBLE_QUANTIZATION_CHANNELSUMS_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace nibble {

/// Sums along the last dimension's channels, each value rounded to a multiple of 2^-20. Integers add up to the same
/// in any order. Sums that overflow, or tensors of different numbers of channels, leave none.
class ChannelSums {
public:
  /// Adds a tensor whose last dimension has `channels` elements.
  void add(llvm::ArrayRef<float> values, int64_t channels);
  void merge(const ChannelSums &other);

  /// The mean of each channel of `count` values in all; empty if there are none.
  std::vector<float> getMeans(uint64_t count) const;

  llvm::ArrayRef<int64_t> getSums() const { return valid ? llvm::ArrayRef<int64_t>(sums) : llvm::ArrayRef<int64_t>(); }
  /// As of values whose sums were not kept.
  static ChannelSums none() {
    ChannelSums sums;
    sums.valid = false;
    return sums;
  }
  void restore(std::vector<int64_t> restored) { sums = std::move(restored); }

private:
  bool addInLanes(llvm::ArrayRef<float> values);

  bool valid = true;
  std::vector<int64_t> sums;
};

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_CHANNELSUMS_H
