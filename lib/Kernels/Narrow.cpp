// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Narrow.h"
#include "Families.h"
#include "Plan.h"

using namespace nibble;
using namespace nibble::kernels;

static int64_t windowSize(const ConvParams &p) { return p.KH * p.KW * p.C / p.groups; }
static int64_t windowGroups(const ConvParams &p) { return (windowSize(p) + p.weightGroup - 1) / p.weightGroup; }

/// The least number that divides all values, so that the quotients have `bits` bits; 0 if there is none.
static int32_t getFactor(llvm::ArrayRef<int8_t> values, int64_t bits) {
  const int32_t least = -(1 << (bits - 1));
  for (int32_t factor = 1; factor <= 127; ++factor)
    if (llvm::all_of(values, [&](int8_t value) {
          return value % factor == 0 && value / factor >= least && value / factor < -least;
        }))
      return factor;
  return 0;
}

std::optional<FactoredWeights> nibble::kernels::factorWeights(const ConvParams &p, llvm::ArrayRef<int8_t> weights) {
  FactoredWeights result;
  if (p.weightGroup == 0) {
    result.values = weights.vec();
    return getFactor(weights, p.weightBits) == 1 ? std::optional(std::move(result)) : std::nullopt;
  }
  for (int64_t o = 0; o < p.N; ++o) {
    const llvm::ArrayRef<int8_t> window = weights.slice(o * windowSize(p), windowSize(p));
    for (int64_t group = 0; group < windowGroups(p); ++group) {
      const llvm::ArrayRef<int8_t> members = window.drop_front(group * p.weightGroup).take_front(p.weightGroup);
      const int32_t factor = getFactor(members, p.weightBits);
      if (factor == 0)
        return std::nullopt;
      result.factors.push_back(static_cast<uint8_t>(factor));
      for (int8_t value : members)
        result.values.push_back(static_cast<int8_t>(value / factor));
    }
  }
  return result;
}

/// Puts the bytes of 8 / bits steps, `stepBytes` each, into those of one.
static std::vector<char> packSteps(llvm::ArrayRef<char> bytes, int64_t stepBytes, int64_t bits) {
  const int64_t together = 8 / bits;
  std::vector<char> packed(bytes.size() / together);
  for (auto [i, byte] : llvm::enumerate(bytes)) {
    const int64_t step = int64_t(i) / stepBytes, field = step % together * bits;
    char &to = packed[step / together * stepBytes + int64_t(i) % stepBytes];
    to = static_cast<char>(to | (byte & ((1 << bits) - 1)) << field);
  }
  return packed;
}

std::vector<char> nibble::kernels::packNarrow(const ConvParams &p, llvm::ArrayRef<char> bytes,
                                              llvm::ArrayRef<uint8_t> factors) {
  const DensePlan plan(p);
  const std::vector<char> packed = packSteps(bytes, plan.stepBytes(), p.weightBits);
  if (factors.empty())
    return packed;
  std::vector<char> result(p.groups * plan.groupBytes());
  for (int64_t block = 0; block < p.groups * plan.blocks(); ++block)
    std::copy_n(&packed[block * plan.factorsOffset()], plan.factorsOffset(), &result[block * plan.blockBytes()]);
  const PackedColumns columns = denseColumns(p);
  for (auto [i, factor] : llvm::enumerate(factors)) {
    const int64_t group = int64_t(i) % windowGroups(p), column = columns.index(int64_t(i) / windowGroups(p));
    result[column / kBlock * plan.blockBytes() + plan.factorsOffset() + group * kBlock + column % kBlock] =
        static_cast<char>(factor);
  }
  return result;
}

/// Groups begin anew with each tap that the kernel takes apart.
static bool groupsFitTaps(const ConvParams &p) {
  const DensePlan plan(p);
  return plan.params.KH * plan.params.KW == 1 || plan.channels % p.weightGroup == 0;
}

std::string nibble::kernels::whyNotNarrow(const ConvParams &p, llvm::ArrayRef<int8_t> weights,
                                          llvm::ArrayRef<int32_t> bias, DotInput dotInput) {
  if (dotInput == DotInput::Words || dotInput == DotInput::Vectors)
    return "microcontrollers' kernels unpack no weights";
  if (isDepthwise(p))
    return "depthwise kernels unpack no weights";
  if (p.input != ElementKind::U8 && p.input != ElementKind::S8)
    return "kernels unpack weights for bytes alone";
  if (p.weightGroup % (channelsPerStep(p) * 8 / p.weightBits) || (p.weightGroup && !groupsFitTaps(p)))
    return "kernels take no groups of " + std::to_string(p.weightGroup);
  if (!factorWeights(p, weights))
    return "the weights need more than " + std::to_string(p.weightBits) + " bits";
  if (p.weightGroup) // their sums are those of bytes
    return "";
  const int64_t taps = windowSize(p), shift = 8 - p.weightBits, limit = int64_t(1) << (31 - shift);
  for (int64_t o = 0; o < p.N; ++o) {
    int64_t largest = bias.empty() ? 0 : std::abs(int64_t(bias[o]));
    for (int8_t weight : weights.slice(o * taps, taps))
      largest += 255 * std::abs(int64_t(weight));
    if (largest >= limit)
      return "sums of up to " + std::to_string(largest) + " leave no room for " + std::to_string(shift) + " more bits";
  }
  return "";
}
