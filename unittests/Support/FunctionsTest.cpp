// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The elementary functions against libm in double precision, over all binades, with the largest error asserted.

#include "nibble/Support/Numerics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

using namespace nibble;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// |got - want| in units of the last place of an f32 of want's size; 0 where both are the same special value.
double ulps(float got, double want) {
  float nearest = float(want);
  if (std::isnan(want))
    return std::isnan(got) ? 0 : 1e30;
  if (std::isinf(nearest) || std::isinf(got))
    return got == nearest ? 0 : 1e30;
  int exponent = want == 0 ? -149 : std::max(std::ilogb(want) - 23, -149);
  return std::fabs(double(got) - want) / std::ldexp(1.0, exponent);
}

template <typename Function, typename Reference>
double worst(Function function, Reference reference, uint32_t stride = 4001) {
  double error = 0;
  numerics::ScalarArith arith;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += stride) {
    float x = arith.fromBits(int32_t(uint32_t(bits)));
    error = std::max(error, ulps(function(x), reference(double(x))));
  }
  // Densely where the interesting things happen.
  for (int i = -400000; i <= 400000; ++i)
    error = std::max(error, ulps(function(float(i) * 0x1p-15f), reference(double(float(i) * 0x1p-15f))));
  return error;
}

TEST(Functions, Exp) {
  EXPECT_LE(worst(numerics::exp, [](double x) { return std::exp(x); }), 1.0);
  EXPECT_EQ(numerics::exp(0.0f), 1.0f);
  EXPECT_EQ(numerics::exp(-0.0f), 1.0f);
  EXPECT_EQ(numerics::exp(inf), inf);
  EXPECT_EQ(numerics::exp(-inf), 0.0f);
  EXPECT_EQ(numerics::exp(89.0f), inf);
  EXPECT_TRUE(std::isnan(numerics::exp(nan)));
}

TEST(Functions, ExpNegative) {
  numerics::ScalarArith arith;
  for (uint64_t bits = 0x80000000; bits < (uint64_t(1) << 32); bits += 997) {
    const float x = arith.fromBits(int32_t(uint32_t(bits))), y = numerics::expNegative(x);
    if (std::isnan(x))
      EXPECT_TRUE(std::isnan(y));
    else
      EXPECT_EQ(y, x < -87 ? 0.0f : numerics::exp(x)) << x;
  }
  EXPECT_TRUE(std::isnormal(numerics::expNegative(-87.0f)));
  EXPECT_EQ(numerics::expNegative(0.0f), 1.0f);
  EXPECT_EQ(numerics::expNegative(-inf), 0.0f);
}

TEST(Functions, Log) {
  EXPECT_LE(worst(numerics::log, [](double x) { return std::log(x); }), 1.0);
  EXPECT_EQ(numerics::log(1.0f), 0.0f);
  EXPECT_EQ(numerics::log(0.0f), -inf);
  EXPECT_EQ(numerics::log(-0.0f), -inf);
  EXPECT_EQ(numerics::log(inf), inf);
  EXPECT_TRUE(std::isnan(numerics::log(-1.0f)));
  EXPECT_TRUE(std::isnan(numerics::log(nan)));
}

TEST(Functions, Log1p) {
  double error = 0;
  for (int i = 0; i <= 1 << 20; ++i) {
    float x = float(i) * 0x1p-20f, y = std::ldexp(x, -i % 60);
    error = std::max(error, ulps(numerics::log1p(x), std::log1p(double(x))));
    error = std::max(error, ulps(numerics::log1p(y), std::log1p(double(y))));
  }
  EXPECT_LE(error, 2.0);
}

TEST(Functions, Tanh) {
  EXPECT_LE(worst(numerics::tanh, [](double x) { return std::tanh(x); }), 1.5);
  EXPECT_EQ(numerics::tanh(inf), 1.0f);
  EXPECT_EQ(numerics::tanh(-inf), -1.0f);
  EXPECT_TRUE(std::signbit(numerics::tanh(-0.0f)));
}

TEST(Functions, Erf) {
  EXPECT_LE(worst(numerics::erf, [](double x) { return std::erf(x); }), 1.5);
  EXPECT_EQ(numerics::erf(inf), 1.0f);
  EXPECT_EQ(numerics::erf(-inf), -1.0f);
  EXPECT_TRUE(std::signbit(numerics::erf(-0.0f)));
}

TEST(Functions, Sigmoid) {
  EXPECT_LE(worst(numerics::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }), 2.5);
  EXPECT_EQ(numerics::sigmoid(inf), 1.0f);
  EXPECT_EQ(numerics::sigmoid(-inf), 0.0f);
  EXPECT_EQ(numerics::sigmoid(0.0f), 0.5f);
}

TEST(Functions, Silu) {
  // e^x is subnormal below -87.
  auto silu = [](float x) { return x > -87 ? numerics::silu(x) : 0.0f; };
  EXPECT_LE(worst(silu, [](double x) { return x > -87 ? x / (1 + std::exp(-x)) : 0.0; }), 3.0);
  for (float x = -87; x > -110; x -= 0.01f)
    EXPECT_LE(std::fabs(numerics::silu(x) - double(x) / (1 + std::exp(-double(x)))), 0x1p-138) << x;
}

TEST(Functions, Softplus) {
  EXPECT_LE(worst(numerics::softplus,
                  [](double x) { return std::fmax(x, 0) + (x != x ? x : std::log1p(std::exp(-std::fabs(x)))); }),
            2.0);
  EXPECT_EQ(numerics::softplus(-inf), 0.0f);
  EXPECT_EQ(numerics::softplus(inf), inf);
}

TEST(Functions, Gelu) {
  double error = 0;
  for (int i = -400000; i <= 400000; ++i) {
    float x = float(i) * 0x1p-15f;
    double want = 0.5 * double(x) * std::erfc(-double(x) * std::sqrt(0.5));
    error = std::max(error, std::fabs(numerics::gelu(x) - want) / std::max(1.0, std::fabs(double(x))));
  }
  EXPECT_LE(error, 0x1p-22);
}

TEST(Functions, Pow) {
  double error = 0;
  for (int i = 0; i < 4000; ++i)
    for (int j = -200; j <= 200; ++j) {
      float x = std::ldexp(1.0f + float(i) / 4000, (i * 37) % 270 - 149), y = float(j) * 0.37f;
      error = std::max(error, ulps(numerics::pow(x, y), std::pow(double(x), double(y))));
    }
  EXPECT_LE(error, 0.51);
}

TEST(Functions, PowSpecials) {
  const float values[] = {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f,       3.0f,  -3.0f,  0.5f,   -0.5f,
                          2.5f, -2.5f, inf,  -inf,  nan,  16777217.0f, 1e30f, -1e30f, 1e-45f, -1e-45f};
  for (float x : values)
    for (float y : values) {
      float got = numerics::pow(x, y), want = float(std::pow(double(x), double(y)));
      EXPECT_LE(ulps(got, double(want)), 1.0) << x << "^" << y << " = " << got << ", expected " << want;
      if (!std::isnan(want))
        EXPECT_EQ(std::signbit(got), std::signbit(want)) << x << "^" << y;
    }
}

TEST(Functions, PiecewiseLinear) {
  numerics::ScalarArith a;
  using namespace functions;
  EXPECT_EQ(relu(a, -1.0f), 0.0f);
  EXPECT_EQ(relu(a, 2.0f), 2.0f);
  EXPECT_TRUE(std::isnan(relu(a, nan)));
  EXPECT_EQ(clip(a, 7.0f, 0.0f, 6.0f), 6.0f);
  EXPECT_EQ(clip(a, -inf, 0.0f, 6.0f), 0.0f);
  EXPECT_TRUE(std::isnan(clip(a, nan, 0.0f, 6.0f)));
  EXPECT_EQ(hardSwish(a, 3.0f), 3.0f);
  EXPECT_EQ(hardSwish(a, -3.0f), 0.0f);
  EXPECT_EQ(hardSigmoid(a, 0.0f, 0.2f, 0.5f), 0.5f);
  EXPECT_EQ(leakyRelu(a, -2.0f, 0.5f), -1.0f);
  EXPECT_EQ(elu(a, -inf, 2.0f), -2.0f);
  EXPECT_EQ(elu(a, 3.0f, 2.0f), 3.0f);
  EXPECT_EQ(ceil(a, 1.25f), 2.0f);
  EXPECT_TRUE(std::signbit(ceil(a, -0.5f)));
  EXPECT_EQ(numerics::ScalarArith().floor(-1.25f), -2.0f);
}

} // namespace
