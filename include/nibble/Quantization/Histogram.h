// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A histogram of bounded size that grows by powers of two.

#ifndef NIBBLE_QUANTIZATION_HISTOGRAM_H
#define NIBBLE_QUANTIZATION_HISTOGRAM_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace nibble {

/// The least and the greatest of `values`, which are not empty and have no NaN.
std::pair<float, float> findExtremes(llvm::ArrayRef<float> values);

/// Counts of finite values in bins of width 2^exponent: bin i holds values in [i, i + 1) * 2^exponent.
///
/// The exponent depends on the extremes of all values seen and on nothing else, and halving the resolution adds pairs
/// of bins: so histograms of any shards of the values, merged in any order, are equal to the histogram of all of them.
class Histogram {
public:
  static constexpr int64_t kBins = 2048;

  /// Adds finite values.
  void add(llvm::ArrayRef<float> values);
  void merge(const Histogram &other);

  bool empty() const { return counts.empty(); }
  float getMin() const { return min; }
  float getMax() const { return max; }
  uint64_t getCount() const { return count; }
  int getExponent() const { return exponent; }
  int64_t getFirstBin() const { return first; }
  llvm::ArrayRef<uint64_t> getCounts() const { return counts; }

  /// Lower edge of the bin at position `i` of getCounts().
  double getEdge(size_t i) const;

  /// Rebuilds a histogram that was written; false if the parts contradict each other.
  bool restore(float min, float max, int exponent, int64_t first, std::vector<uint64_t> counts);

private:
  /// Makes room for values in [lo, hi].
  void grow(float lo, float hi);

  float min = 0, max = 0;
  uint64_t count = 0;
  int exponent = 0;
  int64_t first = 0;
  std::vector<uint64_t> counts;
};

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_HISTOGRAM_H
