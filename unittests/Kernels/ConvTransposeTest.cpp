// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/ConvTranspose.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// All that fits: the input's extent, upsampled, in buffers with gaps.
ConvTransposeParams transposed(ElementKind kind, int64_t C, int64_t N, int64_t H, int64_t W, int64_t kernel,
                               int64_t stride, int64_t pad = 0, int64_t dilation = 1, int64_t groups = 1) {
  ConvTransposeParams p;
  p.input = p.output = kind;
  p.C = C, p.N = N, p.H = H, p.W = W;
  p.KH = p.KW = kernel;
  p.strideH = p.strideW = stride;
  p.dilationH = p.dilationW = dilation;
  p.padTop = p.padLeft = pad;
  p.groups = groups;
  p.outputH = (H - 1) * stride + (kernel - 1) * dilation + 1 - 2 * pad;
  p.outputW = (W - 1) * stride + (kernel - 1) * dilation + 1 - 2 * pad;
  p.in = {(W + 1) * (C + 2) * bytesOf(kind), (C + 2) * bytesOf(kind)};
  p.out = {(p.outputW + 1) * (N + 1) * bytesOf(kind), (N + 1) * bytesOf(kind)};
  p.inImage = (H + 1) * p.in.row;
  p.outImage = p.outputH * p.out.row;
  p.inputZeroPoint = kind == ElementKind::S8 ? -128 : 200;
  if (kind == ElementKind::S16) {
    p.inputZeroPoint = 0;
    p.range = {0, -32767, 30000};
    return p;
  }
  p.range = kind == ElementKind::S8 ? StoredRange{-3, -128, 127} : StoredRange{100, 3, 250};
  return p;
}

template <typename T>
struct Operands {
  std::vector<T> in;
  std::vector<std::conditional_t<sizeof(T) == 4, float, int8_t>> weights;
  std::vector<std::conditional_t<sizeof(T) == 4, float, int32_t>> bias;
  std::vector<float> multipliers;
};

float multiplyAdd(const ConvTransposeParams &, float x, float w, float acc) { return std::fma(x, w, acc); }
template <typename T>
int32_t multiplyAdd(const ConvTransposeParams &p, T x, int8_t w, int32_t acc) {
  return acc + (int32_t(x) - p.inputZeroPoint) * w;
}

/// The sum of output channel `o` at (oy, ox) of image `n`.
template <typename T>
auto sum(const ConvTransposeParams &p, const Operands<T> &operands, int64_t n, int64_t oy, int64_t ox, int64_t o) {
  auto acc = operands.bias[o];
  const int64_t channels = p.C / p.groups, first = o / (p.N / p.groups) * channels;
  const int64_t H = p.H.getStatic(), W = p.W.getStatic();
  for (int64_t ky = 0; ky < p.KH; ++ky)
    for (int64_t kx = 0; kx < p.KW; ++kx) {
      const int64_t y = oy + p.padTop - ky * p.dilationH, x = ox + p.padLeft - kx * p.dilationW;
      if (y < 0 || x < 0 || y % p.strideH || x % p.strideW || y / p.strideH >= H || x / p.strideW >= W)
        continue;
      const int64_t pixel =
          n * p.inImage.getStatic() + y / p.strideH * p.in.row.getStatic() + x / p.strideW * p.in.pixel;
      for (int64_t c = 0; c < channels; ++c)
        acc = multiplyAdd(p, operands.in[pixel / int64_t(sizeof(T)) + first + c],
                          operands.weights[((o * p.KH + ky) * p.KW + kx) * channels + c], acc);
    }
  return acc;
}

float finish(const ConvTransposeParams &, float acc, float) { return acc; }
int32_t finish(const ConvTransposeParams &p, int32_t acc, float m) {
  return p.requant == Requant::Float ? numerics::requantizeFloat(acc, m, p.range.zeroPoint, p.range.min, p.range.max)
                                     : numerics::requantizeFixed(acc, *numerics::toFixedMultiplier(m),
                                                                 p.range.zeroPoint, p.range.min, p.range.max);
}

template <typename T>
void check(const ConvTransposeParams &p, Operands<T> operands) {
  const int64_t images = p.images.getStatic(), outImage = p.outImage.getStatic(), pitch = p.out.row.getStatic();
  const int64_t size = images * outImage / int64_t(sizeof(T));
  std::vector<T> want(size);
  std::memset(want.data(), canary, size * sizeof(T));
  for (int64_t n = 0; n < images; ++n)
    for (int64_t oy = 0; oy < p.outputH.getStatic(); ++oy)
      for (int64_t ox = 0; ox < p.outputW.getStatic(); ++ox)
        for (int64_t o = 0; o < p.N; ++o)
          want[(n * outImage + oy * pitch + ox * p.out.pixel) / int64_t(sizeof(T)) + o] =
              T(finish(p, sum(p, operands, n, oy, ox, o), operands.multipliers[o]));
  std::vector<char> weights = packConvTransposeWeights(p, operands.weights);
  std::vector<char> multipliers = packMultipliers(operands.multipliers, p.requant);
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoConvTranspose(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitConvTranspose(builder, loc, symbol, p, isa);
    });
    Guarded out(size * sizeof(T));
    kernel.run({operands.in.data(), weights.data(), out.data(), operands.bias.data(), multipliers.data()},
               convTransposeTileCount(p).getStatic());
    expectSame(out.data<T>(), want.data(), size, isa->name.str() + " " + convTransposeKernelKey(p));
  }
}

template <typename T>
void checkIntegers(ConvTransposeParams p) {
  Operands<T> operands;
  std::vector<uint8_t> bytes = randomBytes((p.images * p.inImage).getStatic(), 1);
  operands.in.resize(bytes.size() / sizeof(T));
  copyBytes(operands.in.data(), bytes);
  for (uint8_t byte : randomBytes(p.N * p.KH * p.KW * p.C / p.groups, 2))
    operands.weights.push_back(int8_t(byte));
  for (int64_t o = 0; o < p.N; ++o) {
    operands.bias.push_back(int32_t(1000 * o - 4000));
    operands.multipliers.push_back((sizeof(T) == 2 ? 0.0004f : 0.0002f) * float(o + 1));
  }
  for (Requant mode : {Requant::Float, Requant::Fixed}) {
    p.requant = mode;
    check(p, operands);
  }
}

void checkFloats(ConvTransposeParams p) {
  Operands<float> operands;
  operands.in = randomFloats((p.images * p.inImage).getStatic() / 4, 1, false, 1);
  operands.weights = randomFloats(p.N * p.KH * p.KW * p.C / p.groups, 1, false, 2);
  operands.bias = randomFloats(p.N, 1, false, 3);
  operands.multipliers.resize(p.N);
  p.bias = true;
  check(p, operands);
  p.bias = false;
  operands.bias.assign(p.N, 0.0f);
  check(p, operands);
}

TEST(ConvTranspose, Bytes) {
  checkIntegers<uint8_t>(transposed(ElementKind::U8, 3, 5, 4, 3, 2, 2));
  checkIntegers<int8_t>(transposed(ElementKind::S8, 7, 70, 3, 4, 3, 2, 1));
  checkIntegers<uint8_t>(transposed(ElementKind::U8, 6, 20, 3, 3, 3, 1, 2, 2, 2));
}

TEST(ConvTranspose, Words) {
  checkIntegers<int16_t>(transposed(ElementKind::S16, 3, 5, 4, 3, 2, 2));
  checkIntegers<int16_t>(transposed(ElementKind::S16, 6, 70, 3, 3, 3, 1, 2, 2, 2));
}

TEST(ConvTranspose, Floats) {
  checkFloats(transposed(ElementKind::F32, 3, 37, 4, 3, 4, 2, 1));
  checkFloats(transposed(ElementKind::F32, 6, 9, 3, 3, 3, 3, 0, 2, 3));
  ConvTransposeParams p = transposed(ElementKind::F32, 2, 3, 2, 2, 3, 1);
  p.images = 2;
  checkFloats(p);
}

TEST(ConvTranspose, Reasons) {
  const ISA &isa = getISAs().front();
  ConvTransposeParams p = transposed(ElementKind::U8, 3, 5, 4, 3, 2, 2);
  p.range.max = 256;
  EXPECT_EQ(whyNoConvTranspose(p, isa), "the range of stored values does not fit into a byte");
  p.groups = 2;
  EXPECT_EQ(whyNoConvTranspose(p, isa), "groups that do not divide the channels");
  p.output = ElementKind::F32;
  EXPECT_EQ(whyNoConvTranspose(p, isa), "the input and the result must both be float or both be integers");
  p.output = ElementKind::U8;
  EXPECT_EQ(convTransposeKernelName(p, isa), "u8_s8pc_u8_conv_transpose_generic");
}

} // namespace
