// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Headroom.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Dialect/Nibble/StoredWeights.h"
#include "nibble/Quantization/Types.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Constants.h"

#include <cmath>

using namespace mlir;
using namespace nibble;

static constexpr int64_t kLargestSum = std::numeric_limits<int32_t>::max();
/// Fewer stored values than these make no 16-bit type worth its name; the proof then says what is wrong.
static constexpr int64_t kSmallestLargest = 127;

int64_t nibble::getReach(quant::UniformQuantizedType type) {
  const int64_t zero = type.getZeroPoint();
  const int64_t reach = std::max(type.getStorageTypeMax() - zero, zero - type.getStorageTypeMin());
  return reach == kLargestInt16 ? reach + 1 : reach;
}

/// The greatest |bias| + reach * sum |w| of a channel, saturated.
static int64_t getWorstSum(ArrayRef<int32_t> weights, llvm::function_ref<int64_t(size_t)> channelOf, int64_t channels,
                           ArrayRef<int32_t> bias, int64_t reach) {
  std::vector<int64_t> sums(channels, 0);
  for (auto [i, w] : llvm::enumerate(weights))
    sums[channelOf(i)] += std::abs(int64_t(w));
  int64_t worst = 0;
  for (auto [c, sum] : llvm::enumerate(sums)) {
    const int64_t products = std::min(sum, int64_t(1) << 40) * reach;
    worst = std::max(worst, products + (bias.empty() ? 0 : std::abs(int64_t(bias[c]))));
  }
  return worst;
}

bool nibble::accumulatorsFit(ArrayRef<int32_t> weights, llvm::function_ref<int64_t(size_t)> channelOf, int64_t channels,
                             ArrayRef<int32_t> bias, int64_t reach) {
  return getWorstSum(weights, channelOf, channels, bias, reach) <= kLargestSum;
}

std::vector<int32_t> nibble::getCentredWeights(const Product &product) {
  std::vector<int32_t> weights;
  if (auto bytes = getConstantValues<int8_t>(product.weights))
    weights.assign(bytes->begin(), bytes->end());
  else if (auto bytes = getConstantValues<uint8_t>(product.weights))
    weights.assign(bytes->begin(), bytes->end());
  auto params = QuantParams::get(product.weights.getType());
  if (!params)
    return {};
  for (auto [i, w] : llvm::enumerate(weights))
    w -= params->getZeroPoint(product.channelOf(i));
  return weights;
}

/// Two bits are given away so that a large bias fits, which else would take them from the weights.
static constexpr int64_t kLeastForBias = 8191;

/// Of weights and a bias that are quantized with the input's scale. It depends on the largest stored value, so the
/// search begins with `largest` and follows the sum, which is nearly proportional.
static int64_t getLargestOf(const Product &product, ArrayRef<float> weights, ArrayRef<float> bias, float magnitude,
                            bool perTensor, int64_t largest, bool keepWeights) {
  auto channelOf = [&](size_t i) { return product.channelOf(i); };
  auto raisesScale = [](const WeightFinding &finding) { return finding.kind == WeightFinding::BiasOverflow; };
  while (largest > kSmallestLargest) {
    const float scale = std::max(magnitude / static_cast<float>(largest), kSmallestActivationScale);
    QuantizedWeights q =
        quantizeWeights(weights, channelOf, product.channels, bias, scale, perTensor, getPlannedWeightBits(product.op));
    if (q.values.empty()) // not finite
      return kLargestInt16;
    if (keepWeights && llvm::any_of(q.findings, raisesScale)) {
      if (largest == kLeastForBias) // no use
        return getLargestOf(product, weights, bias, magnitude, perTensor, kLargestInt16, /*keepWeights=*/false);
      largest = std::max(kLeastForBias, largest * 3 / 4);
      continue;
    }
    const std::vector<int32_t> values(q.values.begin(), q.values.end());
    const int64_t worst = getWorstSum(values, channelOf, product.channels, q.bias, largest + 1);
    if (worst <= kLargestSum)
      return largest;
    const double next = static_cast<double>(largest) * kLargestSum / static_cast<double>(worst);
    largest = std::min(largest - 1, static_cast<int64_t>(next));
  }
  return kSmallestLargest;
}

static int64_t getLargestOf(const Product &product, float magnitude, bool perTensor) {
  auto bias = product.bias ? getConstantValues<float>(product.bias) : std::optional<std::vector<float>>(std::in_place);
  if (auto weights = getConstantValues<float>(product.weights); weights && bias)
    return getLargestOf(product, *weights, *bias, magnitude, perTensor, kLargestInt16, /*keepWeights=*/true);
  if (Value stored = getStoredWeights(product)) {
    Product integers = product;
    integers.weights = stored;
    std::vector<int32_t> weights = getCentredWeights(integers);
    const int64_t sum =
        getWorstSum(weights, [&](size_t i) { return product.channelOf(i); }, product.channels, {}, /*reach=*/1);
    // A bias of integers has 31 bits at most.
    return sum == 0 ? kLargestInt16 : (kLargestSum - (int64_t(1) << 30)) / sum - 1;
  }
  // Two activations, each of which is as wide as the other.
  auto type = cast<RankedTensorType>(product.weights.getType());
  if (!isa<MatMulOp>(product.op))
    return kSmallestLargest;
  const int64_t depth = std::max<int64_t>(getLargestDepth(type.getDimSize(type.getRank() - 2)), 1);
  return static_cast<int64_t>(std::sqrt(static_cast<double>(kLargestSum / depth))) - 1;
}

int64_t nibble::getLargestStored(Operation *reader, float magnitude, bool perTensor) {
  int64_t largest = kLargestInt16;
  if (auto product = getProduct(reader))
    largest = getLargestOf(*product, magnitude, perTensor);
  else if (auto pool = dyn_cast<AvgPoolOp>(reader))
    largest = kLargestSum / std::max<int64_t>(pool.getKernel()[0] * pool.getKernel()[1], 1) - 1;
  return std::clamp(largest, kSmallestLargest, kLargestInt16);
}
