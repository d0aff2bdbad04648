// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Ranges.h"
#include "nibble/Support/Errors.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace nibble;
using llvm::StringRef;

llvm::Expected<RangeMethod> RangeMethod::parse(StringRef text) {
  RangeMethod method;
  auto [name, argument] = text.split(':');
  if (name == "percentile") {
    method.kind = Percentile;
    if (!argument.empty() &&
        (argument.getAsDouble(method.percentile) || !(method.percentile >= 50 && method.percentile <= 100)))
      return makeError("expected a percentile in [50, 100], got '" + argument + "'");
    return method;
  }
  if (name == "mse")
    method.kind = MSE;
  else if (name == "entropy")
    method.kind = Entropy;
  else if (name != "minmax")
    return makeError("unknown calibration method '" + name + "': expected minmax, percentile, mse or entropy");
  if (!argument.empty())
    return makeError("calibration method '" + name + "' takes no argument, got '" + argument + "'");
  return method;
}

std::string RangeMethod::str() const {
  switch (kind) {
  case MinMax:
    return "minmax";
  case MSE:
    return "mse";
  case Entropy:
    return "entropy";
  case Percentile:
    break;
  }
  std::string text;
  llvm::raw_string_ostream(text) << "percentile:" << llvm::format("%.6g", percentile);
  return text;
}

/// `range` cut to the extremes of `histogram`.
static RealRange clampToExtremes(const Histogram &histogram, double lo, double hi) {
  lo = std::clamp<double>(lo, histogram.getMin(), histogram.getMax());
  hi = std::clamp<double>(hi, histogram.getMin(), histogram.getMax());
  return {static_cast<float>(std::min(lo, hi)), static_cast<float>(hi)};
}

static RealRange choosePercentile(const Histogram &histogram, double percentile) {
  const double cut = (100.0 - percentile) / 200.0 * static_cast<double>(histogram.getCount());
  auto counts = histogram.getCounts();
  size_t lo = 0, hi = counts.size() - 1;
  for (double below = counts[lo]; below <= cut && lo < hi; below += counts[lo])
    ++lo;
  for (double above = counts[hi]; above <= cut && hi > lo; above += counts[hi])
    --hi;
  return clampToExtremes(histogram, histogram.getEdge(lo), histogram.getEdge(hi + 1));
}

/// Mean squared error times the number of values, if [lo, hi] is cut in 255 steps.
static double squaredError(const Histogram &histogram, double lo, double hi) {
  const double step = (std::max(hi, 0.0) - std::min(lo, 0.0)) / 255.0, rounding = step * step / 12.0;
  const double half = std::ldexp(0.5, histogram.getExponent());
  double error = 0;
  for (auto [i, n] : llvm::enumerate(histogram.getCounts())) {
    if (!n)
      continue;
    const double value = histogram.getEdge(i) + half;
    const double clipped = value < lo ? lo - value : value > hi ? value - hi : 0.0;
    error += static_cast<double>(n) * (clipped > 0 ? clipped * clipped : rounding);
  }
  return error;
}

/// Moves one end at a time in 1/128 of the whole range, to the least error, until nothing changes.
static RealRange chooseMSE(const Histogram &histogram) {
  const double min = histogram.getMin(), max = histogram.getMax(), step = (max - min) / 128.0;
  double lo = min, hi = max, best = squaredError(histogram, lo, hi);
  for (bool changed = step > 0; changed;) {
    changed = false;
    for (int i = 0; i < 128; ++i) {
      const double newHi = max - i * step, newLo = min + i * step;
      if (newHi > lo && squaredError(histogram, lo, newHi) < best) {
        best = squaredError(histogram, lo, hi = newHi);
        changed = true;
      }
      if (newLo < hi && squaredError(histogram, newLo, hi) < best) {
        best = squaredError(histogram, lo = newLo, hi);
        changed = true;
      }
    }
  }
  return clampToExtremes(histogram, lo, hi);
}

/// sum p log(p / q) of the first `length` bins of `p`, what lies beyond added to the last, against their 128 levels.
static double divergence(llvm::ArrayRef<double> p, size_t length) {
  constexpr size_t kLevels = 128;
  double beyond = 0, total = 0;
  for (size_t i = length; i < p.size(); ++i)
    beyond += p[i];
  for (double count : p)
    total += count;
  double result = 0;
  for (size_t level = 0; level < kLevels; ++level) {
    const size_t begin = level * length / kLevels, end = (level + 1) * length / kLevels;
    double sum = 0;
    size_t filled = 0;
    for (size_t i = begin; i < end; ++i) {
      sum += p[i];
      filled += p[i] != 0;
    }
    for (size_t i = begin; i < end; ++i) {
      const double reference = p[i] + (i + 1 == length ? beyond : 0.0);
      if (reference == 0)
        continue;
      // A bin that holds only outliers has no level: it costs as if it held one value.
      const double quantized = p[i] != 0 ? sum / static_cast<double>(filled) : 1.0;
      result += reference / total * std::log(reference / quantized);
    }
  }
  // q is normalized by what it holds.
  return result + std::log((total - beyond) / total);
}

static RealRange chooseEntropy(const Histogram &histogram) {
  // Magnitudes in as many bins as the wider side has.
  const double magnitude = std::max(std::fabs(histogram.getMin()), std::fabs(histogram.getMax()));
  if (magnitude == 0)
    return {};
  // Far from zero, bins may be far narrower than the threshold needs.
  const double width = std::max(std::ldexp(1.0, histogram.getExponent()), magnitude / Histogram::kBins);
  std::vector<double> p(static_cast<size_t>(magnitude / width) + 1, 0.0);
  for (auto [i, n] : llvm::enumerate(histogram.getCounts())) {
    const double centre = std::fabs(histogram.getEdge(i) + std::ldexp(0.5, histogram.getExponent()));
    p[std::min(static_cast<size_t>(centre / width), p.size() - 1)] += static_cast<double>(n);
  }
  // A spike at zero, such as a ReLU makes, would hide everything else.
  p[0] = p.size() > 1 ? p[1] : p[0];
  size_t best = p.size();
  double least = std::numeric_limits<double>::infinity();
  for (size_t length = 128; length <= p.size(); length += std::max<size_t>(1, p.size() / 256)) {
    const double current = divergence(p, length);
    if (current < least) {
      least = current;
      best = length;
    }
  }
  const double threshold = static_cast<double>(best) * width;
  return clampToExtremes(histogram, -threshold, threshold);
}

RealRange nibble::chooseRange(const Histogram &histogram, const RangeMethod &method) {
  switch (method.kind) {
  case RangeMethod::Percentile:
    return choosePercentile(histogram, method.percentile);
  case RangeMethod::MSE:
    return chooseMSE(histogram);
  case RangeMethod::Entropy:
    return chooseEntropy(histogram);
  case RangeMethod::MinMax:
    break;
  }
  return {histogram.getMin(), histogram.getMax()};
}
