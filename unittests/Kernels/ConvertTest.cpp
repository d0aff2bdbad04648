// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Convert.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

bool isInteger(ElementKind kind) { return kind != ElementKind::F32; }

/// Where element (c, y, x) of an image lies.
int64_t offset(const ConvertParams &p, bool planes, int64_t bytes, int64_t c, int64_t y, int64_t x) {
  if (planes)
    return ((c * p.H.getStatic() + y) * p.W.getStatic() + x) * bytes;
  return y * p.pixels.row.getStatic() + x * p.pixels.pixel + c * bytes;
}

int64_t imageBytes(const ConvertParams &p, bool planes, int64_t bytes) {
  return p.H * p.W == 0 ? 0 : offset(p, planes, bytes, p.C - 1, p.H.getStatic() - 1, p.W.getStatic() - 1) + bytes;
}

int32_t loadStored(const char *data, ElementKind kind) {
  int16_t word;
  std::memcpy(&word, data, kind == ElementKind::S16 ? 2 : 0);
  return kind == ElementKind::S16 ? word : kind == ElementKind::U8 ? int32_t(uint8_t(*data)) : int32_t(int8_t(*data));
}

void convertElement(const ConvertParams &p, const char *in, char *out) {
  if (p.input == p.output) {
    std::memcpy(out, in, bytesOf(p.input));
  } else if (isInteger(p.output)) {
    float value;
    std::memcpy(&value, in, 4);
    const int16_t q = numerics::quantize(value, p.scale, p.range.zeroPoint, p.range.min, p.range.max);
    std::memcpy(out, &q, bytesOf(p.output)); // little-endian
  } else {
    float value = numerics::dequantize(loadStored(in, p.input), p.scale, p.range.zeroPoint);
    std::memcpy(out, &value, 4);
  }
}

/// The output with the canary wherever a kernel must not write.
std::vector<char> reference(const ConvertParams &p, const char *in, int64_t bytes) {
  const bool planes = p.inputLayout == ImageLayout::Planes;
  std::vector<char> out(bytes, canary);
  for (int64_t y = 0; y < p.H.getStatic(); ++y)
    for (int64_t x = 0; x < p.W.getStatic(); ++x)
      for (int64_t c = 0; c < p.C; ++c)
        convertElement(p, in + offset(p, planes, bytesOf(p.input), c, y, x),
                       out.data() + offset(p, !planes, bytesOf(p.output), c, y, x));
  return out;
}

void check(const ConvertParams &p) {
  const bool planes = p.inputLayout == ImageLayout::Planes;
  const int64_t inBytes = imageBytes(p, planes, bytesOf(p.input)), outBytes = imageBytes(p, !planes, bytesOf(p.output));
  std::vector<char> in(inBytes);
  if (isInteger(p.input)) {
    std::vector<uint8_t> bytes = randomBytes(inBytes);
    std::copy(bytes.begin(), bytes.end(), in.begin());
  } else {
    std::vector<float> floats = randomFloats(inBytes / 4, 40 * p.scale, /*extremes=*/true);
    copyBytes(in.data(), floats);
  }
  std::vector<char> want = reference(p, in.data(), outBytes);
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoConvert(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitConvert(builder, loc, symbol, p, isa);
    });
    Guarded out(outBytes);
    kernel.run({in.data(), out.data()}, convertTileCount(p).getStatic());
    std::string what = convertKernelName(p, *isa) + " of " + convertKernelKey(p);
    if (isInteger(p.output) || p.input == p.output)
      expectSame(out.data<uint8_t>(), reinterpret_cast<const uint8_t *>(want.data()), outBytes, what);
    else
      expectSame(out.data<float>(), reinterpret_cast<const float *>(want.data()), outBytes / 4, what);
  }
}

/// An image of C x H x W from `input` in planes to `output` in a buffer with pixels of `pixel` elements.
ConvertParams planesToPixels(ElementKind input, ElementKind output, int64_t C, int64_t H, int64_t W, int64_t pixel) {
  ConvertParams p;
  p.input = input;
  p.output = output;
  p.C = C, p.H = H, p.W = W;
  p.pixels = {(W + 2) * pixel * bytesOf(output), pixel * bytesOf(output)};
  p.scale = 0.02f;
  if (output == ElementKind::S16) {
    p.scale = 0.002f;
    p.range = {0, -32767, 32767};
    return p;
  }
  p.range = output == ElementKind::S8 ? StoredRange{-3, -128, 127} : StoredRange{120, 0, 255};
  return p;
}

ConvertParams reversed(const ConvertParams &p) {
  ConvertParams q = p;
  std::swap(q.input, q.output);
  q.inputLayout = ImageLayout::Pixels;
  return q;
}

TEST(Convert, BetweenPlanesAndPixels) {
  const ElementKind u8 = ElementKind::U8, s8 = ElementKind::S8, f32 = ElementKind::F32, s16 = ElementKind::S16;
  for (auto [input, output] : {std::pair(f32, u8), {f32, s8}, {f32, s16}, {u8, u8}, {s16, s16}, {f32, f32}})
    for (auto [C, pixel] : {std::pair(1, 4), {3, 3}, {3, 4}, {4, 4}, {3, 16}, {5, 5}, {6, 9}, {1, 1}, {2, 2}}) {
      ConvertParams p = planesToPixels(input, output, C, 3, 21, pixel);
      check(p);
      check(reversed(p));
    }
}

TEST(Convert, ImagesOfOnePixelOrNone) {
  check(planesToPixels(ElementKind::F32, ElementKind::U8, 7, 1, 1, 8));
  check(reversed(planesToPixels(ElementKind::F32, ElementKind::U8, 7, 1, 1, 8)));
  check(planesToPixels(ElementKind::F32, ElementKind::U8, 3, 0, 5, 4));
  check(planesToPixels(ElementKind::F32, ElementKind::U8, 3, 5, 0, 4));
}

TEST(Convert, Reasons) {
  ConvertParams p = planesToPixels(ElementKind::F32, ElementKind::U8, 3, 5, 5, 4);
  p.range.zeroPoint = 256;
  EXPECT_EQ(whyNoConvert(p, getISAs().front()), "the zero point does not fit into a byte");
  p.scale = 0;
  EXPECT_EQ(whyNoConvert(p, getISAs().front()), "the scale is not a positive normal number");
  p.input = ElementKind::S8;
  EXPECT_EQ(whyNoConvert(p, getISAs().front()), "bytes of another sign");
}

TEST(Convert, KeysTellKernelsApart) {
  ConvertParams p = planesToPixels(ElementKind::F32, ElementKind::U8, 3, 3, 21, 4), q = p;
  EXPECT_EQ(convertKernelKey(p), convertKernelKey(q));
  q.range.zeroPoint = 7;
  EXPECT_NE(convertKernelKey(p), convertKernelKey(q));
  EXPECT_EQ(convertKernelName(p, *lookupISA("avx2")), "f32_u8_quantize_planes_pixels_avx2");
}

TEST(Halo, FillsTheBorderAlone) {
  for (ElementKind element : {ElementKind::U8, ElementKind::S8, ElementKind::S16, ElementKind::F32})
    for (auto [top, left, bottom, right] : {std::tuple(1, 1, 1, 1), {0, 0, 2, 3}, {0, 1, 0, 0}, {0, 0, 0, 0}}) {
      const int64_t images = top + 1, H = 4, W = 5, pixel = 4 * bytesOf(element), row = (left + W + right + 1) * pixel;
      const int64_t image = (top + H + bottom) * row;
      HaloParams p;
      p.images = images;
      p.element = element;
      p.C = 3, p.H = H, p.W = W;
      p.top = top, p.left = left, p.bottom = bottom, p.right = right;
      p.pitch = {row, pixel};
      p.value = element == ElementKind::S8 ? -128 : 200;
      p.imagePitch = image;
      const int64_t size = images * image, start = top * row + left * pixel;
      std::vector<char> want(size, canary);
      const float value = float(p.value);
      for (int64_t y = -top; y < H + bottom; ++y)
        for (int64_t x = -left; x < W + right; ++x)
          for (int64_t c = 0; c < p.C && (y < 0 || y >= H || x < 0 || x >= W); ++c)
            for (int64_t n = 0; n < images; ++n) {
              char *to = want.data() + start + n * image + y * row + x * pixel;
              const int16_t stored = int16_t(p.value);
              if (isInteger(element))
                std::memcpy(to + c * bytesOf(element), &stored, bytesOf(element));
              else
                std::memcpy(to + 4 * c, &value, 4);
            }
      for (const ISA *isa : testedISAs()) {
        CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
          return emitHalo(builder, loc, symbol, p, isa);
        });
        Guarded out(size);
        kernel.run({out.data() + start}, haloTileCount(p).getStatic());
        expectSame(out.data<uint8_t>(), reinterpret_cast<const uint8_t *>(want.data()), size, haloKernelKey(p));
      }
    }
}

} // namespace
