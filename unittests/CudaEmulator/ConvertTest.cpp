// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cvt between all types.
#include "Evaluate.h"

#include <algorithm>
#include <cmath>

using namespace harness;

namespace {

template <class T>
std::string nameOf() {
  return std::is_floating_point_v<T> ? ".f" + std::to_string(8 * sizeof(T))
                                     : (std::is_signed_v<T> ? ".s" : ".u") + std::to_string(8 * sizeof(T));
}

template <class D, class S, class F>
void check(const std::string &modifiers, const std::vector<S> &values, F &&reference) {
  std::vector<D> expected;
  for (S value : values)
    expected.push_back(reference(value));
  std::string text = "cvt" + modifiers + nameOf<D>() + nameOf<S>() + " %d, %x;";
  expectBits(evaluate<D>(text, values), expected, text);
}

template <class D, class S>
void betweenIntegers() {
  check<D, S>("", extremes<S>(), [](S value) { return D(value); });
  constexpr bool holdsAll = std::is_signed_v<D> == std::is_signed_v<S> ? sizeof(D) >= sizeof(S)
                                                                       : std::is_signed_v<D> && sizeof(D) > sizeof(S);
  if (holdsAll)
    return;
  check<D, S>(".sat", extremes<S>(), [](S value) {
    return D(std::clamp<__int128>(value, std::numeric_limits<D>::min(), std::numeric_limits<D>::max()));
  });
}

template <class D, class S>
void fromFloat() {
  auto clamped = [](S value) {
    if (std::isnan(value))
      return sizeof(S) == 8 || sizeof(D) == 8 ? D(uint64_t(1) << (8 * sizeof(D) - 1)) : D(0);
    long double exact = value;
    if (exact >= (long double)std::numeric_limits<D>::max())
      return std::numeric_limits<D>::max();
    return exact <= (long double)std::numeric_limits<D>::min() ? std::numeric_limits<D>::min() : D(value);
  };
  check<D, S>(".rni", extremes<S>(), [&](S value) { return clamped(std::nearbyint(value)); });
  check<D, S>(".rzi", extremes<S>(), [&](S value) { return clamped(std::trunc(value)); });
  check<D, S>(".rmi", extremes<S>(), [&](S value) { return clamped(std::floor(value)); });
  check<D, S>(".rpi", extremes<S>(), [&](S value) { return clamped(std::ceil(value)); });
}

template <class I>
void withIntegers() {
  betweenIntegers<I, int8_t>();
  betweenIntegers<I, uint8_t>();
  betweenIntegers<I, int16_t>();
  betweenIntegers<I, uint16_t>();
  betweenIntegers<I, int32_t>();
  betweenIntegers<I, uint32_t>();
  betweenIntegers<I, int64_t>();
  betweenIntegers<I, uint64_t>();
  fromFloat<I, float>();
  fromFloat<I, double>();
  check<float, I>(".rn", extremes<I>(), [](I value) { return float(value); });
  check<double, I>(".rn", extremes<I>(), [](I value) { return double(value); });
}

float canonical(float value) {
  uint32_t nan = 0x7FFFFFFF;
  if (value != value)
    std::memcpy(&value, &nan, 4);
  return value;
}

/// A half's value by its definition.
double half(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                 : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                : std::ldexp(fraction, -24);
  return bits >> 15 ? -value : value;
}

/// The nearest half, by trying all; ties to even bits.
uint16_t nearest(double value) {
  if (std::isnan(value))
    return 0x7FFF;
  uint16_t best = 0;
  double least = INFINITY;
  for (uint32_t bits = 0; bits < 0x7C00; ++bits) {
    double distance = std::fabs(half(uint16_t(bits)) - std::fabs(value));
    if (distance < least || (distance == least && !(bits & 1)))
      best = uint16_t(bits), least = distance;
  }
  if (std::fabs(value) >= 65520)
    best = 0x7C00;
  return uint16_t(best | (std::signbit(value) ? 0x8000 : 0));
}

std::vector<uint16_t> allHalves() {
  std::vector<uint16_t> all(65536);
  for (uint32_t k = 0; k < all.size(); ++k)
    all[k] = uint16_t(k);
  return all;
}

} // namespace

TEST(Convert, Bytes) { withIntegers<int8_t>(), withIntegers<uint8_t>(); }
TEST(Convert, Halves) { withIntegers<int16_t>(), withIntegers<uint16_t>(); }
TEST(Convert, Words) { withIntegers<int32_t>(), withIntegers<uint32_t>(); }
TEST(Convert, DoubleWords) { withIntegers<int64_t>(), withIntegers<uint64_t>(); }

/// The low bits of a wider register count, and the result is extended to one.
TEST(Convert, WiderRegisters) {
  std::vector<uint32_t> x = extremes<uint32_t>(), low, wide;
  for (uint32_t value : x) {
    low.push_back(uint32_t(int8_t(value)));
    wide.push_back(uint16_t(int16_t(int8_t(value))));
  }
  expectBits(evaluate<uint32_t>("cvt.s32.s8 %d, %x;", x), low, "s32.s8");
  expectBits(evaluate<uint32_t>("cvt.s8.s32 %d, %x;", x), low, "s8.s32");
  expectBits(evaluate<uint32_t>("cvt.u16.s8 %d, %x;", x), wide, "u16.s8");
}

TEST(Convert, ToIntegralFloats) {
  check<float, float>(".rni", extremes<float>(), [](float a) { return canonical(std::nearbyint(a)); });
  check<float, float>(".rzi", extremes<float>(), [](float a) { return canonical(std::trunc(a)); });
  check<float, float>(".rmi", extremes<float>(), [](float a) { return canonical(std::floor(a)); });
  check<float, float>(".rpi", extremes<float>(), [](float a) { return canonical(std::ceil(a)); });
  check<float, float>(".sat", extremes<float>(), [](float a) { return a > 0 ? (a < 1 ? a : 1.0f) : 0.0f; });
}

TEST(Convert, BetweenFloats) {
  std::vector<double> values = extremes<double>();
  for (double x : {1 + 1e-9, 1 - 1e-9, -1 - 1e-9, 1e-46, -1e-46, 4e38, -4e38, 0.1})
    values.push_back(x);
  check<float, double>(".rn", values, [](double a) { return canonical(float(a)); });
  auto directed = [](double a, int direction) { // -1 down, 1 up
    float near = float(a);
    if (direction < 0 && double(near) > a)
      near = std::nextafter(near, -INFINITY);
    if (direction > 0 && double(near) < a)
      near = std::nextafter(near, INFINITY);
    return canonical(near);
  };
  check<float, double>(".rm", values, [&](double a) { return directed(a, -1); });
  check<float, double>(".rp", values, [&](double a) { return directed(a, 1); });
  check<float, double>(".rz", values, [&](double a) { return directed(a, a > 0 ? -1 : 1); });
  std::vector<float> numbers;
  for (float value : extremes<float>())
    if (value == value)
      numbers.push_back(value);
  check<double, float>("", numbers, [](float a) { return double(a); });
}

TEST(Convert, FromHalves) {
  std::vector<uint16_t> all = allHalves();
  std::vector<float> expected;
  for (uint16_t bits : all)
    expected.push_back(canonical(float(half(bits))));
  expectBits(evaluate<float>("cvt.f32.f16 %d, %x;", all), expected, "f32.f16");
}

TEST(Convert, ToHalves) {
  std::vector<float> x = extremes<float>();
  for (float value : {65504.0f, 65519.9f, 65520.0f, 1.0f + 1.0f / 2048, 1.0f + 3.0f / 2048, 5.9e-8f, 2.9e-8f, 6.1e-5f})
    x.push_back(value), x.push_back(-value);
  std::vector<uint16_t> expected, truncated;
  std::vector<uint32_t> packed;
  for (float value : x) {
    expected.push_back(nearest(value));
    packed.push_back(nearest(value) | uint32_t(nearest(-value)) << 16);
    uint16_t toZero = nearest(value);
    if (std::fabs(half(toZero)) > std::fabs(value) || (std::isinf(half(toZero)) && !std::isinf(value)))
      --toZero;
    truncated.push_back(toZero);
  }
  expectBits(evaluate<uint16_t>("cvt.rn.f16.f32 %d, %x;", x), expected, "rn.f16.f32");
  expectBits(evaluate<uint16_t>("cvt.rz.f16.f32 %d, %x;", x), truncated, "rz.f16.f32");
  for (size_t k = 0; k < x.size(); ++k)
    if (x[k] != x[k])
      packed[k] = 0x7FFF7FFF;
  expectBits(evaluate<uint32_t>("neg.f32 %f0, %x; cvt.rn.f16x2.f32 %d, %f0, %x;", x), packed, "f16x2");
}

TEST(Convert, ArithmeticOfHalves) {
  std::vector<uint16_t> x, y, sum, product, fused, least;
  std::mt19937 random(3);
  for (int k = 0; k < 300; ++k) {
    x.push_back(uint16_t(random()));
    y.push_back(uint16_t(random()));
    double a = half(x[k]), b = half(y[k]);
    sum.push_back(nearest(a + b));
    product.push_back(nearest(a * b));
    fused.push_back(nearest(double(std::fma((long double)a, (long double)b, (long double)a))));
    least.push_back(std::isnan(a) && std::isnan(b)                          ? 0x7FFF
                    : std::isnan(a) || b < a || (a == b && std::signbit(b)) ? (std::isnan(b) ? x[k] : y[k])
                                                                            : x[k]);
  }
  expectBits(evaluate<uint16_t>("add.rn.f16 %d, %x, %y;", x, y), sum, "add.f16");
  expectBits(evaluate<uint16_t>("mul.rn.f16 %d, %x, %y;", x, y), product, "mul.f16");
  expectBits(evaluate<uint16_t>("fma.rn.f16 %d, %x, %y, %x;", x, y), fused, "fma.f16");
  expectBits(evaluate<uint16_t>("min.f16 %d, %x, %y;", x, y), least, "min.f16");
  std::string twice =
      "mov.b32 %r1, {%x, %y}; mov.b32 %r2, {%y, %x}; add.rn.f16x2 %r1, %r1, %r2; mov.b32 {%h0, %d}, %r1;";
  expectBits(evaluate<uint16_t>(twice, x, y), sum, "add.f16x2");
}

TEST(Convert, WhatIsRefused) {
  EXPECT_EQ(instructionError("cvt.sat.s32.u16 %r0, %h0;"), "'cvt.sat.s32.u16': there is nothing to saturate");
  EXPECT_EQ(instructionError("cvt.s32.f32 %r0, %f0;"), "'cvt.s32.f32': this conversion is not executed here");
  EXPECT_EQ(instructionError("cvt.rz.f32.s32 %f0, %r0;"), "'cvt.rz.f32.s32': this conversion is not executed here");
  EXPECT_EQ(instructionError("cvt.rn.ftz.f32.f64 %f0, %fd0;"),
            "'cvt.rn.ftz.f32.f64': flushes denormal numbers to zero, which kernels must not");
}
