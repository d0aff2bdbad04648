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
  for (const ISA *isa : hostISAs()) {
    if (std::string why = whyNoUnary(p, *isa); !why.empty()) {
      EXPECT_FALSE(isa->hasFMA);
      EXPECT_NE(why.find("needs fused multiply-add"), std::string::npos);
      continue;
    }
    Guarded out(count * 4);
    compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
    expectSame(out.data<float>(), want.data(), count, unaryKernelName(p, *isa));
  }
}

INSTANTIATE_TEST_SUITE_P(Unary, Functions, ::testing::ValuesIn(cases));

TEST(Unary, EmptyAndSingle) {
  for (int64_t count : {0, 1}) {
    UnaryParams p = unary(UnaryKind::Sqrt, ElementKind::F32, count);
    for (const ISA *isa : hostISAs()) {
      float in = 9.0f;
      Guarded out(count * 4);
      compile(p, *isa).run({&in, out.data()}, unaryTileCount(p));
      if (count)
        EXPECT_EQ(*out.data<float>(), 3.0f);
    }
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
      for (const ISA *isa : hostISAs()) {
        ASSERT_EQ(whyNoUnary(p, *isa), "");
        Guarded out(517);
        compile(p, *isa).run({in.data(), out.data()}, unaryTileCount(p));
        expectSame(out.data<uint8_t>(), want.data(), 517, unaryKernelName(p, *isa));
      }
    }
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
  for (const ISA *isa : hostISAs())
    for (const UnaryParams &q : {p, pitched}) {
      const int64_t size = q.shape.size() == 1 ? 6 * 511 : 5 * 400 + 300;
      std::vector<uint8_t> want(size, uint8_t(canary));
      for (int64_t y = 0; y < (q.shape.size() == 1 ? 1 : 6); ++y)
        for (int64_t x = 0; x < q.shape.back(); ++x)
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
}

} // namespace
