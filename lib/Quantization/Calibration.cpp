// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Calibration.h"
#include "nibble/Support/Errors.h"

#include <cmath>
#include <limits>

using namespace nibble;
using llvm::StringRef;

/// Without a branch for each element.
static bool areFinite(llvm::ArrayRef<float> values) {
  bool finite = true;
  for (float value : values)
    finite &= std::fabs(value) <= std::numeric_limits<float>::max();
  return finite;
}

llvm::Error Calibration::observe(StringRef name, llvm::ArrayRef<float> observed, int64_t channelCount) {
  if (!areFinite(observed)) {
    const float *value = llvm::find_if(observed, [](float v) { return !std::isfinite(v); });
    return makeError("value '" + name + "' is " + (std::isnan(*value) ? "NaN" : "infinite") + " at element " +
                     llvm::Twine(value - observed.begin()) + " of a calibration sample");
  }
  auto it = values.find(name);
  if (it == values.end())
    it = values.emplace(name.str(), Histogram()).first;
  it->second.add(observed);
  channels[name.str()].add(observed, channelCount);
  return llvm::Error::success();
}

llvm::Error Calibration::merge(const Calibration &other) {
  if (modelHash != other.modelHash)
    return makeError("cannot merge calibrations of different models: hashes '" + modelHash + "' and '" +
                     other.modelHash + "'");
  if (method.str() != other.method.str())
    return makeError("cannot merge calibrations of different methods: '" + method.str() + "' and '" +
                     other.method.str() + "'");
  samples += other.samples;
  for (const auto &[name, histogram] : other.values)
    values[name].merge(histogram);
  for (const auto &[name, sums] : other.channels)
    channels[name].merge(sums);
  return llvm::Error::success();
}

llvm::Expected<RealRange> Calibration::getRange(StringRef name, const RangeMethod &how) const {
  auto it = values.find(name);
  if (it == values.end() || it->second.empty())
    return makeError("value '" + name + "' was never observed");
  return chooseRange(it->second, how);
}

std::vector<float> Calibration::getMeans(StringRef name) const {
  auto sums = channels.find(name);
  auto histogram = values.find(name);
  if (sums == channels.end() || histogram == values.end())
    return {};
  return sums->second.getMeans(histogram->second.getCount());
}
