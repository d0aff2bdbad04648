// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the distribution of a value to the range that its quantized type covers.

#ifndef NIBBLE_QUANTIZATION_RANGES_H
#define NIBBLE_QUANTIZATION_RANGES_H

#include "nibble/Quantization/Histogram.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace nibble {

/// How a range is chosen: `minmax`, `percentile:P` (P in [50, 100], 99.99 if absent), `mse` or `entropy`.
struct RangeMethod {
  enum Kind { MinMax, Percentile, MSE, Entropy } kind = MinMax;
  double percentile = 99.99;

  static llvm::Expected<RangeMethod> parse(llvm::StringRef text);
  std::string str() const;
};

struct RealRange {
  float min = 0, max = 0;
};

/// The range that `method` chooses; it lies within the extremes of the histogram, which is not empty.
///
/// * percentile: cuts (100 - P) / 2 percent of the values at each end, as onnxruntime does;
/// * mse: the range whose 256 steps have the least mean squared error, rounding and clipping;
/// * entropy: the symmetric threshold with the least Kullback-Leibler divergence between the distribution and its
///   128-step quantization (Migacz, "8-bit inference with TensorRT", 2017).
RealRange chooseRange(const Histogram &histogram, const RangeMethod &method);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_RANGES_H
