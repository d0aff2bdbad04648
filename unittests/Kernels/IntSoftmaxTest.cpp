// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax of bytes against numerics::ByteSoftmax, bit for bit.

#include "KernelRunner.h"
#include "nibble/Kernels/Rows.h"
#include "nibble/Support/Softmax.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

constexpr ElementKind u8 = ElementKind::U8, s8 = ElementKind::S8;

/// Along dimension 1; with `gap`, bytes lie between the lines of input and result.
IntSoftmaxParams softmax(int64_t outer, int64_t length, int64_t inner, int64_t gap = 0) {
  IntSoftmaxParams p;
  p.shape = {outer, length, inner};
  p.axis = 1;
  p.inputStrides = {length * inner + gap, inner, 1};
  p.outputStrides = {length * inner + 2 * gap, inner, 1};
  return p;
}

int32_t valueOf(uint8_t byte, ElementKind kind) { return kind == u8 ? int32_t(byte) : int32_t(int8_t(byte)); }

std::vector<uint8_t> reference(const IntSoftmaxParams &p, float inputScale, const std::vector<uint8_t> &in,
                               int64_t size) {
  std::vector<uint8_t> out(size, uint8_t(canary));
  numerics::ByteSoftmax softmax{numerics::softmaxTable(inputScale), *numerics::toFixedMultiplier(p.scale),
                                p.range.zeroPoint, p.range.min, p.range.max};
  const std::vector<int64_t> shape = toIntegers(p.shape);
  const std::vector<int64_t> inputStrides = toIntegers(p.inputStrides), outputStrides = toIntegers(p.outputStrides);
  for (int64_t o = 0; o < shape[0]; ++o)
    for (int64_t c = 0; c < shape[2]; ++c) {
      std::vector<int32_t> row;
      for (int64_t i = 0; i < shape[1]; ++i)
        row.push_back(valueOf(in[o * inputStrides[0] + i * inputStrides[1] + c * inputStrides[2]], p.input));
      softmax(row.data(), shape[1]);
      for (int64_t i = 0; i < shape[1]; ++i)
        out[o * outputStrides[0] + i * outputStrides[1] + c * outputStrides[2]] = uint8_t(row[i]);
    }
  return out;
}

int64_t reach(const Extents &shape, const Extents &strides) {
  int64_t last = 0;
  for (size_t d = 0; d < shape.size(); ++d)
    last += ((shape[d] - 1) * strides[d]).getStatic();
  return last + 1;
}

void check(const IntSoftmaxParams &p, float inputScale, std::vector<uint8_t> in) {
  const int64_t size = reach(p.shape, p.outputStrides);
  const std::vector<uint8_t> want = reference(p, inputScale, in, size);
  std::vector<int32_t> table = packSoftmaxTable(inputScale);
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoIntSoftmax(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitIntSoftmax(builder, loc, symbol, p, isa);
    });
    ASSERT_TRUE(kernel);
    Guarded out(size);
    kernel.run({in.data(), table.data(), out.data()}, intSoftmaxTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), size, intSoftmaxKernelName(p, *isa) + intSoftmaxKernelKey(p));
    if (p.inputStrides != p.outputStrides)
      continue;
    copyBytes(out.data(), in);
    kernel.run({out.data(), table.data(), out.data()}, intSoftmaxTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), size, isa->name.str() + " in place");
  }
}

void checkRandom(IntSoftmaxParams p, float inputScale, uint32_t seed = 1) {
  check(p, inputScale, randomBytes(reach(p.shape, p.inputStrides), seed));
}

// Every tail of every vector, on either side of the length from which results are tabled.
TEST(IntSoftmax, Lengths) {
  for (int64_t length : {1, 2, 3, 4, 5, 7, 8, 10, 15, 16, 17, 31, 33, 63, 64, 65, 100, 159, 160, 161, 191, 256, 1000})
    checkRandom(softmax(3, length, 1), 0.03f, uint32_t(length));
}

struct Variant {
  ElementKind input, output;
  StoredRange range;
};
const Variant variants[] = {{u8, u8, {0, 0, 255}},
                            {u8, s8, {-128, -128, 127}},
                            {s8, u8, {100, 7, 250}},
                            {s8, s8, {127, -128, 127}},
                            {s8, s8, {3, -100, 90}}};

TEST(IntSoftmax, KindsAndScales) {
  for (const Variant &v : variants)
    for (int64_t length : {10, 200})
      for (float inputScale : {1e-20f, 0.001f, 0.0437f, 1.0f, 1e30f})
        for (float scale : {0x1p-32f, 1.0f, 256.0f, 2049.7f, 0x1.fp28f}) {
          IntSoftmaxParams p = softmax(2, length, 1);
          p.input = v.input, p.output = v.output, p.range = v.range;
          p.scale = scale;
          checkRandom(p, inputScale);
        }
}

TEST(IntSoftmax, EqualAndFarApart) {
  for (int64_t length : {1, 9, 300})
    for (uint8_t byte : {0, 127, 128, 255})
      for (ElementKind kind : {u8, s8}) {
        IntSoftmaxParams p = softmax(1, length, 1);
        p.input = kind;
        std::vector<uint8_t> row(length, byte);
        check(p, 0.1f, row);
        row.back() ^= 0xff;
        check(p, 0.1f, row);
      }
}

TEST(IntSoftmax, ColumnsAndGaps) {
  checkRandom(softmax(2, 9, 19), 0.05f);
  checkRandom(softmax(1, 170, 3), 0.05f);
  checkRandom(softmax(5, 33, 1, 7), 0.05f);
  checkRandom(softmax(3, 200, 1, 5), 0.05f);
  checkRandom(softmax(9000, 2, 1), 0.05f);
  IntSoftmaxParams p = softmax(2, 180, 1);
  p.outputStrides = {3 * 180, 3, 1}; // into a column
  checkRandom(p, 0.05f);
}

TEST(IntSoftmax, NamesAndReasons) {
  IntSoftmaxParams p = softmax(2, 3, 1), q = p;
  q.range.zeroPoint = 1;
  EXPECT_NE(intSoftmaxKernelKey(p), intSoftmaxKernelKey(q));
  q.output = s8;
  EXPECT_EQ(intSoftmaxKernelName(q, *lookupISA("avx2")), "u8_s8_softmax_avx2");
  const ISA &isa = getISAs().front();
  EXPECT_EQ(whyNoIntSoftmax(q, isa), "the range of stored values does not fit into a byte");
  q.output = ElementKind::F32;
  EXPECT_EQ(whyNoIntSoftmax(q, isa), "not from bytes to bytes");
  p.scale = 0x1p29f;
  EXPECT_EQ(whyNoIntSoftmax(p, isa), "the multiplier has no fixed-point form");
  p.axis = 3;
  EXPECT_EQ(whyNoIntSoftmax(p, isa), "an axis out of range");
  EXPECT_EQ(intSoftmaxTileCount(softmax(2, 0, 1)), 0);
}

} // namespace
