// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Second moments of what a product reads: all that rounding its weights has to know of its input.

#ifndef NIBBLE_QUANTIZATION_MOMENTS_H
#define NIBBLE_QUANTIZATION_MOMENTS_H

#include "llvm/ADT/ArrayRef.h"

#include <array>
#include <cstdint>
#include <vector>

namespace nibble {

/// The windows of an NHWC image that a convolution's filter sees. A matmul's rows are windows of one tap.
struct Windows {
  std::array<int64_t, 2> kernel = {1, 1}, strides = {1, 1}, dilations = {1, 1};
  std::array<int64_t, 4> pads = {0, 0, 0, 0}; ///< top, left, bottom, right
  int64_t groups = 1;
};

/// For each group of a product, the mean of v vᵀ with v = (x, 1) and x the inputs of one window in the order ky, kx, c:
/// the second moments, and in the last row and column the means. Taps in the padding are zeros. Memory does not depend
/// on the number of samples.
class Moments {
public:
  Moments(const Windows &windows, int64_t channels);

  /// Adds an image of shape N, H, W, C, or a matrix whose last dimension is C. Of a large one not every window counts:
  /// the most that are taken, at even distances, is kMostWindows.
  void add(llvm::ArrayRef<float> values, llvm::ArrayRef<int64_t> shape);

  /// Inputs of a window in one group.
  int64_t getTaps() const { return taps; }
  int64_t getGroups() const { return windows.groups; }
  /// groups x (taps + 1) x (taps + 1) numbers; all zero if nothing was added.
  std::vector<float> getMeans() const;
  /// Bytes that an object for these windows takes.
  static int64_t getBytes(const Windows &windows, int64_t channels);

  static constexpr int64_t kMostWindows = 1024;

private:
  void addRows(int64_t group, llvm::ArrayRef<float> rows, int64_t count);

  Windows windows;
  int64_t channels, taps;
  int64_t count = 0;
  std::vector<double> sums; // the lower triangles
};

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_MOMENTS_H
