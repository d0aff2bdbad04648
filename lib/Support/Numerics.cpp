// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scalar arithmetic that defines Nibble's results.

#include "nibble/Support/Numerics.h"

#include <algorithm>
#include <limits>

using namespace nibble;
using namespace nibble::numerics;

//===----------------------------------------------------------------------===//
// Quantization
//===----------------------------------------------------------------------===//

static int32_t clampToI32(int64_t value, int32_t lo, int32_t hi) {
  return int32_t(std::min<int64_t>(std::max<int64_t>(value, lo), hi));
}

/// The clamp in f32 bounds the conversion; the one in i64 changes nothing where f32 holds the bounds exactly, that is
/// for storage below 25 bits.
int32_t numerics::roundClamp(float v, int32_t zp, int32_t lo, int32_t hi) {
  float low = float(int64_t(lo) - zp), high = float(int64_t(hi) - zp);
  v = v < low ? low : v;
  v = v > high ? high : v;
  return clampToI32(int64_t(std::rint(v)) + zp, lo, hi);
}

int32_t numerics::quantize(float x, float scale, int32_t zp, int32_t lo, int32_t hi) {
  float v = x / scale;
  return roundClamp(v != v ? 0.0f : v, zp, lo, hi);
}

float numerics::dequantize(int32_t q, float scale, int32_t zp) { return float(int64_t(q) - zp) * scale; }

float numerics::foldScale(float sx, float sw, float sy) {
  float product = sx * sw;
  return product / sy;
}

float numerics::averageMultiplier(float scale, int64_t taps) { return scale / float(taps); }

bool numerics::isScale(float x) { return x >= 0x1p-126f && x <= std::numeric_limits<float>::max(); }

bool numerics::isExactScale(double x) {
  // Compared first: converting a larger double would be undefined.
  if (!(x >= 0x1p-126 && x <= double(std::numeric_limits<float>::max())))
    return false;
  return double(float(x)) == x;
}

//===----------------------------------------------------------------------===//
// Requantization
//===----------------------------------------------------------------------===//

int32_t numerics::requantizeFloat(int32_t acc, float m, int32_t zp, int32_t lo, int32_t hi) {
  float v = float(acc) * m;
  return roundClamp(v != v ? 0.0f : v, zp, lo, hi);
}

FloatAddition numerics::toFloatAddition(float lhs, int32_t lhsZero, float rhs, int32_t rhsZero, int32_t zp) {
  float right = float(rhsZero) * rhs;
  return {lhs, rhs, float(zp) - std::fma(float(lhsZero), lhs, right)};
}

bool numerics::isExactInDouble(const FloatAddition &m) {
  // All are multiples of 2^lowest, and no sum, rounded or not, is beyond twice the greatest.
  int lowest = std::numeric_limits<int>::max();
  double greatest = 0;
  for (auto [x, stored] : {std::pair(m.lhs, 0x1p16), std::pair(m.rhs, 0x1p16), std::pair(m.offset, 1.0)}) {
    if (!std::isfinite(x))
      return false;
    if (x != 0)
      lowest = std::min(lowest, std::ilogb(x) - 23);
    greatest += std::fabs(double(x)) * stored;
  }
  return greatest == 0 || greatest < std::ldexp(1.0, lowest + 52);
}

int32_t numerics::addFloat(int32_t l, int32_t r, const FloatAddition &m, int32_t lo, int32_t hi) {
  float v = std::fma(float(l), m.lhs, std::fma(float(r), m.rhs, m.offset));
  return roundClamp(v, 0, lo, hi);
}

std::optional<FixedMultiplier> numerics::toFixedMultiplier(float multiplier) {
  if (!(multiplier >= 0x1p-32f && multiplier < 0x1p29f))
    return std::nullopt;
  // A normal number: 1.f * 2^e, e = exponent field - 127.
  int32_t bits = ScalarArith().bits(multiplier);
  int e = (bits >> 23) - 127;
  int32_t m = ((bits & 0x7fffff) | 0x800000) << 7;
  return FixedMultiplier{m, 30 - e};
}

int32_t numerics::requantizeFixed(int32_t acc, FixedMultiplier m, int32_t zp, int32_t lo, int32_t hi) {
  int64_t scaled = (int64_t(acc) * m.m + (int64_t(1) << (m.s - 1))) >> m.s;
  return clampToI32(zp + scaled, lo, hi);
}

/// m >> n, rounded half up, for n >= 0.
static int32_t shiftRounded(int32_t m, int n) {
  if (n == 0)
    return m;
  return n > 31 ? 0 : int32_t((int64_t(m) + (int64_t(1) << (n - 1))) >> n);
}

std::optional<FixedAddition> numerics::toFixedAddition(float lhsScale, float rhsScale) {
  auto lhs = toFixedMultiplier(std::fabs(lhsScale)), rhs = toFixedMultiplier(std::fabs(rhsScale));
  if (!lhs || !rhs)
    return std::nullopt;
  int s = std::min(lhs->s, rhs->s);
  int32_t l = shiftRounded(lhs->m, lhs->s - s), r = shiftRounded(rhs->m, rhs->s - s);
  return FixedAddition{lhsScale < 0 ? -l : l, rhsScale < 0 ? -r : r, s};
}

int32_t numerics::addFixed(int32_t l, int32_t r, FixedAddition m, int32_t zp, int32_t lo, int32_t hi) {
  int64_t sum = int64_t(l) * m.lhs + int64_t(r) * m.rhs;
  return clampToI32(zp + ((sum + (int64_t(1) << (m.s - 1))) >> m.s), lo, hi);
}

//===----------------------------------------------------------------------===//
// Quantization at run time
//===----------------------------------------------------------------------===//

/// Magnitudes are ordered as their bits are, a NaN above infinity.
float numerics::rowScale(const float *row, int64_t length, int32_t levels) {
  ScalarArith a;
  int32_t largest = a.bits(leastRowMagnitude);
  for (int64_t i = 0; i < length; ++i)
    largest = std::max(largest, a.bits(row[i]) & 0x7fffffff);
  if (largest >= a.bits(std::numeric_limits<float>::infinity()))
    return std::numeric_limits<float>::quiet_NaN();
  return a.fromBits(largest) / float(levels);
}

int32_t numerics::quantizeRow(float x, float scale, int32_t lo, int32_t hi) {
  float reciprocal = 1.0f / scale, v = x * reciprocal;
  return roundClamp(v != v ? 0.0f : v, 0, lo, hi);
}

DynamicEncoding numerics::dynamicEncoding(const float *x, int64_t count) {
  const float inf = std::numeric_limits<float>::infinity();
  float lo = 0, hi = 0;
  bool isFinite = true;
  for (int64_t i = 0; i < count; ++i) {
    isFinite &= std::fabs(x[i]) < inf;
    lo = std::min(lo, x[i]);
    hi = std::max(hi, x[i]);
  }
  const float range = hi - lo;
  if (!isFinite || range == inf)
    return {std::numeric_limits<float>::quiet_NaN(), 0};
  float scale = range / 255.0f;
  if (scale == 0)
    scale = 1;
  const float zero = 0.0f - lo / scale;
  return {scale, float(roundClamp(zero, 0, 0, 255))};
}

float numerics::scaleSum(float acc, float scale, float bias) {
  float scaled = acc * scale;
  return scaled + bias;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

#define NIBBLE_SCALAR_FUNCTION(name)                                                                                   \
  float numerics::name(float x) {                                                                                      \
    ScalarArith arith;                                                                                                 \
    return functions::name(arith, x);                                                                                  \
  }
NIBBLE_SCALAR_FUNCTION(exp)
NIBBLE_SCALAR_FUNCTION(expNegative)
NIBBLE_SCALAR_FUNCTION(log)
NIBBLE_SCALAR_FUNCTION(log1p)
NIBBLE_SCALAR_FUNCTION(tanh)
NIBBLE_SCALAR_FUNCTION(erf)
NIBBLE_SCALAR_FUNCTION(sigmoid)
NIBBLE_SCALAR_FUNCTION(silu)
NIBBLE_SCALAR_FUNCTION(softplus)
NIBBLE_SCALAR_FUNCTION(gelu)
#undef NIBBLE_SCALAR_FUNCTION

float numerics::pow(float x, float y) {
  ScalarArith arith;
  return functions::pow(arith, x, y);
}

float numerics::maximum(float a, float b) {
  if (a != a || b != b)
    return std::numeric_limits<float>::quiet_NaN();
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

float numerics::minimum(float a, float b) { return -maximum(-a, -b); }

float numerics::sum(const float *x, int64_t n) {
  return reduceLanes(n, 0.0f, [&](int64_t i) { return x[i]; }, [](float a, float b) { return a + b; });
}
