// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Pool.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// A pool whose outputs are as many as fit, with a border of `pad` on each side.
PoolParams pool(PoolKind kind, ElementKind element, int64_t C, int64_t H, int64_t W, int64_t kernel, int64_t stride,
                int64_t pad, int64_t dilation = 1) {
  PoolParams p;
  p.kind = kind;
  p.input = p.output = element;
  p.C = C, p.H = H, p.W = W;
  p.KH = p.KW = kernel;
  p.strideH = p.strideW = stride;
  p.dilationH = p.dilationW = dilation;
  p.padTop = p.padLeft = pad;
  p.outputH = (H + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
  p.outputW = (W + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
  p.in = {(W + 1) * (C + 3) * bytesOf(element), (C + 3) * bytesOf(element)};
  p.out = {(p.outputW + 2) * (C + 1) * bytesOf(element), (C + 1) * bytesOf(element)};
  p.inImage = (H + 1) * p.in.row;
  p.outImage = p.outputH * p.out.row;
  p.scale = 0.9f;
  if (element == ElementKind::S16)
    p.range = {-7, -30000, 32767}, p.inputZeroPoint = 0;
  else if (element == ElementKind::S8)
    p.range = {-128, -128, 127}, p.inputZeroPoint = 127;
  else
    p.range = {255, 0, 255}, p.inputZeroPoint = 3;
  return p;
}

/// All taps inside the image of the window at (oy, ox), channel c.
template <typename T>
std::vector<T> tapsOf(const PoolParams &p, const char *in, int64_t oy, int64_t ox, int64_t c) {
  const int64_t H = p.H.getStatic(), W = p.W.getStatic(), pitch = p.in.row.getStatic();
  std::vector<T> taps;
  for (int64_t ky = 0; ky < p.KH; ++ky)
    for (int64_t kx = 0; kx < p.KW; ++kx) {
      const int64_t y = oy * p.strideH - p.padTop + ky * p.dilationH, x = ox * p.strideW - p.padLeft + kx * p.dilationW;
      if (y < 0 || y >= H || x < 0 || x >= W)
        continue;
      T value;
      std::memcpy(&value, in + y * pitch + x * p.in.pixel + c * sizeof(T), sizeof(T));
      taps.push_back(value);
    }
  return taps;
}

float reduce(const PoolParams &p, const std::vector<float> &taps) {
  if (p.kind == PoolKind::Max) {
    float max = -std::numeric_limits<float>::infinity();
    for (float tap : taps)
      max = numerics::maximum(max, tap);
    return max;
  }
  float sum = 0;
  for (float tap : taps)
    sum += tap;
  return sum / float(p.countIncludePad ? p.KH * p.KW : int64_t(taps.size()));
}

template <typename T>
T reduce(const PoolParams &p, const std::vector<T> &taps) {
  if (p.kind == PoolKind::Max)
    return *std::max_element(taps.begin(), taps.end());
  int32_t acc = 0;
  for (T tap : taps)
    acc += tap - p.inputZeroPoint;
  const float m = numerics::averageMultiplier(p.scale, p.countIncludePad ? p.KH * p.KW : int64_t(taps.size()));
  if (p.requant == Requant::Float)
    return T(numerics::requantizeFloat(acc, m, p.range.zeroPoint, p.range.min, p.range.max));
  return T(
      numerics::requantizeFixed(acc, *numerics::toFixedMultiplier(m), p.range.zeroPoint, p.range.min, p.range.max));
}

template <typename T>
void check(const PoolParams &p) {
  const int64_t inImage = p.inImage.getStatic(), outImage = p.outImage.getStatic(), pitch = p.out.row.getStatic();
  const int64_t images = p.images.getStatic(), outputH = p.outputH.getStatic(), outputW = p.outputW.getStatic();
  const int64_t inBytes = images * inImage, outBytes = images * outImage;
  std::vector<char> in(inBytes), want(outBytes, canary);
  if (sizeof(T) == 4) {
    std::vector<float> floats = randomFloats(inBytes / 4, 2, p.kind == PoolKind::Max);
    copyBytes(in.data(), floats);
  } else {
    std::vector<uint8_t> bytes = randomBytes(inBytes);
    copyBytes(in.data(), bytes);
  }
  for (int64_t tile = 0; tile < images * outputH; ++tile)
    for (int64_t ox = 0; ox < outputW; ++ox)
      for (int64_t c = 0; c < p.C; ++c) {
        const int64_t image = tile / outputH, oy = tile % outputH;
        T value = reduce(p, tapsOf<T>(p, in.data() + image * inImage, oy, ox, c));
        std::memcpy(want.data() + image * outImage + oy * pitch + ox * p.out.pixel + c * sizeof(T), &value, sizeof(T));
      }
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoPool(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitPool(builder, loc, symbol, p, isa);
    });
    Guarded out(outBytes);
    kernel.run({in.data(), out.data()}, poolTileCount(p).getStatic());
    expectSame(out.data<T>(), reinterpret_cast<const T *>(want.data()), outBytes / int64_t(sizeof(T)),
               poolKernelName(p, *isa) + " " + poolKernelKey(p));
  }
}

void checkKind(PoolKind kind, int64_t C, int64_t H, int64_t W, int64_t kernel, int64_t stride, int64_t pad,
               int64_t dilation = 1) {
  check<uint8_t>(pool(kind, ElementKind::U8, C, H, W, kernel, stride, pad, dilation));
  check<int8_t>(pool(kind, ElementKind::S8, C, H, W, kernel, stride, pad, dilation));
  check<int16_t>(pool(kind, ElementKind::S16, C, H, W, kernel, stride, pad, dilation));
  check<float>(pool(kind, ElementKind::F32, C, H, W, kernel, stride, pad, dilation));
}

TEST(Pool, Max) {
  checkKind(PoolKind::Max, 5, 6, 6, 2, 2, 0);
  checkKind(PoolKind::Max, 83, 7, 9, 3, 2, 1);
  checkKind(PoolKind::Max, 3, 9, 8, 3, 1, 2, 2);
  checkKind(PoolKind::Max, 1, 1, 1, 1, 1, 0);
}

TEST(Pool, Average) {
  checkKind(PoolKind::Average, 5, 6, 6, 2, 2, 0);
  checkKind(PoolKind::Average, 83, 7, 9, 3, 2, 1);
  checkKind(PoolKind::Average, 3, 9, 8, 3, 1, 2, 2);
  checkKind(PoolKind::Average, 70, 7, 7, 7, 1, 0);
}

TEST(Pool, SeveralImages) {
  for (PoolKind kind : {PoolKind::Max, PoolKind::Average}) {
    PoolParams p = pool(kind, ElementKind::U8, 19, 7, 9, 3, 2, 1);
    p.images = 3;
    check<uint8_t>(p);
  }
}

TEST(Pool, AverageOfThePaddingToo) {
  for (ElementKind element : {ElementKind::U8, ElementKind::F32}) {
    PoolParams p = pool(PoolKind::Average, element, 19, 7, 9, 3, 2, 1);
    p.countIncludePad = true;
    element == ElementKind::U8 ? check<uint8_t>(p) : check<float>(p);
  }
}

TEST(Pool, AverageOfWordsInFixedPoint) {
  PoolParams p = pool(PoolKind::Average, ElementKind::S16, 21, 7, 9, 3, 2, 1);
  p.requant = Requant::Fixed;
  check<int16_t>(p);
}

TEST(Pool, AverageInFixedPoint) {
  for (int64_t pad : {0, 1}) {
    PoolParams p = pool(PoolKind::Average, ElementKind::S8, 21, 7, 9, 3, 2, pad);
    p.requant = Requant::Fixed;
    check<int8_t>(p);
  }
}

TEST(Pool, Reasons) {
  PoolParams p = pool(PoolKind::Average, ElementKind::U8, 21, 7, 9, 3, 2, 0);
  p.requant = Requant::Fixed;
  p.scale = 1e-20f;
  EXPECT_EQ(whyNoPool(p, getISAs().front()), "the multiplier has no fixed-point form");
  p.kind = PoolKind::Max;
  p.output = ElementKind::S8;
  EXPECT_EQ(whyNoPool(p, getISAs().front()), "input and output of different kinds");
  EXPECT_EQ(poolKernelName(p, *lookupISA("avx2")), "u8_s8_max_pool_3x3_avx2");
}

} // namespace
