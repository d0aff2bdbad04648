// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ConvCase.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"
#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace nibble;
using namespace nibble::kernels;

/// Bytes of canary before and after the result.
static constexpr int64_t kGuard = 256;

static void setDefaultPitch(ImagePitch &pitch, int64_t width, int64_t pixel) {
  if (!pitch.pixel)
    pitch.pixel = pixel;
  if (pitch.row == 0)
    pitch.row = width * pitch.pixel;
}

ConvCase::ConvCase(ConvParams params, Fill fill, unsigned seed) : p(params) {
  const int64_t inputWidth = (width() - 1) * p.strideW + (p.KW - 1) * p.dilationW + 1;
  const int64_t inputHeight = (height() - 1) * p.strideH + (p.KH - 1) * p.dilationH + 1;
  setDefaultPitch(p.in, inputWidth, p.C * inputBytes());
  setDefaultPitch(p.out, width(), p.N * outputBytes());
  if (p.residual)
    setDefaultPitch(p.residual->addend, width(), p.N * outputBytes());
  input.resize(std::max<int64_t>(0, inputHeight * p.in.row.getStatic()) + kInputSlack);
  addend.resize(p.residual ? height() * p.residual->addend.row.getStatic() + kInputSlack : 0);
  blank.assign(height() * p.out.row.getStatic() + 2 * kGuard, 0xa5);
  std::mt19937 random(seed);
  if (isFloat())
    makeFloats(random);
  else
    makeIntegers(fill, random);
  if (p.scaled)
    makeScales(random);
}

/// Scales of ordinary sizes, and among those of rows the least one and a NaN.
void ConvCase::makeScales(std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  floatBias.clear();
  multipliers.clear();
  for (int64_t o = 0; o < p.N; ++o) {
    floatBias.push_back(uniform(random));
    multipliers.push_back(std::fabs(uniform(random)) / 100);
  }
  const int64_t rows = p.rowScalePitch ? width() : 1;
  for (int64_t i = 0; i < rows; ++i)
    rowScales.push_back(i % 7 == 5   ? std::numeric_limits<float>::quiet_NaN()
                        : i % 7 == 3 ? numerics::leastRowMagnitude / 127
                                     : std::fabs(uniform(random)));
  bias.assign(p.N, 0);
  if (!isFloat())
    return;
  weights.clear();
  for (float &weight : floatWeights) {
    weights.push_back(std::max(-127, int(random() % 256) - 128));
    weight = weights.back();
  }
}

void ConvCase::makeFloats(std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (size_t i = 0; i + 4 <= input.size(); i += 4) {
    const float value = uniform(random);
    std::memcpy(&input[i], &value, 4);
  }
  floatWeights.resize(p.N * p.KH * p.KW * p.C / p.groups);
  floatBias.resize(p.N);
  for (auto *values : {&floatWeights, &floatBias})
    for (float &value : *values)
      value = uniform(random);
}

/// By factors so that the greatest products are bytes.
void ConvCase::multiplyGroups(std::mt19937 &random) {
  const int64_t window = p.KH * p.KW * p.C / p.groups;
  for (int64_t o = 0; o < p.N; ++o)
    for (int64_t first = 0; first < window; first += p.weightGroup) {
      const int32_t factor = 1 + int32_t(random() % (127 >> (p.weightBits - 1)));
      for (int64_t i = first; i < std::min(first + p.weightGroup, window); ++i)
        weights[o * window + i] = static_cast<int8_t>(weights[o * window + i] * factor);
    }
}

void ConvCase::makeIntegers(Fill fill, std::mt19937 &random) {
  const bool isSigned = p.input == ElementKind::S8;
  const auto byte = [&](uint8_t low, uint8_t high) -> uint8_t {
    switch (fill) {
    case Fill::Random:
      return random();
    case Fill::Extremes:
      return random() % 2 ? low : high;
    case Fill::AllHigh:
      return high;
    case Fill::Limits:
      return 0;
    case Fill::AllLow:
      return low;
    }
    return 0;
  };
  for (auto [i, value] : llvm::enumerate(input))
    value = isSigned ? byte(0x80, 0x7f) : byte(0, 255);
  // Words: both bytes of an end.
  for (size_t i = 0; p.input == ElementKind::S16 && fill != Fill::Random && i + 1 < input.size(); i += 2) {
    input[i] = byte(0x00, 0xff);
    input[i + 1] = input[i] == 0xff ? 0x7f : 0x80;
  }
  for (uint8_t &value : addend)
    value = byte(0, 255);
  weights.resize(p.N * p.KH * p.KW * p.C / p.groups);
  for (int8_t &value : weights)
    value = std::max<int8_t>(-127, byte(uint8_t(-127), 127)) >> (8 - p.weightBits);
  if (p.weightGroup)
    multiplyGroups(random);
  // Sums of n random products are of the size 11000 sqrt(n): most results are between the clamps, some beyond.
  // 16 bits are 256 times as wide on either side.
  const int widths = (p.output == ElementKind::S16) - (p.input == ElementKind::S16), narrow = int(8 - p.weightBits);
  const float spread = std::min(0.6f, std::ldexp(0.007f, 8 * widths + narrow) / std::sqrt(float(weights.size() / p.N)));
  for (int64_t o = 0; o < p.N; ++o) {
    bias.push_back((int32_t(random() % 20000) - 10000) >> narrow);
    multipliers.push_back(spread * (0.5f + float(random() % 1000) / 1000));
  }
  if (fill == Fill::Limits) // sums at both ends of i32
    for (int64_t o = 0; o < p.N; ++o) {
      bias[o] = (o % 2 ? INT32_MAX : INT32_MIN) >> narrow;
      multipliers[o] = o % 3 ? 0.999999f : 1e-8f;
    }
}

int64_t ConvCase::inputOffset(int64_t y, int64_t x, int64_t ky, int64_t kx, int64_t c) const {
  return (y * p.strideH + ky * p.dilationH) * p.in.row.getStatic() + (x * p.strideW + kx * p.dilationW) * p.in.pixel +
         c * inputBytes();
}

/// A stored value at `at`.
static int32_t loadStored(const uint8_t *at, ElementKind kind) {
  int16_t word;
  std::memcpy(&word, at, kind == ElementKind::S16 ? 2 : 0);
  return kind == ElementKind::S16 ? word : kind == ElementKind::S8 ? int8_t(*at) : *at;
}

int32_t ConvCase::requantize(int32_t acc, int64_t o, int64_t y, int64_t x) const {
  const bool fixed = p.requant == Requant::Fixed;
  const int32_t q = fixed ? numerics::requantizeFixed(acc, *numerics::toFixedMultiplier(multipliers[o]),
                                                      p.outputZeroPoint, p.clampMin, p.clampMax)
                          : numerics::requantizeFloat(acc, multipliers[o], p.outputZeroPoint, p.clampMin, p.clampMax);
  if (!p.residual)
    return q;
  const Residual &r = *p.residual;
  const int32_t a =
      loadStored(&addend[y * r.addend.row.getStatic() + x * r.addend.pixel + o * outputBytes()], p.output);
  if (fixed)
    return numerics::addFixed(q - p.outputZeroPoint, a - r.addendZeroPoint,
                              *numerics::toFixedAddition(r.scale, r.addendScale), r.zeroPoint, r.min, r.max);
  const auto add = [&](int32_t l, float f, int32_t zl, int32_t rhs, float g, int32_t zr) {
    return numerics::addFloat(l, rhs, numerics::toFloatAddition(f, zl, g, zr, r.zeroPoint), r.min, r.max);
  };
  return r.addendFirst ? add(a, r.addendScale, r.addendZeroPoint, q, r.scale, p.outputZeroPoint)
                       : add(q, r.scale, p.outputZeroPoint, a, r.addendScale, r.addendZeroPoint);
}

int32_t ConvCase::integerAt(int64_t y, int64_t x, int64_t o) const { return requantize(sumAt(y, x, o), o, y, x); }

float ConvCase::scaledAt(int64_t y, int64_t x, int64_t o) const {
  const float scale = isFloat() ? multipliers[o] : rowScales[p.rowScalePitch ? x : 0] * multipliers[o];
  const float acc = isFloat() ? floatAt(y, x, o) : float(sumAt(y, x, o));
  const float result = numerics::scaleSum(acc, scale, floatBias[o]);
  // A NaN's sign is not specified: kernels keep that of the row's scale.
  return std::isnan(result) ? result : numerics::minimum(numerics::maximum(result, p.floatMin), p.floatMax);
}

int32_t ConvCase::sumAt(int64_t y, int64_t x, int64_t o) const {
  const int64_t channels = p.C / p.groups, first = o / (p.N / p.groups) * channels;
  uint32_t acc = bias[o];
  const int8_t *weight = &weights[o * p.KH * p.KW * channels];
  for (int64_t ky = 0; ky < p.KH; ++ky)
    for (int64_t kx = 0; kx < p.KW; ++kx)
      for (int64_t c = 0; c < channels; ++c) {
        acc += uint32_t(loadStored(&input[inputOffset(y, x, ky, kx, first + c)], p.input) * *weight++);
      }
  return int32_t(acc);
}

float ConvCase::floatAt(int64_t y, int64_t x, int64_t o) const {
  const int64_t channels = p.C / p.groups, first = o / (p.N / p.groups) * channels;
  float acc = p.scaled ? 0.0f : floatBias[o];
  const float *weight = &floatWeights[o * p.KH * p.KW * channels];
  for (int64_t ky = 0; ky < p.KH; ++ky)
    for (int64_t kx = 0; kx < p.KW; ++kx)
      for (int64_t c = 0; c < channels; ++c) {
        float value;
        std::memcpy(&value, &input[inputOffset(y, x, ky, kx, first + c)], 4);
        acc = std::fma(value, *weight++, acc);
      }
  return p.scaled ? acc : numerics::minimum(numerics::maximum(acc, p.floatMin), p.floatMax);
}

std::vector<uint8_t> ConvCase::expected() const {
  std::vector<uint8_t> result = blank;
  for (int64_t y = 0; y < height(); ++y)
    for (int64_t x = 0; x < width(); ++x)
      for (int64_t o = 0; o < p.N; ++o) {
        uint8_t *at = &result[kGuard + y * p.out.row.getStatic() + x * p.out.pixel + o * outputBytes()];
        if (outputBytes() == 4) {
          const float value = p.scaled ? scaledAt(y, x, o) : floatAt(y, x, o);
          std::memcpy(at, &value, 4);
        } else {
          const int16_t value = int16_t(integerAt(y, x, o));
          std::memcpy(at, &value, outputBytes()); // little-endian
        }
      }
  return result;
}

void *PreparedConv::addAligned(const std::vector<char> &bytes) {
  std::vector<char> &buffer = buffers.emplace_back(bytes.size() + 64);
  void *data = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(buffer.data()) + 63) / 64 * 64);
  test::copyBytes(data, bytes);
  return data;
}

PreparedConv::PreparedConv(const ConvCase &test, const ConvParams &emitted, llvm::ArrayRef<int64_t> dims,
                           DotInput dotInput)
    : tiles(convTileCount(emitted).evaluate(dims)), result(test.blank), dims(dims) {
  const ConvParams &p = emitted; // operands are packed for all sizes
  const bool isFloat = test.isFloat();
  args[0] = this->dims.data();
  args[1] = const_cast<uint8_t *>(test.input.data());
  const bool floatWeights = isFloat && !p.scaled;
  const std::vector<float> start = p.scaled ? std::vector<float>(p.N, 0.0f) : test.floatBias;
  args[2] = addAligned(floatWeights ? packConvWeights(p, test.floatWeights) : packConvWeights(p, test.weights));
  args[3] = addAligned(isFloat ? packConvBias(p, start) : packConvBias(p, test.bias, test.weights, dotInput));
  args[4] = p.scaled  ? addAligned(packConvScales(p, test.multipliers, test.floatBias))
            : isFloat ? nullptr
                      : addAligned(packConvMultipliers(p, test.multipliers));
  args[5] = result.data() + kGuard;
  args[6] = p.residual ? static_cast<void *>(const_cast<uint8_t *>(test.addend.data()))
                       : static_cast<void *>(const_cast<float *>(test.rowScales.data()));
}

std::vector<int64_t> PreparedConv::getAlignments() const {
  std::vector<int64_t> alignments;
  for (void *address : llvm::ArrayRef(args).drop_front())
    alignments.push_back(std::gcd<int64_t>(reinterpret_cast<uintptr_t>(address), 16));
  return alignments;
}

bool ConvCase::canTakeAddend() const {
  return p.residual && p.residual->addend.row == p.out.row && p.residual->addend.pixel == p.out.pixel;
}

void PreparedConv::takeAddend(const ConvCase &test) {
  const ConvParams &p = test.p;
  for (int64_t y = 0; y < test.height(); ++y)
    for (int64_t x = 0; x < test.width(); ++x) {
      const int64_t at = y * p.out.row.getStatic() + x * p.out.pixel;
      std::copy_n(&test.addend[at], p.N * test.outputBytes(), &result[kGuard + at]);
    }
  args[6] = args[5];
}

std::vector<uint8_t> ConvCase::computedInPlace(Kernel *kernel) const {
  PreparedConv prepared(*this);
  prepared.takeAddend(*this);
  for (int64_t tile = 0; tile < prepared.tiles; ++tile)
    prepared.runTile(kernel, tile);
  return prepared.getResult();
}

std::vector<uint8_t> ConvCase::computed(const test::EmulatedKernel &kernel, bool inPlace) const {
  PreparedConv prepared(*this, DotInput::Either);
  if (inPlace)
    prepared.takeAddend(*this);
  prepared.run(kernel);
  return prepared.getResult();
}

std::vector<uint8_t> ConvCase::computed(Kernel *kernel) const { return computed(kernel, p, {}); }

std::vector<uint8_t> ConvCase::computed(Kernel *kernel, const ConvParams &emitted, llvm::ArrayRef<int64_t> dims) const {
  const PreparedConv prepared(*this, emitted, dims);
  for (int64_t tile = prepared.tiles; tile-- > 0;)
    prepared.runTile(kernel, tile);
  return prepared.getResult();
}
