// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a small convolution is cut, and its operands packed.

#include "Plan.h"
#include "Small.h"
#include "nibble/Support/Numerics.h"
#include <cstring>

using namespace nibble;
using namespace nibble::kernels;

static int64_t chooseUnroll(int64_t steps) { return steps % 4 == 0 ? 4 : steps % 2 == 0 ? 2 : 1; }

SmallPlan::SmallPlan(const ConvParams &p, DotInput order)
    : params(DensePlan(p).params), depthwise(isDepthwise(p)), tapBytes(params.C / params.groups),
      stepBytes(order == DotInput::Vectors ? 16 : 4), steps(llvm::divideCeil(tapBytes, stepBytes)),
      unroll(chooseUnroll(steps)), columns(p.N / p.groups) {
  const bool onePixel = p.H * p.W == 1;
  if (depthwise) {
    params = p;
    columns = p.C;
    tileColumns = columns >= 4 ? 4 : 1;
    tilePixels = 1;
    return;
  }
  tilePixels = onePixel || order == DotInput::Vectors ? 1 : 2;
  tileColumns = tilePixels == 1 ? 4 : 2;
  while (tileColumns > columns)
    tileColumns /= 2;
}

std::vector<char> nibble::kernels::packSmallWeights(const ConvParams &p, llvm::ArrayRef<int8_t> weights,
                                                    DotInput order) {
  const SmallPlan plan(p, order);
  const auto from = [](int8_t weight) { return char(weight); };
  if (plan.depthwise) {
    std::vector<char> packed(plan.taps() * p.C + 16); // vectors may read behind the last channel
    for (int64_t c = 0; c < p.C; ++c)
      for (int64_t tap = 0; tap < plan.taps(); ++tap)
        packed[tap * p.C + c] = from(weights[c * plan.taps() + tap]);
    return packed;
  }
  // Taps that follow each other in memory are one tap: the filter's order is that of memory either way.
  std::vector<char> packed;
  packed.reserve(p.groups * plan.blocks() * plan.blockBytes());
  for (int64_t group = 0; group < p.groups; ++group)
    for (int64_t block = 0; block < plan.blocks(); ++block)
      for (int64_t tap = 0; tap < plan.taps(); ++tap)
        for (int64_t step = 0; step < plan.steps; ++step)
          for (int64_t j = 0; j < plan.tileColumns; ++j) {
            const int64_t column = group * plan.columns + plan.columnOf(block) + j;
            for (int64_t k = step * plan.stepBytes; k < (step + 1) * plan.stepBytes; ++k)
              packed.push_back(k < plan.tapBytes ? from(weights[(column * plan.taps() + tap) * plan.tapBytes + k])
                                                 : char(0));
          }
  return packed;
}

template <typename T>
static std::vector<char> toBytes(const std::vector<T> &values) {
  std::vector<char> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// Vectors of u8 become s8 by XOR with 0x80, less 128, but for depthwise ones, which are widened.
std::vector<char> nibble::kernels::packSmallBias(const ConvParams &p, llvm::ArrayRef<int32_t> bias,
                                                 llvm::ArrayRef<int8_t> weights, DotInput order) {
  std::vector<int32_t> packed(bias);
  if (order == DotInput::Vectors && p.input == ElementKind::U8 && !isDepthwise(p)) {
    const int64_t taps = p.KH * p.KW * p.C / p.groups;
    for (int64_t o = 0; o < p.N; ++o) {
      int64_t value = bias[o];
      for (int8_t weight : weights.slice(o * taps, taps))
        value += 128 * weight;
      packed[o] = int32_t(uint32_t(value)); // sums wrap, and end where they should
    }
  }
  return toBytes(packed);
}

/// Half is added where 33 bits have been shifted out: m in [2^30, 2^31), r = s - 33, at least -10. Multipliers of 256
/// and more take anything but 0 out of a byte's range, as 255.99 does.
std::vector<char> nibble::kernels::packSmallMultipliers(const ConvParams &p, llvm::ArrayRef<float> multipliers,
                                                        DotInput order) {
  std::vector<int32_t> m, r;
  for (float multiplier : multipliers) {
    auto fixed = numerics::toFixedMultiplier(multiplier);
    if (!fixed || fixed->s < 23) // the plan has checked the multipliers, unless it is for floats and will be refused
      fixed = numerics::FixedMultiplier{std::numeric_limits<int32_t>::max(), 23};
    m.push_back(fixed->m);
    r.push_back(fixed->s - 33);
  }
  std::vector<int32_t> packed = {llvm::any_of(r, [](int32_t shift) { return shift < 0; })};
  if (order == DotInput::Vectors) {
    packed.insert(packed.end(), m.begin(), m.end());
    packed.insert(packed.end(), r.begin(), r.end());
    return toBytes(packed);
  }
  for (size_t i = 0; i < m.size(); ++i)
    packed.insert(packed.end(), {m[i], r[i]});
  return toBytes(packed);
}

std::vector<int32_t> nibble::kernels::smallConvTable(const ConvParams &params, const ISA &isa) {
  const SmallPlan plan(params, isa.dotInput());
  const ConvParams &p = plan.params;
  std::vector<int32_t> table(static_cast<size_t>(Field::Count));
  const auto set = [&](Field field, int64_t value) { table[size_t(field)] = int32_t(value); };
  set(Field::Rows, p.H.getStatic());
  set(Field::Trips, llvm::divideCeil(p.W.getStatic(), plan.tilePixels));
  set(Field::LastPixel, p.W.getStatic() - 1);
  set(Field::Blocks, plan.blocks());
  set(Field::LastBlock, plan.columns - plan.tileColumns);
  set(Field::TapRows, p.KH);
  set(Field::TapColumns, p.KW);
  set(Field::Steps, plan.steps / plan.unroll);
  set(Field::Groups, p.groups);
  set(Field::RowInput, p.strideH * p.in.row.getStatic());
  set(Field::PixelInput, p.strideW * p.in.pixel);
  set(Field::TapRowInput, p.dilationH * p.in.row.getStatic());
  set(Field::TapColumnInput, p.dilationW * p.in.pixel);
  set(Field::GroupInput, plan.tapBytes);
  set(Field::GroupWeights, plan.blocks() * plan.blockBytes());
  set(Field::GroupOutput, plan.columns);
  set(Field::RowOutput, p.out.row.getStatic());
  set(Field::PixelOutput, p.out.pixel);
  set(Field::TapWeights, p.C);
  set(Field::Bias, p.residual ? 1 : 1 + 2 * p.outputZeroPoint);
  set(Field::Low, p.residual ? p.clampMin - p.outputZeroPoint : p.clampMin);
  set(Field::High, p.residual ? p.clampMax - p.outputZeroPoint : p.clampMax);
  set(Field::Shifts, 4 * p.N);
  if (p.residual) {
    const Residual &r = *p.residual;
    const auto sum = numerics::toFixedAddition(r.scale, r.addendScale);
    set(Field::AddendRow, r.addend.row.getStatic());
    set(Field::AddendPixel, r.addend.pixel);
    set(Field::AddendZero, r.addendZeroPoint);
    set(Field::Scale, sum->lhs);
    set(Field::AddendScale, sum->rhs);
    set(Field::ScaleUp, std::max(0, 33 - sum->s));
    set(Field::ScaleDown, std::max(0, sum->s - 33));
    set(Field::SumBias, 1 + 2 * r.zeroPoint);
    set(Field::SumLow, r.min);
    set(Field::SumHigh, r.max);
    return table;
  }
  table.resize(size_t(Field::AddendRow));
  return table;
}

std::string nibble::kernels::whyNoSmallConv(const ConvParams &p) {
  if (p.input == ElementKind::S16 || p.output == ElementKind::S16)
    return "it has no kernels for 16-bit values";
  if (p.weightBits != 8)
    return "it unpacks no weights";
  if (p.sums)
    return "it has no kernels for sums in 32 bits";
  if (!areStatic({p.H, p.W, p.in.row, p.out.row, p.residual ? p.residual->addend.row : Extent(0)}))
    return "dynamic extents on a microcontroller";
  if (!p.residual)
    return "";
  const auto sum = numerics::toFixedAddition(p.residual->scale, p.residual->addendScale);
  if (!sum || sum->s < 13 || sum->s > 62)
    return "the scales of its addition are out of range";
  return "";
}
