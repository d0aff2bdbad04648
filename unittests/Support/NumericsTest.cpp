// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arithmetic of quantization against independent oracles: long double, __int128 and values worked by hand.

#include "nibble/Support/Numerics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <limits>
#include <random>

using namespace nibble;
using namespace nibble::numerics;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Round half to even without rint.
int64_t roundEven(long double x) {
  long double floor = floorl(x), rest = x - floor;
  int64_t low = int64_t(floor);
  if (rest == 0.5L)
    return low % 2 == 0 ? low : low + 1;
  return rest > 0.5L ? low + 1 : low;
}

int32_t clampOracle(__int128 v, int32_t lo, int32_t hi) { return int32_t(v < lo ? lo : v > hi ? hi : int64_t(v)); }

int32_t fixedOracle(int32_t acc, FixedMultiplier m, int32_t zp, int32_t lo, int32_t hi) {
  __int128 scaled = (__int128(acc) * m.m + (__int128(1) << (m.s - 1))) >> m.s;
  return clampOracle(scaled + zp, lo, hi);
}

TEST(Quantize, WorkedExamples) {
  // Symmetric: [-1, 1] to [-127, 127].
  for (auto [x, q] : {std::pair{-1.0f, -127}, {1.0f, 127}, {0.0f, 0}, {-2.0f, -127}, {2.0f, 127}})
    EXPECT_EQ(quantize(x, 1.0f / 127, 0, -127, 127), q) << x;
  // Asymmetric: [0, 2] to [0, 255].
  for (auto [x, q] :
       {std::pair{0.0f, 0}, {2.0f, 255}, {1.0f, 127}, {-1.0f, 0}, {3.0f, 255}}) // 1 / fl32(2 / 255) is just below 127.5
    EXPECT_EQ(quantize(x, 2.0f / 255, 0, 0, 255), q) << x;
}

TEST(Quantize, TiesGoToEven) {
  for (auto [x, q] : {std::pair{0.5f, 0}, {1.5f, 2}, {2.5f, 2}, {-0.5f, 0}, {-1.5f, -2}, {-2.5f, -2}})
    EXPECT_EQ(quantize(x, 1.0f, 0, -128, 127), q) << x;
  EXPECT_EQ(quantize(0.5f, 1.0f, 1, 0, 255), 1); // the quotient is rounded, not the sum
  EXPECT_EQ(quantize(1.5f, 1.0f, 1, 0, 255), 3);
}

TEST(Quantize, Specials) {
  for (int32_t zp : {0, 7, 255}) {
    EXPECT_EQ(quantize(nan, 0.1f, zp, 0, 255), zp);
    EXPECT_EQ(quantize(inf, 0.1f, zp, 0, 255), 255);
    EXPECT_EQ(quantize(-inf, 0.1f, zp, 0, 255), 0);
    EXPECT_EQ(quantize(3e38f, 1e-38f, zp, 0, 255), 255);
    EXPECT_EQ(quantize(-0.0f, 0.1f, zp, 0, 255), zp);
  }
  EXPECT_EQ(quantize(inf, 1.0f, 0, INT_MIN, INT_MAX), INT_MAX);
  EXPECT_EQ(quantize(-inf, 1.0f, 0, INT_MIN, INT_MAX), INT_MIN);
  EXPECT_EQ(quantize(2147483648.0f, 1.0f, INT_MAX, INT_MIN, INT_MAX), INT_MAX);
}

TEST(Quantize, RoundTrip) {
  for (float scale : {0.1f, 1.0f / 3, 7.25f, 1e-30f, 1e30f})
    for (int32_t zp : {-128, 0, 127})
      for (int32_t q = -128; q <= 127; ++q)
        EXPECT_EQ(quantize(dequantize(q, scale, zp), scale, zp, -128, 127), q);
}

TEST(Dequantize, Extremes) {
  EXPECT_EQ(dequantize(255, 0.5f, 0), 127.5f);
  EXPECT_EQ(dequantize(0, 0.5f, 255), -127.5f);
  EXPECT_EQ(dequantize(INT_MIN, 1.0f, INT_MAX), -4294967296.0f); // no overflow in the difference
}

TEST(Scales, Predicates) {
  EXPECT_TRUE(isScale(1.0f));
  EXPECT_TRUE(isScale(0x1p-126f));
  for (float bad : {0.0f, -1.0f, inf, nan, 0x1p-127f})
    EXPECT_FALSE(isScale(bad)) << bad;
  EXPECT_TRUE(isExactScale(0.5));
  EXPECT_TRUE(isExactScale(double(0.1f)));
  for (double bad : {0.1, 1e-300, 1e300, 0.0, -0.5, double(inf), double(nan)})
    EXPECT_FALSE(isExactScale(bad)) << bad;
}

TEST(FoldScale, RoundsTwice) {
  EXPECT_EQ(foldScale(0.1f, 0.3f, 0.7f), float(0.1f * 0.3f) / 0.7f);
  EXPECT_EQ(foldScale(1e-30f, 1e-30f, 1e-30f), 0.0f); // underflow is the caller's to diagnose
  EXPECT_EQ(averageMultiplier(0.5f, 49), 0.5f / 49.0f);
}

TEST(RequantizeFloat, Ties) {
  for (auto [acc, q] : {std::pair{1, 0}, {3, 2}, {5, 2}, {7, 4}, {-1, 0}, {-3, -2}, {-5, -2}})
    EXPECT_EQ(requantizeFloat(acc, 0.5f, 0, -128, 127), q) << acc;
}

TEST(RequantizeFloat, ZeroPointsAtBothEnds) {
  EXPECT_EQ(requantizeFloat(10, 1.0f, 255, 0, 255), 255);
  EXPECT_EQ(requantizeFloat(-10, 1.0f, 255, 0, 255), 245);
  EXPECT_EQ(requantizeFloat(-300, 1.0f, 255, 0, 255), 0);
  EXPECT_EQ(requantizeFloat(-1, 1.0f, 0, 0, 255), 0);
  EXPECT_EQ(requantizeFloat(10, 1.0f, -128, -128, 127), -118);
  EXPECT_EQ(requantizeFloat(300, 1.0f, -128, -128, 127), 127);
  EXPECT_EQ(requantizeFloat(5, 1.0f, 3, 3, 6), 6); // a fused clamp
}

TEST(RequantizeFloat, Extremes) {
  for (float m : {1e-38f, 0x1p-32f, 0.001f, 1.0f, 1e30f, 3e38f}) {
    EXPECT_EQ(requantizeFloat(0, m, 7, 0, 255), 7) << m;
    EXPECT_EQ(requantizeFloat(INT_MAX, m, 0, 0, 255), m < 1e-9f ? (m * 2147483648.0f > 0.5f ? 1 : 0) : 255) << m;
    EXPECT_EQ(requantizeFloat(INT_MIN, m, 255, 0, 255), m < 1e-9f ? 255 - (m * 2147483648.0f > 0.5f ? 1 : 0) : 0) << m;
  }
  EXPECT_EQ(requantizeFloat(INT_MAX, 1.0f, 0, INT_MIN, INT_MAX), INT_MAX);
  EXPECT_EQ(requantizeFloat(INT_MIN, 1.0f, 0, INT_MIN, INT_MAX), INT_MIN);
  // 2^24 + 1 is rounded to even when it becomes a float.
  EXPECT_EQ(requantizeFloat((1 << 24) + 1, 1.0f, 0, INT_MIN, INT_MAX), 1 << 24);
}

TEST(RequantizeFloat, AgreesWithLongDouble) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    int32_t acc = int32_t(random()) >> (random() % 31);
    float m = std::ldexp(float(1 + random() % 16777215), -int(random() % 48));
    int32_t zp = int32_t(random() % 256);
    float product = float((long double)(float(acc)) * m); // one rounding
    int32_t want = clampOracle(__int128(roundEven(std::min(std::max((long double)product, -1e9L), 1e9L))) + zp, 0, 255);
    ASSERT_EQ(requantizeFloat(acc, m, zp, 0, 255), want) << acc << " " << m << " " << zp;
  }
}

TEST(FixedMultiplier, IsExact) {
  std::mt19937 random(2);
  for (int i = 0; i < 200000; ++i) {
    float f = std::ldexp(float(0x800000 + random() % 0x800000), -55 + int(random() % 60));
    auto m = toFixedMultiplier(f);
    ASSERT_TRUE(m) << f;
    ASSERT_GE(m->m, 1 << 30);
    ASSERT_GE(m->s, 2);
    ASSERT_LE(m->s, 62);
    ASSERT_EQ(std::ldexp((long double)m->m, -m->s), (long double)f);
  }
}

TEST(FixedMultiplier, Range) {
  EXPECT_EQ(toFixedMultiplier(0x1p-32f)->s, 62);
  EXPECT_EQ(toFixedMultiplier(0x1.fffffep28f)->s, 2);
  EXPECT_EQ(toFixedMultiplier(1.0f)->m, 1 << 30);
  EXPECT_EQ(toFixedMultiplier(1.0f)->s, 30);
  for (float bad : {0.0f, -1.0f, 0x1.fffffep-33f, 0x1p29f, 1e-45f, inf, -inf, nan})
    EXPECT_FALSE(toFixedMultiplier(bad)) << bad;
}

TEST(RequantizeFixed, RoundsHalfUp) {
  FixedMultiplier half = *toFixedMultiplier(0.5f);
  for (auto [acc, q] : {std::pair{1, 1}, {3, 2}, {5, 3}, {-1, 0}, {-3, -1}, {-5, -2}, {0, 0}})
    EXPECT_EQ(requantizeFixed(acc, half, 0, -128, 127), q) << acc;
}

TEST(RequantizeFixed, AgreesWithInt128) {
  std::mt19937 random(3);
  const int32_t extremes[] = {INT_MIN, INT_MIN + 1, -1, 0, 1, INT_MAX - 1, INT_MAX};
  for (int i = 0; i < 200000; ++i) {
    FixedMultiplier m = *toFixedMultiplier(std::ldexp(float(0x800000 + random() % 0x800000), -55 + int(random() % 60)));
    int32_t acc = i % 4 == 0 ? extremes[random() % 7] : int32_t(random()) >> (random() % 31);
    for (auto [zp, lo, hi] : {std::tuple{0, 0, 255},
                              {255, 0, 255},
                              {-128, -128, 127},
                              {127, -128, 127},
                              {0, INT_MIN, INT_MAX},
                              {INT_MAX, INT_MIN, INT_MAX},
                              {INT_MIN, INT_MIN, INT_MAX}})
      ASSERT_EQ(requantizeFixed(acc, m, zp, lo, hi), fixedOracle(acc, m, zp, lo, hi))
          << acc << " " << m.m << " " << m.s;
  }
}

TEST(RequantizeFixed, DiffersFromFloatOnlyAtTies) {
  std::mt19937 random(4);
  for (int i = 0; i < 100000; ++i) {
    int32_t acc = int32_t(random() % 200000) - 100000;
    float f = std::ldexp(float(0x800000 + random() % 0x800000), -34);
    int32_t a = requantizeFloat(acc, f, 0, -128, 127), b = requantizeFixed(acc, *toFixedMultiplier(f), 0, -128, 127);
    ASSERT_LE(std::abs(a - b), 1);
    if (a != b) {
      double fraction = double(acc) * f - std::floor(double(acc) * f);
      ASSERT_NEAR(fraction, 0.5, 1e-4) << acc << " " << f;
    }
  }
}

TEST(AddFloat, ClampsAndRoundsToEven) {
  const auto add = [](int32_t l, float f, int32_t r, float g, int32_t zp, int32_t lo, int32_t hi) {
    return addFloat(l, r, toFloatAddition(f, 0, g, 0, zp), lo, hi);
  };
  EXPECT_EQ(add(3, 0.5f, 0, 1.0f, 0, -128, 127), 2);
  EXPECT_EQ(add(3, 0.5f, 0, 1.0f, 1, -128, 127), 2); // with its zero point
  EXPECT_EQ(add(255, 1.0f, 255, 1.0f, 0, 0, 255), 255);
  EXPECT_EQ(add(-255, 1.0f, -255, 1.0f, 255, 0, 255), 0);
  EXPECT_EQ(add(10, 1.0f, 4, -1.0f, 0, -128, 127), 6);
  const float huge = std::numeric_limits<float>::max();
  EXPECT_EQ(add(255, huge, 255, -huge, 7, -128, 127), -128); // the inner sum is -inf, the outer product exact
  EXPECT_EQ(addFloat(3, 4, toFloatAddition(huge, 200, -huge, 200, 7), -128, 127), 127);
}

TEST(AddFloat, RoundsEachSumOnce) {
  // 3 times the f32 above 1/3 is 1 + 2^-25, which a product rounded by itself loses.
  FloatAddition m = toFloatAddition(0x1p25f / 3.0f, 0, -0x1p25f, 0, 0);
  EXPECT_EQ(addFloat(3, 1, m, -128, 127), 1);
}

TEST(AddFloat, RoundsSumsOfDoubles) {
  EXPECT_TRUE(isExactInDouble(toFloatAddition(0.7f, 120, 0.4f, 3, 90)));
  EXPECT_TRUE(isExactInDouble({0, 0, 0}));
  EXPECT_FALSE(isExactInDouble({0x1p-20f, 0x1.000002p8f, 0}));
  EXPECT_FALSE(isExactInDouble({1, 1, std::numeric_limits<float>::infinity()}));
  std::mt19937 random(6);
  const auto scale = [&] { return std::ldexp(float(0x800000 + random() % 0x800000), -27 + int(random() % 12)); };
  for (int i = 0; i < 100000; ++i) {
    FloatAddition m = toFloatAddition(scale(), random() % 256, scale(), random() % 256, random() % 256);
    if (!isExactInDouble(m))
      continue;
    const int32_t l = random() % 256, r = random() % 256;
    const float right = float(double(r) * m.rhs + m.offset), sum = float(double(l) * m.lhs + right);
    ASSERT_EQ(roundClamp(sum, 0, 0, 255), addFloat(l, r, m, 0, 255));
  }
}

TEST(AddFloat, OrderDecidesTies) {
  // 80.5000026 of reals: 81 in onnxruntime's QLinearAdd too, on processors with FMA.
  const float f = 0.386f / 0.264f, g = 0.411f / 0.264f;
  EXPECT_EQ(addFloat(13, 44, toFloatAddition(f, 13, g, 0, 12), 0, 255), 81);
  EXPECT_EQ(addFloat(44, 13, toFloatAddition(g, 0, f, 13, 12), 0, 255), 80);
}

TEST(AddFloat, FoldsZeroPointsIntoTheOffset) {
  FloatAddition m = toFloatAddition(0.7f, 120, 0.4f, -3, 90);
  EXPECT_EQ(m.offset, 90.0f - std::fma(120.0f, 0.7f, -3.0f * 0.4f));
  EXPECT_EQ(addFloat(120, -3, m, 0, 255), 90);
}

TEST(AddFixed, AgreesWithInt128) {
  std::mt19937 random(5);
  auto scale = [&] {
    float s = std::ldexp(float(0x800000 + random() % 0x800000), -55 + int(random() % 60));
    return random() % 2 ? s : -s;
  };
  for (int i = 0; i < 200000; ++i) {
    FixedAddition m = *toFixedAddition(scale(), scale());
    int32_t bound = i % 2 ? 255 : (1 << 30) - 1;
    auto value = [&] { return random() % 8 == 0 ? (random() % 2 ? bound : -bound) : int32_t(random()) % bound; };
    int32_t l = value(), r = value(), zp = int32_t(random() % 256) - 128;
    __int128 sum = __int128(l) * m.lhs + __int128(r) * m.rhs + (__int128(1) << (m.s - 1));
    ASSERT_EQ(addFixed(l, r, m, zp, -128, 127), clampOracle((sum >> m.s) + zp, -128, 127));
  }
}

TEST(AddFixed, CommonShift) {
  FixedAddition m = *toFixedAddition(0.5f, 0.25f);
  EXPECT_EQ(m.s, 31);
  EXPECT_EQ(m.lhs, 1 << 30);
  EXPECT_EQ(m.rhs, 1 << 29);
  FixedAddition wide = *toFixedAddition(0x1p-32f, 0x1p28f);
  EXPECT_EQ(wide.s, 2);
  EXPECT_EQ(wide.lhs, 0);
  EXPECT_EQ(toFixedAddition(0x1.8p-3f, -0x1p28f)->lhs, 1); // 2^30 * 1.5 >> 31, half up
  EXPECT_FALSE(toFixedAddition(0.0f, 1.0f));
  EXPECT_FALSE(toFixedAddition(1.0f, nan));
}

TEST(MinMax, OrderDoesNotMatter) {
  for (auto [a, b] : {std::pair{1.0f, 2.0f}, {-1.0f, 1.0f}, {inf, -inf}, {-0.0f, 0.0f}}) {
    for (bool swap : {false, true}) {
      float x = swap ? b : a, y = swap ? a : b;
      EXPECT_EQ(std::signbit(maximum(x, y)), std::signbit(std::max(a, b)) && a != b) << a << " " << b;
      EXPECT_EQ(maximum(x, y), std::max(a, b));
      EXPECT_EQ(minimum(x, y), std::min(a, b));
    }
    EXPECT_TRUE(std::isnan(maximum(a, nan)) && std::isnan(maximum(nan, a)));
    EXPECT_TRUE(std::isnan(minimum(a, nan)) && std::isnan(minimum(nan, a)));
  }
  EXPECT_TRUE(std::signbit(minimum(-0.0f, 0.0f)) && std::signbit(minimum(0.0f, -0.0f)));
}

TEST(Sum, LanesAndTree) {
  EXPECT_EQ(sum(nullptr, 0), 0.0f);
  float x[40];
  for (int i = 0; i < 40; ++i)
    x[i] = std::ldexp(1.0f + float(i) / 64, (i * 7) % 25);
  float lane[16] = {};
  for (int i = 0; i < 40; ++i)
    lane[i % 16] += x[i];
  auto two = [&](int i, int step) { return lane[i] + lane[i + step]; };
  float eight[8], four[4];
  for (int i = 0; i < 8; ++i)
    eight[i] = two(i, 8);
  for (int i = 0; i < 4; ++i)
    four[i] = eight[i] + eight[i + 4];
  EXPECT_EQ(sum(x, 40), (four[0] + four[2]) + (four[1] + four[3]));
  float minusZero = -0.0f;
  EXPECT_FALSE(std::signbit(sum(&minusZero, 1))); // lanes start at +0
}

} // namespace
