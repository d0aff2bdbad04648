// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trigonometric and hyperbolic functions against libm in extended precision, over all binades.

#include "nibble/Support/AngleFunctions.h"
#include "nibble/Support/WideArith.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace nibble;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
numerics::WideScalarArith arith;

/// |got - want| in units of the last place of an f32 of want's size; 0 where both are the same special value.
double ulps(float got, long double want) {
  if (std::isnan(want))
    return std::isnan(got) ? 0 : 1e30;
  if (std::isinf(float(want)) || std::isinf(got))
    return got == float(want) ? 0 : 1e30;
  const int exponent = want == 0 ? -149 : std::max(std::ilogb(want) - 23, -149);
  return double(std::fabs(got - want) / std::ldexp(1.0L, exponent));
}

template <typename Function, typename Reference>
double worst(Function function, Reference reference) {
  double error = 0;
  auto measure = [&](float x) { error = std::max(error, ulps(function(arith, x), reference((long double)x))); };
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 4001)
    measure(arith.fromBits(int32_t(uint32_t(bits))));
  // Densely where the interesting things happen, and on both sides of 1.
  for (int i = -200000; i <= 200000; ++i) {
    measure(float(i) * 0x1p-14f);
    measure(1 + float(i) * 0x1p-23f);
    measure(float(i) * 1.57079637f);
  }
  return error;
}

#define EXPECT_NEAREST(name)                                                                                           \
  EXPECT_LE(worst([](auto &a, float x) { return functions::name(a, x); }, [](long double x) { return name##l(x); }),   \
            0.5001)

TEST(AngleFunctions, OfAngles) {
  EXPECT_NEAREST(sin);
  EXPECT_NEAREST(cos);
  EXPECT_NEAREST(tan);
}

TEST(AngleFunctions, Inverse) {
  EXPECT_NEAREST(asin);
  EXPECT_NEAREST(acos);
  EXPECT_NEAREST(atan);
}

TEST(AngleFunctions, Hyperbolic) {
  EXPECT_NEAREST(sinh);
  EXPECT_NEAREST(cosh);
  EXPECT_NEAREST(asinh);
  EXPECT_NEAREST(acosh);
  EXPECT_NEAREST(atanh);
}

TEST(AngleFunctions, SpecialCases) {
  namespace f = functions;
  for (float x : {inf, -inf, nan})
    for (float y : {f::sin(arith, x), f::cos(arith, x), f::tan(arith, x), f::asin(arith, x), f::acos(arith, x)})
      EXPECT_TRUE(std::isnan(y));
  for (float y : {f::sin(arith, -0.0f), f::tan(arith, -0.0f), f::asin(arith, -0.0f), f::atan(arith, -0.0f),
                  f::sinh(arith, -0.0f), f::asinh(arith, -0.0f), f::atanh(arith, -0.0f)})
    EXPECT_TRUE(y == 0 && std::signbit(y));
  EXPECT_EQ(f::atanh(arith, 1.0f), inf);
  EXPECT_EQ(f::atanh(arith, -1.0f), -inf);
  EXPECT_TRUE(std::isnan(f::atanh(arith, 1.5f)));
  EXPECT_EQ(f::acosh(arith, 1.0f), 0.0f);
  EXPECT_TRUE(std::isnan(f::acosh(arith, 0.5f)));
  EXPECT_EQ(f::sinh(arith, -inf), -inf);
  EXPECT_EQ(f::cosh(arith, -inf), inf);
  EXPECT_EQ(f::asinh(arith, -inf), -inf);
  EXPECT_EQ(f::atan(arith, inf), 1.57079637f);
}

} // namespace
