// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelRunner.h"
#include "nibble/Kernels/Elementwise.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

UnaryParams unary(UnaryKind kind, ElementKind element, int64_t count) {
  UnaryParams p;
  p.kind = kind;
  p.input = p.output = element;
  p.shape = {count};
  p.inputStrides = p.outputStrides = denseStrides(p.shape, element == ElementKind::F32 ? 4 : 1);
  return p;
}

CompiledKernel compile(const UnaryParams &p, const ISA &isa) {
  return CompiledKernel(isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
    return emitUnary(builder, loc, symbol, p, isa);
  });
}

using Scalar = float (*)(numerics::ScalarArith &a, float x);
namespace f = functions;
using S = numerics::ScalarArith;

struct Case {
  UnaryKind kind;
  Scalar function;
  float a = 0, b = 0;
};

const Case cases[] = {
    {UnaryKind::Relu, [](S &a, float x) { return f::relu(a, x); }},
    {UnaryKind::Sigmoid, [](S &a, float x) { return f::sigmoid(a, x); }},
    {UnaryKind::Tanh, [](S &a, float x) { return f::tanh(a, x); }},
    {UnaryKind::HardSwish, [](S &a, float x) { return f::hardSwish(a, x); }},
    {UnaryKind::Gelu, [](S &a, float x) { return f::gelu(a, x); }},
    {UnaryKind::Silu, [](S &a, float x) { return f::silu(a, x); }},
    {UnaryKind::Softplus, [](S &a, float x) { return f::softplus(a, x); }},
    {UnaryKind::Erf, [](S &a, float x) { return f::erf(a, x); }},
    {UnaryKind::Exp, [](S &a, float x) { return f::exp(a, x); }},
    {UnaryKind::Log, [](S &a, float x) { return f::log(a, x); }},
    {UnaryKind::Sqrt, [](S &a, float x) { return a.sqrt(x); }},
    {UnaryKind::Reciprocal, [](S &, float x) { return 1.0f / x; }},
    {UnaryKind::Neg, [](S &a, float x) { return f::neg(a, x); }},
    {UnaryKind::Abs, [](S &a, float x) { return f::abs(a, x); }},
    {UnaryKind::Floor, [](S &a, float x) { return a.floor(x); }},
    {UnaryKind::Ceil, [](S &a, float x) { return f::ceil(a, x); }},
    {UnaryKind::Round, [](S &a, float x) { return a.rint(x); }},
    {UnaryKind::LeakyRelu, [](S &a, float x) { return f::leakyRelu(a, x, 0.3f); }, 0.3f},
    {UnaryKind::Elu, [](S &a, float x) { return f::elu(a, x, 1.5f); }, 1.5f},
    {UnaryKind::HardSigmoid, [](S &a, float x) { return f::hardSigmoid(a, x, 0.2f, 0.5f); }, 0.2f, 0.5f},
    {UnaryKind::Clip, [](S &a, float x) { return f::clip(a, x, -1.0f, 6.0f); }, -1.0f, 6.0f},
};

class Functions : public ::testing::TestWithParam<Case> {};

TEST_P(Functions, EqualTheScalarOnes) {
  const int64_t count = 4096 + 331;
  UnaryParams p = unary(GetParam().kind, ElementKind::F32, count);
  p.a = GetParam().a, p.b = GetParam().b;
  // Small, ordinary and large arguments.
  std::vector<float> in = randomFloats(count, 4, true), want;
  for (int64_t i = 0; i < count; i += 5)
    in[i] *= i % 2 ? 10.0f : 0.01f;
  numerics::ScalarArith arith;
  for (float x : in)
    want.push_back(GetParam().function(arith, x));
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoUnary(p, *isa), "");
    Guarded out(count * 4);
    compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
    expectSame(out.data<float>(), want.data(), count, unaryKernelName(p, *isa));
  }
}

INSTANTIATE_TEST_SUITE_P(Unary, Functions, ::testing::ValuesIn(cases));

TEST(Unary, EmptyAndSingle) {
  for (int64_t count : {0, 1}) {
    UnaryParams p = unary(UnaryKind::Sqrt, ElementKind::F32, count);
    for (const ISA *isa : testedISAs()) {
      float in = 9.0f;
      Guarded out(count * 4);
      compile(p, *isa).run({&in, out.data()}, unaryTileCount(p));
      if (count)
        EXPECT_EQ(*out.data<float>(), 3.0f);
    }
  }
}

TEST(Unary, FloatFunctionsByName) {
  for (const Case &c : cases) {
    UnaryParams p = unary(c.kind, ElementKind::F32, 1);
    std::string name = unaryKernelName(p, getISAs().front());
    ASSERT_TRUE(llvm::StringRef(name).starts_with("f32_f32_") && llvm::StringRef(name).ends_with("_generic"));
    EXPECT_EQ(lookupFloatFunction(llvm::StringRef(name).drop_front(8).drop_back(8)), c.kind);
    EXPECT_EQ(parameterCount(c.kind), (c.a != 0) + (c.b != 0));
  }
  EXPECT_EQ(lookupFloatFunction("quantize"), std::nullopt);
  EXPECT_EQ(lookupFloatFunction("cube"), std::nullopt);
}

void checkQuantize(const UnaryParams &p) {
  std::vector<float> in = randomFloats(p.shape[0].getStatic(), 40 * p.scale, /*extremes=*/true);
  std::vector<uint8_t> want;
  for (float x : in)
    want.push_back(uint8_t(numerics::quantize(x, p.scale, p.range.zeroPoint, p.range.min, p.range.max)));
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoUnary(p, *isa), "");
    Guarded out(in.size());
    compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), in.size(), unaryKernelName(p, *isa));
  }
}

/// From f32 to bytes, or back.
UnaryParams conversion(UnaryKind kind, ElementKind bytes, int64_t count, float scale, StoredRange range) {
  UnaryParams p = unary(kind, ElementKind::F32, count);
  (kind == UnaryKind::Quantize ? p.output : p.input) = bytes;
  (kind == UnaryKind::Quantize ? p.outputStrides : p.inputStrides) = {1};
  p.scale = scale;
  p.range = range;
  return p;
}

TEST(Unary, Quantize) {
  for (int64_t count : {0, 1, 3, 64, 77, 4096, 9001})
    checkQuantize(conversion(UnaryKind::Quantize, ElementKind::U8, count, 0.037f, {128, 0, 255}));
  for (int32_t zero : {0, 255})
    checkQuantize(conversion(UnaryKind::Quantize, ElementKind::U8, 333, 0.5f, {zero, 0, 255}));
  for (int32_t zero : {-128, 127})
    checkQuantize(conversion(UnaryKind::Quantize, ElementKind::S8, 333, 2.0f, {zero, -127, 100}));
}

TEST(Unary, Dequantize) {
  for (auto [bytes, zero, scale] : {std::tuple(ElementKind::U8, 0, 0.1f),
                                    {ElementKind::U8, 255, 0.1f},
                                    {ElementKind::S8, -128, 1e-20f},
                                    {ElementKind::S8, 127, 3.0f}}) {
    UnaryParams p =
        conversion(UnaryKind::Dequantize, bytes, 301, scale, {zero, zero < 0 ? -128 : 0, zero < 0 ? 127 : 255});
    if (bytes == ElementKind::S8)
      p.range.min = -128, p.range.max = 127;
    std::vector<uint8_t> in = randomBytes(301);
    std::vector<float> want;
    for (uint8_t byte : in)
      want.push_back(
          numerics::dequantize(bytes == ElementKind::U8 ? int32_t(byte) : int32_t(int8_t(byte)), scale, zero));
    for (const ISA *isa : testedISAs()) {
      ASSERT_EQ(whyNoUnary(p, *isa), "");
      Guarded out(301 * 4);
      compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
      expectSame(out.data<float>(), want.data(), 301, unaryKernelName(p, *isa));
    }
  }
}

TEST(Unary, QuantizeScattered) {
  UnaryParams p = conversion(UnaryKind::Quantize, ElementKind::U8, 0, 0.1f, {3, 0, 255});
  p.shape = {7, 9};
  p.inputStrides = {4, 28};
  p.outputStrides = {16, 1};
  std::vector<float> in = randomFloats(63, 10, false);
  std::vector<uint8_t> want(6 * 16 + 9, uint8_t(canary));
  for (int64_t y = 0; y < 7; ++y)
    for (int64_t x = 0; x < 9; ++x)
      want[y * 16 + x] = uint8_t(numerics::quantize(in[x * 7 + y], 0.1f, 3, 0, 255));
  for (const ISA *isa : testedISAs()) {
    Guarded out(want.size());
    compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), want.size(), unaryKernelName(p, *isa));
  }
}

TEST(Unary, Requantize) {
  for (Requant mode : {Requant::Float, Requant::Fixed})
    for (auto [input, output] : {std::pair(ElementKind::U8, ElementKind::S8), {ElementKind::S8, ElementKind::U8}}) {
      UnaryParams p = unary(UnaryKind::Requantize, input, 517);
      p.output = output;
      p.requant = mode;
      p.scale = 1.7f;
      p.inputZeroPoint = input == ElementKind::U8 ? 255 : -128;
      p.range = output == ElementKind::U8 ? StoredRange{0, 0, 250} : StoredRange{127, -128, 127};
      std::vector<uint8_t> in = randomBytes(517), want;
      for (uint8_t byte : in) {
        int32_t acc = (input == ElementKind::U8 ? int32_t(byte) : int32_t(int8_t(byte))) - p.inputZeroPoint;
        want.push_back(
            uint8_t(mode == Requant::Float
                        ? numerics::requantizeFloat(acc, p.scale, p.range.zeroPoint, p.range.min, p.range.max)
                        : numerics::requantizeFixed(acc, *numerics::toFixedMultiplier(p.scale), p.range.zeroPoint,
                                                    p.range.min, p.range.max)));
      }
      for (const ISA *isa : testedISAs()) {
        ASSERT_EQ(whyNoUnary(p, *isa), "");
        Guarded out(517);
        compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
        expectSame(out.data<uint8_t>(), want.data(), 517, unaryKernelName(p, *isa));
      }
    }
}

/// Words on either side or both, whatever their number.
TEST(Unary, Words) {
  const ElementKind s16 = ElementKind::S16, u8 = ElementKind::U8, f32 = ElementKind::F32;
  for (auto [kind, input, output, scale] : {std::tuple(UnaryKind::Quantize, f32, s16, 0.001f),
                                            {UnaryKind::Dequantize, s16, f32, 0.37f},
                                            {UnaryKind::Requantize, s16, u8, 0.0041f},
                                            {UnaryKind::Requantize, u8, s16, 120.0f},
                                            {UnaryKind::Requantize, s16, s16, 1.3f}})
    for (Requant mode : {Requant::Float, Requant::Fixed})
      for (int64_t count : {1, 2, 517}) {
        UnaryParams p = unary(kind, input, count);
        p.output = output, p.requant = mode, p.scale = scale;
        p.inputStrides = {bytesOf(input)}, p.outputStrides = {bytesOf(output)};
        p.inputZeroPoint = input == u8 ? 100 : 0;
        p.range = output == u8 ? StoredRange{128, 0, 250} : StoredRange{0, -32767, 32767};
        std::vector<uint8_t> in = randomBytes(count * bytesOf(input)), want(count * bytesOf(output));
        if (input == f32) {
          std::vector<float> floats = randomFloats(count, 20, /*extremes=*/true);
          std::memcpy(in.data(), floats.data(), in.size());
        }
        for (int64_t i = 0; i < count; ++i) {
          int16_t word;
          float real;
          std::memcpy(&word, &in[i * bytesOf(input)], input == s16 ? 2 : 0);
          std::memcpy(&real, &in[i * bytesOf(input)], input == f32 ? 4 : 0);
          const auto [zero, min, max] = std::tuple(p.range.zeroPoint, p.range.min, p.range.max);
          const int32_t acc = input == s16 ? word : int32_t(in[i]) - p.inputZeroPoint;
          const int32_t q = kind == UnaryKind::Quantize ? numerics::quantize(real, scale, zero, min, max)
                            : mode == Requant::Float
                                ? numerics::requantizeFloat(acc, scale, zero, min, max)
                                : numerics::requantizeFixed(acc, *numerics::toFixedMultiplier(scale), zero, min, max);
          const float x = numerics::dequantize(acc, scale, 0);
          std::memcpy(&want[i * bytesOf(output)], output == f32 ? static_cast<const void *>(&x) : &q, bytesOf(output));
        }
        for (const ISA *isa : testedISAs()) {
          ASSERT_EQ(whyNoUnary(p, *isa), "");
          Guarded out(want.size());
          compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
          expectSame(out.data<uint8_t>(), want.data(), want.size(), unaryKernelName(p, *isa));
        }
      }
  UnaryParams p = unary(UnaryKind::Lookup, ElementKind::S16, 4);
  EXPECT_EQ(whyNoUnary(p, getISAs().front()), "a table of 16-bit values");
}

TEST(Unary, Lookup) {
  std::vector<uint8_t> table = randomBytes(256, 9), in = randomBytes(6 * 511);
  for (int i = 0; i < 256; ++i)
    in[i] = uint8_t(i);
  UnaryParams p = unary(UnaryKind::Lookup, ElementKind::U8, 6 * 511);
  UnaryParams pitched = p;
  pitched.shape = {6, 300};
  pitched.inputStrides = {511, 1};
  pitched.outputStrides = {400, 1};
  for (const ISA *isa : testedISAs())
    for (const UnaryParams &q : {p, pitched}) {
      const int64_t size = q.shape.size() == 1 ? 6 * 511 : 5 * 400 + 300;
      std::vector<uint8_t> want(size, uint8_t(canary));
      for (int64_t y = 0; y < (q.shape.size() == 1 ? 1 : 6); ++y)
        for (int64_t x = 0; x < q.shape.back().getStatic(); ++x)
          want[y * 400 + x] = table[in[y * 511 + x]];
      Guarded out(size);
      compile(q, *isa).run({in.data(), out.data(), table.data()}, unaryTileCount(q));
      expectSame(out.data<uint8_t>(), want.data(), size, unaryKernelName(q, *isa));
    }
}

TEST(Unary, Reasons) {
  UnaryParams p = unary(UnaryKind::Relu, ElementKind::U8, 4);
  EXPECT_EQ(whyNoUnary(p, getISAs().front()), "relu of these element kinds");
  p = unary(UnaryKind::Requantize, ElementKind::U8, 4);
  p.scale = std::numeric_limits<float>::infinity();
  EXPECT_EQ(whyNoUnary(p, getISAs().front()), "the multiplier is not finite");
  p = conversion(UnaryKind::Quantize, ElementKind::U8, 3, 1, {256, 0, 255});
  EXPECT_EQ(whyNoUnary(p, getISAs().front()), "the zero point does not fit into a byte");
  p.scale = 0;
  EXPECT_EQ(whyNoUnary(p, getISAs().front()), "the scale is not a positive normal number");
}

} // namespace
