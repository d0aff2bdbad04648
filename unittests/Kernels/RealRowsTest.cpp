// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that compute rows of reals between stored values: masked softmax and norms; rows by indices.

#include "KernelRunner.h"
#include "nibble/Kernels/Move.h"
#include "nibble/Kernels/Rows.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

const RealOperand floats;
const RealOperand bytes = {ElementKind::U8, 0.031f, {117, 3, 250}};
const RealOperand words = {ElementKind::S16, 0.00051f, {0, -32767, 32767}};
const RealOperand small = {ElementKind::S8, 1.0f / 255, {-128, -128, 127}};

/// Elements of `operand` in memory, and the reals that they are.
struct Stored {
  std::vector<char> memory;
  std::vector<float> reals;
};

Stored makeStored(const RealOperand &operand, int64_t count, bool extremes) {
  Stored made;
  made.reals = randomFloats(count, 1.7f, extremes);
  made.memory.resize(count * bytesOf(operand.kind));
  for (int64_t i = 0; i < count; ++i) {
    char *at = made.memory.data() + i * bytesOf(operand.kind);
    if (operand.kind == ElementKind::F32) {
      std::memcpy(at, &made.reals[i], 4);
      continue;
    }
    const int32_t q =
        numerics::quantize(made.reals[i], operand.scale, operand.range.zeroPoint, operand.range.min, operand.range.max);
    std::memcpy(at, &q, bytesOf(operand.kind)); // the low bytes come first
    made.reals[i] = numerics::dequantize(q, operand.scale, operand.range.zeroPoint);
  }
  return made;
}

/// Compares what a kernel wrote with reals that are quantized as the result is.
void expectReals(const RealOperand &operand, const char *got, const std::vector<float> &want, const std::string &what) {
  int differences = 0;
  for (size_t i = 0; i < want.size() && differences < 4; ++i) {
    const char *at = got + i * bytesOf(operand.kind);
    float real;
    int32_t expected = 0, stored = 0;
    std::memcpy(&real, at, operand.kind == ElementKind::F32 ? 4 : 0);
    std::memcpy(&stored, at, operand.kind == ElementKind::F32 ? 0 : bytesOf(operand.kind));
    const StoredRange &range = operand.range;
    const int32_t q = numerics::quantize(want[i], operand.scale, range.zeroPoint, range.min, range.max);
    std::memcpy(&expected, &q, operand.kind == ElementKind::F32 ? 0 : bytesOf(operand.kind));
    const bool agrees = operand.kind == ElementKind::F32 ? same(real, want[i]) : stored == expected;
    if (!agrees) {
      ADD_FAILURE() << what << ": element " << i << " is " << (operand.kind == ElementKind::F32 ? real : stored)
                    << ", expected " << (operand.kind == ElementKind::F32 ? want[i] : expected);
      ++differences;
    }
  }
}

/// Runs a kernel on every instruction set of this machine.
void checkKernel(Emit emit, std::vector<void *> args, const RealOperand &output, const std::vector<float> &want,
                 const Extent &tiles, const std::string &what) {
  for (const ISA *isa : testedISAs()) {
    CompiledKernel kernel(*isa, emit);
    Guarded out(want.size() * bytesOf(output.kind));
    args.push_back(out.data());
    kernel.run(args, tiles);
    args.pop_back();
    expectReals(output, out.data(), want, isa->name.str() + " " + what);
  }
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

void softmaxLine(std::vector<float> &z) {
  float max = -inf;
  for (float value : z)
    max = numerics::maximum(max, value);
  if (max == -inf)
    max = 0;
  for (float &value : z)
    value = numerics::expNegative(value - max);
  float sum = numerics::sum(z.data(), z.size());
  if (sum == 0)
    sum = 1;
  for (float &value : z)
    value = value / sum;
}

/// The mask's extents are those of `shape`, or 1.
void checkSoftmax(const std::vector<int64_t> &shape, int64_t axis, const Extents &maskShape, const RealOperand &input,
                  const RealOperand &output, float scale) {
  SoftmaxParams p;
  p.shape = Extents(shape.begin(), shape.end());
  p.axis = axis;
  p.inputStrides = denseStrides(p.shape, bytesOf(input.kind));
  p.outputStrides = denseStrides(p.shape, bytesOf(output.kind));
  p.input = input;
  p.output = output;
  p.scale = scale;
  p.masked = true;
  p.maskStrides = broadcastStrides(maskShape, p.shape, 4);
  const int64_t count = product(p.shape).getStatic(), maskCount = product(maskShape).getStatic();
  Stored in = makeStored(input, count, input.kind == ElementKind::F32);
  std::vector<float> mask = randomFloats(maskCount, 3, false, 2);
  for (int64_t i = 0; i < maskCount; i += 3)
    mask[i] = i % 2 ? -inf : -10000.0f;
  const std::vector<int64_t> steps = toIntegers(denseStrides(p.shape, 1)), maskSteps = toIntegers(p.maskStrides);
  std::vector<float> want(count), line(shape[axis]);
  for (int64_t first = 0; first < count; ++first) {
    if (first / steps[axis] % shape[axis] != 0)
      continue;
    for (int64_t k = 0; k < shape[axis]; ++k) {
      const int64_t i = first + k * steps[axis];
      int64_t at = 0;
      for (size_t d = 0; d < shape.size(); ++d)
        at += i / steps[d] % shape[d] * maskSteps[d] / 4;
      const float scaled = in.reals[i] * scale;
      line[k] = scaled + mask[at];
    }
    softmaxLine(line);
    for (int64_t k = 0; k < shape[axis]; ++k)
      want[first + k * steps[axis]] = line[k];
  }
  ASSERT_EQ(whyNoSoftmax(p, getISAs().front()), "");
  checkKernel(
      [&](auto &builder, auto loc, auto symbol, const ISA &isa) { return emitSoftmax(builder, loc, symbol, p, isa); },
      {in.memory.data(), mask.data()}, output, want, softmaxTileCount(p), softmaxKernelKey(p));
}

TEST(MaskedSoftmax, RowsAndColumns) {
  for (const RealOperand &input : {floats, bytes, words})
    for (const RealOperand &output : {floats, small}) {
      checkSoftmax({2, 3, 37}, 2, {2, 1, 37}, input, output, 0.37f);
      checkSoftmax({2, 3, 5}, 2, {1, 3, 1}, input, output, 1);
      checkSoftmax({2, 19, 21}, 1, {1, 19, 21}, input, output, 2);
      checkSoftmax({2, 7, 21}, 1, {2, 7, 1}, input, output, 2);
      checkSoftmax({1, 1, 1}, 2, {1, 1, 1}, input, output, 1);
    }
}

TEST(MaskedSoftmax, RowsWithNothingLeft) {
  SoftmaxParams p;
  p.shape = {2, 18};
  p.axis = 1;
  p.inputStrides = p.outputStrides = denseStrides(p.shape, 4);
  p.masked = true;
  p.maskStrides = {72, 4};
  std::vector<float> in = randomFloats(36, 1, false), mask(36, -inf), want(36, 0.0f);
  checkKernel(
      [&](auto &builder, auto loc, auto symbol, const ISA &isa) { return emitSoftmax(builder, loc, symbol, p, isa); },
      {in.data(), mask.data()}, floats, want, softmaxTileCount(p), "all masked");
}

TEST(MaskedSoftmax, Reasons) {
  SoftmaxParams p;
  p.shape = {2, 18};
  p.axis = 1;
  p.inputStrides = p.outputStrides = denseStrides(p.shape, 4);
  p.masked = true;
  EXPECT_EQ(whyNoSoftmax(p, getISAs().front()), "the mask needs one stride a dimension");
  p.masked = false;
  p.output = {ElementKind::U8, 0, {}};
  EXPECT_EQ(whyNoSoftmax(p, getISAs().front()), "the scale is not a positive normal number");
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

void normLine(const NormParams &p, std::vector<float> &x, const std::vector<float> &scale,
              const std::vector<float> &bias) {
  const int64_t n = x.size();
  const float mean = p.centered ? numerics::sum(x.data(), n) / float(n) : 0.0f;
  std::vector<float> squares(n);
  for (int64_t i = 0; i < n; ++i) {
    x[i] = p.centered ? x[i] - mean : x[i];
    squares[i] = x[i] * x[i];
  }
  const float variance = numerics::sum(squares.data(), n) / float(n);
  const float reciprocal = 1.0f / std::sqrt(variance + p.epsilon);
  for (int64_t i = 0; i < n; ++i) {
    x[i] = x[i] * reciprocal;
    x[i] = p.scale ? x[i] * scale[i] : x[i];
    x[i] = p.bias ? x[i] + bias[i] : x[i];
  }
}

void checkNorm(NormParams p, const RealOperand &input, const RealOperand &output, bool extremes) {
  p.input = input;
  p.output = output;
  const int64_t length = p.length.getStatic(), count = product(p.rows).getStatic() * length;
  p.inputStrides = denseStrides(p.rows, length * bytesOf(input.kind));
  p.outputStrides = denseStrides(p.rows, length * bytesOf(output.kind));
  Stored in = makeStored(input, count, extremes);
  std::vector<float> scale = randomFloats(length, 1, false, 3), bias = randomFloats(length, 1, false, 4), want;
  for (int64_t first = 0; first < count; first += length) {
    std::vector<float> row(in.reals.begin() + first, in.reals.begin() + first + length);
    normLine(p, row, scale, bias);
    want.insert(want.end(), row.begin(), row.end());
  }
  std::vector<void *> args = {in.memory.data()};
  if (p.scale)
    args.push_back(scale.data());
  if (p.bias)
    args.push_back(bias.data());
  ASSERT_EQ(whyNoNorm(p, getISAs().front()), "");
  checkKernel(
      [&](auto &builder, auto loc, auto symbol, const ISA &isa) { return emitNorm(builder, loc, symbol, p, isa); },
      args, output, want, normTileCount(p), normKernelKey(p));
}

TEST(Norm, Rows) {
  for (bool centered : {false, true})
    for (int64_t length : {1, 2, 15, 16, 37, 384}) {
      NormParams p;
      p.centered = centered;
      p.rows = {2, 3};
      p.length = length;
      p.epsilon = 1e-5f;
      p.scale = length % 2 == 0;
      p.bias = length > 2;
      for (const RealOperand &input : {floats, bytes, words})
        for (const RealOperand &output : {floats, bytes, words})
          checkNorm(p, input, output, false);
      checkNorm(p, floats, floats, true);
    }
}

TEST(Norm, Reasons) {
  NormParams p;
  p.rows = {2};
  EXPECT_EQ(whyNoNorm(p, getISAs().front()), "each operand needs one stride a dimension");
}

//===----------------------------------------------------------------------===//
// Rows by indices
//===----------------------------------------------------------------------===//

template <typename Index>
void checkGather(int64_t rowBytes, bool scaled) {
  const std::vector<Index> indices = {3, 0, 6, -1, -7, 5, 5, 1000000, Index(std::numeric_limits<Index>::min()), 2, 4};
  GatherRowsParams p{7, int64_t(indices.size()), sizeof(Index), rowBytes, scaled};
  std::vector<uint8_t> table = randomBytes(7 * rowBytes);
  std::vector<float> scales = randomFloats(7, 1, false), want;
  std::vector<uint8_t> moved;
  for (int64_t index : indices) {
    const int64_t row = std::clamp<int64_t>(index < 0 ? index + 7 : index, 0, 6);
    for (int64_t j = 0; j < rowBytes; ++j) {
      moved.push_back(table[row * rowBytes + j]);
      want.push_back(static_cast<float>(static_cast<int8_t>(moved.back())) * scales[row]);
    }
  }
  std::vector<void *> args = {table.data(), const_cast<Index *>(indices.data())};
  if (scaled)
    args.push_back(scales.data());
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoGatherRows(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitGatherRows(builder, loc, symbol, p, isa);
    });
    Guarded out(scaled ? 4 * want.size() : moved.size());
    args.push_back(out.data());
    kernel.run(args, gatherRowsTileCount(p));
    args.pop_back();
    if (scaled)
      expectSame(out.data<float>(), want.data(), want.size(), isa->name.str() + " " + gatherRowsKernelKey(p));
    else
      expectSame(out.data<uint8_t>(), moved.data(), moved.size(), isa->name.str() + " " + gatherRowsKernelKey(p));
  }
}

TEST(GatherRows, OfTables) {
  for (int64_t rowBytes : {1, 3, 64, 1037})
    for (bool scaled : {false, true}) {
      checkGather<int32_t>(rowBytes, scaled);
      checkGather<int64_t>(rowBytes, scaled);
    }
}

TEST(GatherRows, Reasons) {
  GatherRowsParams p;
  p.rows = 0;
  EXPECT_EQ(whyNoGatherRows(p, getISAs().front()), "a table without rows");
  p.rows = 1;
  p.indexBytes = 2;
  EXPECT_EQ(whyNoGatherRows(p, getISAs().front()), "indices of neither 4 nor 8 bytes");
}

} // namespace
