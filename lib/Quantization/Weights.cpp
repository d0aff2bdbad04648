// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Numerics.h"

#include <algorithm>
#include <cmath>

using namespace nibble;

namespace {

/// Smaller scales would make products with scales of activations subnormal.
constexpr float kSmallestScale = 0x1p-60f;
/// Bound of a bias in stored units: as much is left for the products.
constexpr double kLargestBias = 0x1p30;
/// A channel this many times larger than the median channel costs the others three bits.
constexpr float kOutlier = 8.0f;

/// Clips are tried in these steps of the greatest weight.
constexpr int kClipSteps = 32, kLeastClip = 5;

/// Sums over weights stored with some scale: of their squared errors, and what the least-squares scale takes.
struct Fit {
  double error = 0, product = 0, square = 0;
};

Fit fitScale(llvm::ArrayRef<float> weights, float scale, int32_t largest) {
  Fit fit;
  const float bound = static_cast<float>(largest);
  for (float w : weights) {
    // numerics::quantize's value.
    const double q = std::clamp(std::rint(w / scale), -bound, bound), error = w - q * static_cast<double>(scale);
    fit.error += error * error;
    fit.product += w * q;
    fit.square += q * q;
  }
  return fit;
}

/// The scale with the least squared error among those that the header lists.
float chooseClippedScale(llvm::ArrayRef<float> weights, float magnitude, int32_t largest) {
  float best = 0;
  Fit fit;
  fit.error = std::numeric_limits<double>::infinity();
  auto attempt = [&](float scale) {
    if (Fit tried = fitScale(weights, scale, largest); scale >= kSmallestScale && tried.error < fit.error) {
      best = scale;
      fit = tried;
    }
  };
  for (int step = kClipSteps; step >= kLeastClip; --step)
    attempt(static_cast<float>(static_cast<double>(magnitude) * step / (kClipSteps * largest)));
  if (fit.square > 0)
    attempt(static_cast<float>(fit.product / fit.square));
  return best;
}

/// The scale of one channel, or of all, with greatest weight `magnitude` and greatest bias `bias`; `weights` are those
/// of the channel if they have fewer than 8 bits.
float chooseScale(llvm::ArrayRef<float> weights, float magnitude, float bias, float inputScale, unsigned bits,
                  llvm::SmallVectorImpl<WeightFinding> &findings, int64_t channel) {
  const int32_t largest = getLargestWeight(bits);
  float scale = bits < 8 && magnitude > 0 ? chooseClippedScale(weights, magnitude, largest)
                                          : static_cast<float>(magnitude / static_cast<double>(largest));
  if (magnitude == 0) {
    findings.push_back({WeightFinding::Dead, channel});
    // Fine enough for the bias: 2^20 steps.
    scale = bias == 0 ? 1.0f : static_cast<float>(bias / inputScale * 0x1p-20);
    return std::clamp(scale, kSmallestScale, 0x1p60f);
  }
  if (scale < kSmallestScale) {
    findings.push_back({WeightFinding::ScaleUnderflow, channel});
    scale = kSmallestScale;
  }
  if (bias / (static_cast<double>(inputScale) * scale) > kLargestBias) {
    findings.push_back({WeightFinding::BiasOverflow, channel});
    scale = std::nextafter(static_cast<float>(bias / inputScale / kLargestBias), 0x1p127f);
  }
  return scale;
}

void findOutliers(llvm::ArrayRef<float> magnitudes, llvm::SmallVectorImpl<WeightFinding> &findings) {
  std::vector<float> sorted(magnitudes.begin(), magnitudes.end());
  std::nth_element(sorted.begin(), sorted.begin() + sorted.size() / 2, sorted.end());
  const float median = sorted[sorted.size() / 2];
  for (auto [c, magnitude] : llvm::enumerate(magnitudes))
    if (median > 0 && magnitude > kOutlier * median)
      findings.push_back({WeightFinding::Outlier, static_cast<int64_t>(c)});
}

} // namespace

QuantizedWeights nibble::quantizeWeights(llvm::ArrayRef<float> weights, llvm::function_ref<int64_t(size_t)> channelOf,
                                         int64_t channels, llvm::ArrayRef<float> bias, float inputScale, bool perTensor,
                                         unsigned bits) {
  QuantizedWeights result;
  std::vector<float> magnitudes(channels, 0.0f), biases(channels, 0.0f);
  for (auto [i, w] : llvm::enumerate(weights)) {
    float &magnitude = magnitudes[channelOf(i)];
    magnitude = std::isfinite(w) ? std::max(magnitude, std::fabs(w)) : std::fabs(w);
    if (!std::isfinite(w)) {
      result.findings.push_back({WeightFinding::NotFinite, channelOf(i)});
      return result;
    }
  }
  for (auto [c, b] : llvm::enumerate(bias)) {
    biases[c] = std::fabs(b);
    if (!std::isfinite(b)) {
      result.findings.push_back({WeightFinding::NotFinite, static_cast<int64_t>(c)});
      return result;
    }
  }
  if (perTensor) {
    findOutliers(magnitudes, result.findings);
    magnitudes = {*std::max_element(magnitudes.begin(), magnitudes.end())};
    biases = {*std::max_element(biases.begin(), biases.end())};
  }
  auto of = [&](int64_t channel) { return perTensor ? 0 : channel; };
  std::vector<std::vector<float>> members(magnitudes.size());
  for (size_t i = 0; bits < 8 && i < weights.size(); ++i)
    members[of(channelOf(i))].push_back(weights[i]);
  for (auto [c, magnitude] : llvm::enumerate(magnitudes))
    result.scales.push_back(chooseScale(members[c], magnitude, biases[c], inputScale, bits, result.findings, c));
  for (float scale : result.scales)
    result.biasScales.push_back(inputScale * scale);
  const int32_t largest = getLargestWeight(bits);
  result.values.reserve(weights.size());
  for (auto [i, w] : llvm::enumerate(weights))
    result.values.push_back(
        static_cast<int8_t>(numerics::quantize(w, result.scales[of(channelOf(i))], 0, -largest, largest)));
  for (auto [c, b] : llvm::enumerate(bias))
    result.bias.push_back(static_cast<int32_t>(std::rint(b / static_cast<double>(result.biasScales[of(c)]))));
  return result;
}
