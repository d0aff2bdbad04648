// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Elementwise.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

int64_t countOf(const Extents &shape) { return nibble::product(shape).getStatic(); }

/// Bytes from an operand's first element to that at row-major `index` of `shape`.
int64_t offset(const Extents &shape, const Extents &strides, int64_t index) {
  int64_t result = 0;
  for (size_t d = shape.size(); d-- > 0; index /= shape[d].getStatic())
    result += index % shape[d].getStatic() * strides[d].getStatic();
  return result;
}

int64_t bytesOf(const Extents &shape, const Extents &strides, int64_t elementBytes) {
  int64_t last = countOf(shape) - 1;
  return last < 0 ? 0 : offset(shape, strides, last) + elementBytes;
}

int32_t storedAt(const std::vector<uint8_t> &bytes, int64_t at, ElementKind kind) {
  int16_t word;
  std::memcpy(&word, &bytes[at], kind == ElementKind::S16 ? 2 : 0);
  return kind == ElementKind::S16 ? word : kind == ElementKind::U8 ? int32_t(bytes[at]) : int32_t(int8_t(bytes[at]));
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

BinaryParams binary(BinaryKind kind, ElementKind element, const Extents &lhs, const Extents &rhs,
                    const Extents &shape) {
  const int64_t bytes = kernels::bytesOf(element);
  BinaryParams p;
  p.kind = kind;
  p.lhs = p.rhs = p.output = element;
  p.shape = shape;
  p.lhsStrides = broadcastStrides(lhs, shape, bytes);
  p.rhsStrides = broadcastStrides(rhs, shape, bytes);
  p.outputStrides = denseStrides(shape, bytes);
  p.lhsScale = 0.7f;
  p.rhsScale = 0.31f;
  return p;
}

int32_t integerReference(const BinaryParams &p, int32_t x, int32_t y) {
  const auto [zero, min, max] = std::tuple(p.range.zeroPoint, p.range.min, p.range.max);
  if (p.kind == BinaryKind::Add && p.requant == Requant::Float)
    return numerics::addFloat(
        x, y, numerics::toFloatAddition(p.lhsScale, p.lhsZeroPoint, p.rhsScale, p.rhsZeroPoint, zero), min, max);
  x -= p.lhsZeroPoint, y -= p.rhsZeroPoint;
  if (p.kind == BinaryKind::Mul && p.requant == Requant::Float)
    return numerics::requantizeFloat(x * y, p.lhsScale, zero, min, max);
  if (p.kind == BinaryKind::Mul)
    return numerics::requantizeFixed(x * y, *numerics::toFixedMultiplier(p.lhsScale), zero, min, max);
  return numerics::addFixed(x, y, *numerics::toFixedAddition(p.lhsScale, p.rhsScale), zero, min, max);
}

CompiledKernel compile(const BinaryParams &p, const ISA &isa) {
  return CompiledKernel(isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
    return emitBinary(builder, loc, symbol, p, isa);
  });
}

void checkIntegers(const BinaryParams &p) {
  const auto sizeOf = [&](const Extents &strides, ElementKind kind) {
    return bytesOf(p.shape, strides, kernels::bytesOf(kind));
  };
  std::vector<uint8_t> lhs = randomBytes(sizeOf(p.lhsStrides, p.lhs), 1);
  std::vector<uint8_t> rhs = randomBytes(sizeOf(p.rhsStrides, p.rhs), 2);
  const int64_t size = sizeOf(p.outputStrides, p.output);
  std::vector<uint8_t> want(size, uint8_t(canary));
  for (int64_t i = 0; i < countOf(p.shape); ++i) {
    const int32_t y = integerReference(p, storedAt(lhs, offset(p.shape, p.lhsStrides, i), p.lhs),
                                       storedAt(rhs, offset(p.shape, p.rhsStrides, i), p.rhs));
    std::memcpy(&want[offset(p.shape, p.outputStrides, i)], &y, kernels::bytesOf(p.output)); // little-endian
  }
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoBinary(p, *isa), "");
    Guarded out(size);
    compile(p, *isa).run({lhs.data(), rhs.data(), out.data()}, binaryTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), size, isa->name.str() + " " + binaryKernelKey(p));
  }
}

TEST(Binary, IntegerShapes) {
  const Extents wide = {2, 3, 5, 7};
  for (auto [lhs, rhs, shape] : {std::tuple(Extents{}, Extents{}, Extents{}),
                                 {{0}, {1}, {0}},
                                 {{9000}, {9000}, {9000}},
                                 {{4, 131}, {131}, {4, 131}},
                                 {{4, 1}, {4, 67}, {4, 67}},
                                 {wide, {3, 1, 7}, wide},
                                 {{2, 1, 5, 1}, {3, 1, 7}, wide}}) {
    BinaryParams p = binary(BinaryKind::Add, ElementKind::U8, lhs, rhs, shape);
    p.lhsZeroPoint = 255, p.rhsZeroPoint = 3;
    p.range = {100, 0, 255};
    checkIntegers(p);
  }
}

TEST(Binary, IntegerModesAndSigns) {
  for (BinaryKind kind : {BinaryKind::Add, BinaryKind::Mul})
    for (Requant mode : {Requant::Float, Requant::Fixed})
      for (ElementKind element : {ElementKind::U8, ElementKind::S8}) {
        BinaryParams p = binary(kind, element, {309}, {309}, {309});
        p.requant = mode;
        p.lhsZeroPoint = element == ElementKind::S8 ? -128 : 0;
        p.rhsZeroPoint = element == ElementKind::S8 ? 127 : 255;
        p.range = element == ElementKind::S8 ? StoredRange{-128, -128, 90} : StoredRange{255, 20, 255};
        p.lhsScale = kind == BinaryKind::Mul ? 0.011f : 0.5f;
        p.rhsScale = -0.25f;
        checkIntegers(p);
        p.rhs = ElementKind::U8, p.rhsZeroPoint = 7;
        if (mode == Requant::Float)
          p.rhsScale = 3e38f;
        checkIntegers(p);
      }
}

/// Of scales so unlike that without fused multiply-adds no f64 holds the sums.
TEST(Binary, UnlikeScales) {
  BinaryParams p = binary(BinaryKind::Add, ElementKind::U8, {309}, {309}, {309});
  p.lhsZeroPoint = 3, p.rhsZeroPoint = 100;
  p.range = {128, 0, 255};
  for (auto [lhs, rhs] : {std::pair(0x1.3p-40f, 0.4f), {1.7f, 0x1.000002p-33f}, {0x1.fp-60f, 0x1.7p-60f}}) {
    p.lhsScale = lhs, p.rhsScale = rhs;
    checkIntegers(p);
  }
}

TEST(Binary, WordsAndBytes) {
  const ElementKind s16 = ElementKind::S16, u8 = ElementKind::U8;
  for (BinaryKind kind : {BinaryKind::Add, BinaryKind::Mul})
    for (Requant mode : {Requant::Float, Requant::Fixed})
      for (auto [lhs, rhs, output] : {std::tuple(s16, s16, s16), {s16, u8, s16}, {u8, s16, u8}, {s16, s16, u8}})
        for (int64_t count : {1, 309}) {
          BinaryParams p;
          p.kind = kind, p.requant = mode;
          p.lhs = lhs, p.rhs = rhs, p.output = output;
          p.shape = {count};
          p.lhsStrides = {kernels::bytesOf(lhs)}, p.rhsStrides = {kernels::bytesOf(rhs)};
          p.outputStrides = {kernels::bytesOf(output)};
          p.rhsZeroPoint = rhs == u8 ? 200 : 0;
          p.range = output == u8 ? StoredRange{100, 0, 250} : StoredRange{0, -32767, 32000};
          p.lhsScale = kind == BinaryKind::Mul ? 3e-5f : output == u8 ? 0.003f : 0.9f;
          p.rhsScale = -0.4f;
          checkIntegers(p);
        }
}

TEST(Binary, PitchesOfPaddedBuffers) {
  BinaryParams p = binary(BinaryKind::Add, ElementKind::U8, {5, 6, 19}, {5, 6, 19}, {5, 6, 19});
  p.lhsStrides = {8 * 32, 32, 1};
  p.outputStrides = {7 * 24, 24, 1};
  checkIntegers(p);
  p.rhsStrides = {1, 5, 30}; // a transposed operand
  checkIntegers(p);
}

float floatReference(BinaryKind kind, float x, float y) {
  switch (kind) {
  case BinaryKind::Add:
    return x + y;
  case BinaryKind::Sub:
    return x - y;
  case BinaryKind::Mul:
    return x * y;
  case BinaryKind::Div:
    return x / y;
  case BinaryKind::Min:
    return numerics::minimum(x, y);
  case BinaryKind::Max:
    return numerics::maximum(x, y);
  case BinaryKind::Pow:
    return numerics::pow(x, y);
  }
  return 0;
}

void checkFloats(const BinaryParams &p) {
  std::vector<float> lhs = randomFloats(bytesOf(p.shape, p.lhsStrides, 4) / 4, 3, true, 1);
  std::vector<float> rhs = randomFloats(bytesOf(p.shape, p.rhsStrides, 4) / 4, 3, true, 2);
  std::vector<float> want;
  for (int64_t i = 0; i < countOf(p.shape); ++i)
    want.push_back(
        floatReference(p.kind, lhs[offset(p.shape, p.lhsStrides, i) / 4], rhs[offset(p.shape, p.rhsStrides, i) / 4]));
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoBinary(p, *isa), "");
    Guarded out(want.size() * 4);
    compile(p, *isa).run({lhs.data(), rhs.data(), out.data()}, binaryTileCount(p));
    expectSame(out.data<float>(), want.data(), want.size(), binaryKernelName(p, *isa));
  }
}

TEST(Binary, FloatKinds) {
  for (BinaryKind kind : {BinaryKind::Add, BinaryKind::Sub, BinaryKind::Mul, BinaryKind::Div, BinaryKind::Min,
                          BinaryKind::Max, BinaryKind::Pow}) {
    checkFloats(binary(kind, ElementKind::F32, {37, 61}, {37, 61}, {37, 61}));
    checkFloats(binary(kind, ElementKind::F32, {3, 1}, {1, 5}, {3, 5}));
  }
}

TEST(Binary, MayWriteOverAnOperand) {
  BinaryParams p = binary(BinaryKind::Add, ElementKind::F32, {133}, {133}, {133});
  for (const ISA *isa : testedISAs()) {
    std::vector<float> lhs = randomFloats(133, 1, false, 1), rhs = randomFloats(133, 1, false, 2), want = lhs;
    for (size_t i = 0; i < want.size(); ++i)
      want[i] += rhs[i];
    compile(p, *isa).run({lhs.data(), rhs.data(), lhs.data()}, binaryTileCount(p));
    expectSame(lhs.data(), want.data(), 133, isa->name.str());
  }
}

TEST(Binary, Reasons) {
  const ISA &isa = getISAs().front();
  BinaryParams p = binary(BinaryKind::Div, ElementKind::U8, {3}, {3}, {3});
  EXPECT_EQ(whyNoBinary(p, isa), "no integer arithmetic of this kind");
  p.kind = BinaryKind::Add;
  p.range.max = 256;
  EXPECT_EQ(whyNoBinary(p, isa), "the range of stored values does not fit into a byte");
  p.range.max = 255;
  p.requant = Requant::Fixed;
  p.lhsScale = 1e-30f;
  EXPECT_EQ(whyNoBinary(p, isa), "a scale has no fixed-point form");
  p.lhsStrides.clear();
  EXPECT_EQ(whyNoBinary(p, isa), "each operand needs one stride a dimension");
  EXPECT_EQ(binaryKernelName(p, isa), "u8_u8_u8_add_generic");
}

} // namespace
