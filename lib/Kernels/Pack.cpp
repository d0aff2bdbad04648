// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands that are packed at compile time.

#include "Families.h"
#include "Narrow.h"
#include "Plan.h"
#include "Small.h"
#include "nibble/Support/Numerics.h"
#include <cstring>

using namespace nibble;
using namespace nibble::kernels;

/// [group][block of 16 columns][step][column][8, 4 or 2 bytes, or 1 float], a step being as many channels of a tap.
/// Narrow weights are laid out like bytes first, and steps then put together.
PackedWeights nibble::kernels::denseWeights(const ConvParams &params) {
  const DensePlan plan(params);
  const int64_t perStep = channelsPerStep(params);
  const bool merged = plan.params.KW != params.KW;
  const int64_t blockSteps = plan.params.KH * plan.params.KW * plan.storedSteps();
  return {params.groups * plan.blocks() * blockSteps * kBlock * perStep,
          [=](int64_t o, int64_t ky, int64_t kx, int64_t c) {
            const int64_t group = o / plan.columns, column = o % plan.columns;
            const int64_t channel = merged ? kx * params.C + c : c;
            const int64_t tap = merged ? ky : ky * params.KW + kx;
            const int64_t step = tap * plan.storedSteps() + channel / perStep;
            const int64_t block = group * plan.blocks() + column / kBlock;
            return ((block * blockSteps + step) * kBlock + column % kBlock) * perStep + channel % perStep;
          }};
}

PackedColumns nibble::kernels::denseColumns(const ConvParams &params) {
  const DensePlan plan(params);
  const int64_t size = plan.blocks() * kBlock;
  return {params.groups, size, [=](int64_t o) { return o / plan.columns * size + o % plan.columns; }};
}

static bool isSmall(DotInput order) { return order == DotInput::Words || order == DotInput::Vectors; }

static PackedWeights weightsOf(const ConvParams &p) { return isDepthwise(p) ? depthwiseWeights(p) : denseWeights(p); }
static PackedColumns columnsOf(const ConvParams &p) { return isDepthwise(p) ? depthwiseColumns(p) : denseColumns(p); }

template <typename T>
static std::vector<char> toBytes(const std::vector<T> &values) {
  const char *begin = reinterpret_cast<const char *>(values.data());
  return std::vector<char>(begin, begin + values.size() * sizeof(T));
}

template <typename T>
static std::vector<char> packWeights(const ConvParams &p, llvm::ArrayRef<T> weights) {
  const int64_t channels = p.C / p.groups;
  assert(int64_t(weights.size()) == p.N * p.KH * p.KW * channels && "O, KH, KW, C / groups");
  const PackedWeights layout = weightsOf(p);
  std::vector<T> packed(layout.size);
  const T *next = weights.data();
  for (int64_t o = 0; o < p.N; ++o)
    for (int64_t ky = 0; ky < p.KH; ++ky)
      for (int64_t kx = 0; kx < p.KW; ++kx)
        for (int64_t c = 0; c < channels; ++c)
          packed[layout.index(o, ky, kx, c)] = *next++;
  return toBytes(packed);
}

std::vector<char> nibble::kernels::packConvWeights(const ConvParams &params, llvm::ArrayRef<int8_t> weights,
                                                   DotInput dotInput) {
  if (isSmall(dotInput))
    return packSmallWeights(params, weights, dotInput);
  if (params.weightBits == 8)
    return packWeights(params, weights);
  const auto narrow = factorWeights(params, weights);
  assert(narrow && "whyNotNarrow has been asked");
  return packNarrow(params, packWeights<int8_t>(params, narrow->values), narrow->factors);
}

std::vector<char> nibble::kernels::packConvWeights(const ConvParams &params, llvm::ArrayRef<float> weights) {
  return packWeights(params, weights);
}

std::vector<char> nibble::kernels::packConvBias(const ConvParams &p, llvm::ArrayRef<int32_t> bias,
                                                llvm::ArrayRef<int8_t> weights, DotInput dotInput) {
  if (isSmall(dotInput))
    return packSmallBias(p, bias, weights, dotInput);
  const PackedColumns layout = columnsOf(p);
  const int64_t kinds = p.pairedSteps ? 2 : 1; // of biases, block by block
  std::vector<int32_t> packed(kinds * layout.groups * layout.size);
  const int64_t taps = p.KH * p.KW * p.C / p.groups;
  // What the kernel adds to each byte of the input; words it takes as they are.
  const bool asTheyAre = p.input == ElementKind::S16 || dotInput == DotInput::Either;
  const int64_t added = asTheyAre ? 0 : (p.input == ElementKind::S8) - (dotInput == DotInput::S8);
  for (int64_t o = 0; o < p.N; ++o) {
    const int64_t column = layout.index(o), index = column / kBlock * kBlock * kinds + column % kBlock;
    int64_t value = bias[o];
    packed[index] = bias[o];
    if (added != 0)
      for (int8_t weight : weights.slice(o * taps, taps))
        value -= added * 128 * weight;
    packed[index + (kinds - 1) * kBlock] = int32_t(uint32_t(value)); // sums wrap, and end where they should
  }
  return toBytes(packed);
}

/// One value an output channel.
template <typename T>
static std::vector<char> packColumns(const ConvParams &p, llvm::ArrayRef<T> values) {
  const PackedColumns layout = columnsOf(p);
  std::vector<T> packed(layout.groups * layout.size);
  for (int64_t o = 0; o < p.N; ++o)
    packed[layout.index(o)] = values[o];
  return toBytes(packed);
}

std::vector<char> nibble::kernels::packConvBias(const ConvParams &p, llvm::ArrayRef<float> bias) {
  return packColumns(p, bias);
}

/// Fixed: for each group its multipliers, then its shifts.
static std::vector<char> packFixed(const ConvParams &p, llvm::ArrayRef<float> multipliers) {
  const PackedColumns layout = columnsOf(p);
  std::vector<int32_t> packed(layout.groups * layout.size * 2);
  for (int64_t i = 0; i < layout.groups * layout.size; ++i)
    packed[i / layout.size * 2 * layout.size + layout.size + i % layout.size] = 2; // a shift of 0 has no half
  for (int64_t o = 0; o < p.N; ++o) {
    const auto fixed = numerics::toFixedMultiplier(multipliers[o]);
    assert(fixed && "the plan has checked the multipliers");
    const int64_t index = layout.index(o);
    int32_t *value = &packed[index / layout.size * 2 * layout.size + index % layout.size];
    value[0] = fixed->m;
    value[layout.size] = fixed->s;
  }
  return toBytes(packed);
}

std::vector<char> nibble::kernels::packConvMultipliers(const ConvParams &p, llvm::ArrayRef<float> multipliers,
                                                       DotInput dotInput) {
  if (isSmall(dotInput))
    return packSmallMultipliers(p, multipliers, dotInput);
  return p.requant == Requant::Fixed ? packFixed(p, multipliers) : packColumns(p, multipliers);
}

std::vector<char> nibble::kernels::packConvWeightSums(const ConvParams &p, llvm::ArrayRef<int32_t> sums) {
  return packColumns(p, sums);
}

/// For each group its scales, then its biases.
std::vector<char> nibble::kernels::packConvScales(const ConvParams &p, llvm::ArrayRef<float> scales,
                                                  llvm::ArrayRef<float> biases) {
  const PackedColumns layout = columnsOf(p);
  std::vector<float> packed(layout.groups * layout.size * 2);
  for (int64_t o = 0; o < p.N; ++o) {
    const int64_t index = layout.index(o);
    float *value = &packed[index / layout.size * 2 * layout.size + index % layout.size];
    value[0] = scales[o];
    value[layout.size] = biases[o];
  }
  return toBytes(packed);
}
