// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What calibration measures: one distribution a value of the float graph.

#ifndef NIBBLE_QUANTIZATION_CALIBRATION_H
#define NIBBLE_QUANTIZATION_CALIBRATION_H

#include "nibble/Quantization/ChannelSums.h"
#include "nibble/Quantization/Ranges.h"

#include <map>
#include <string>

namespace nibble {

/// The distributions of a model's values, keyed by ONNX value name. A calibration run feeds it sample by sample; it
/// holds at most Histogram::kBins numbers a value, and shards that are merged are equal to one run over all samples.
class Calibration {
public:
  Calibration() = default;
  Calibration(llvm::StringRef model, llvm::StringRef modelHash) : model(model), modelHash(modelHash) {}

  /// Adds the elements of value `name` for some samples; its last dimension has `channels` elements, or 0 if means are
  /// of no use. A NaN or infinity is an error that names the value, and adds nothing.
  llvm::Error observe(llvm::StringRef name, llvm::ArrayRef<float> values, int64_t channels = 0);

  /// Counts a sample whose values were all observed.
  void finishSample() { ++samples; }

  /// Adds what another run over other samples measured. Models and methods must agree.
  llvm::Error merge(const Calibration &other);

  /// The range of value `name` by `method`; an error if it was never observed.
  llvm::Expected<RealRange> getRange(llvm::StringRef name, const RangeMethod &method) const;

  /// The mean of each channel of value `name`; empty if unknown.
  std::vector<float> getMeans(llvm::StringRef name) const;

  std::string model, modelHash;
  uint64_t samples = 0;
  RangeMethod method;
  std::map<std::string, Histogram, std::less<>> values;
  std::map<std::string, ChannelSums, std::less<>> channels;
};

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_CALIBRATION_H
