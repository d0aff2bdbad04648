// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scalar arithmetic that defines Nibble's results, to the last bit. dialects/Nibble/README.md has the equations.
//
// Everything here is a fixed sequence of IEEE operations and integer operations: nothing depends on libm beyond fma,
// sqrt, rint and floor, which are exact, and nothing on the host. Compiled with -ffp-contract=off.

#ifndef NIBBLE_SUPPORT_NUMERICS_H
#define NIBBLE_SUPPORT_NUMERICS_H

#include "nibble/Support/Functions.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

namespace nibble::numerics {

//===----------------------------------------------------------------------===//
// Quantization
//===----------------------------------------------------------------------===//

/// clamp(rint(fl32(x / scale)) + zp, lo, hi); a NaN quotient counts as 0.
int32_t quantize(float x, float scale, int32_t zp, int32_t lo, int32_t hi);

/// fl32(fl32(q - zp) * scale).
float dequantize(int32_t q, float scale, int32_t zp);

/// fl32(fl32(sx * sw) / sy).
float foldScale(float sx, float sw, float sy);

/// fl32(scale / taps): an average pool's multiplier, where scale = fl32(sx / sy).
float averageMultiplier(float scale, int64_t taps);

/// A positive, finite, normal f32: what a scale has to be.
bool isScale(float x);

/// Whether an f64 scale (quantized types hold f64) is a scale that f32 holds exactly.
bool isExactScale(double x);

//===----------------------------------------------------------------------===//
// Requantization, mode `float`
//===----------------------------------------------------------------------===//

/// zp + rint(clamp(fl32(fl32(acc) * m), lo - zp, hi - zp)); m is finite.
int32_t requantizeFloat(int32_t acc, float m, int32_t zp, int32_t lo, int32_t hi);

/// zp + rint(clamp(v, lo - zp, hi - zp)), v finite: how every `float` equation ends.
int32_t roundClamp(float v, int32_t zp, int32_t lo, int32_t hi);

/// Multipliers of two stored values, and what their zero points and the result's add up to.
struct FloatAddition {
  float lhs, rhs, offset;
};

/// offset = fl32(zp - fma(lhsZero, lhs, fl32(rhsZero * rhs))). A subtraction has a negative `rhs`.
FloatAddition toFloatAddition(float lhs, int32_t lhsZero, float rhs, int32_t rhsZero, int32_t zp);

/// Whether f64 holds the products and sums of stored values exactly: rounding each sum to f32 is a fused multiply-add
/// then.
bool isExactInDouble(const FloatAddition &m);

/// rint(clamp(fma(l, lhs, fma(r, rhs, offset)), lo, hi)) of stored values l and r. No finite multipliers make a NaN:
/// there is at most one infinity in a sum, the offset or what it became.
int32_t addFloat(int32_t l, int32_t r, const FloatAddition &m, int32_t lo, int32_t hi);

//===----------------------------------------------------------------------===//
// Quantization at run time, and products with float results
//===----------------------------------------------------------------------===//

/// The least magnitude that a row's scale is made for: scales and their reciprocals stay normal.
inline constexpr float leastRowMagnitude = 0x1p-60f;

/// fl32(m / levels), m = max(2^-60, max |row|); NaN if an element is a NaN or infinite.
float rowScale(const float *row, int64_t length, int32_t levels);

/// clamp(rint(fl32(x * fl32(1 / scale))), lo, hi); a NaN product counts as 0.
int32_t quantizeRow(float x, float scale, int32_t lo, int32_t hi);

/// Scale and zero point of a whole tensor, the latter an integer in [0, 255].
struct DynamicEncoding {
  float scale, zero;
};

/// ONNX's DynamicQuantizeLinear: [min(0, min x), max(0, max x)] in 255 steps; scale NaN if an element is a NaN or
/// infinite, or the range is, and 1 where it would be 0.
DynamicEncoding dynamicEncoding(const float *x, int64_t count);

/// fl32(fl32(acc * scale) + bias).
float scaleSum(float acc, float scale, float bias);

//===----------------------------------------------------------------------===//
// Requantization, mode `fixed`
//===----------------------------------------------------------------------===//

/// m * 2^-s, with 2^30 <= m < 2^31 and 2 <= s <= 62.
struct FixedMultiplier {
  int32_t m;
  int s;
};

/// The exact fixed-point form of a positive multiplier in [2^-32, 2^29), else nothing.
std::optional<FixedMultiplier> toFixedMultiplier(float multiplier);

/// clamp(zp + ((acc * m + 2^(s-1)) >> s), lo, hi) in i64.
int32_t requantizeFixed(int32_t acc, FixedMultiplier m, int32_t zp, int32_t lo, int32_t hi);

/// Two multipliers of a common shift: lhs * 2^-s and rhs * 2^-s, signed.
struct FixedAddition {
  int32_t lhs, rhs;
  int s;
};

/// The larger multiplier is exact, the smaller one rounded (half up, by magnitude) to the larger one's shift.
std::optional<FixedAddition> toFixedAddition(float lhsScale, float rhsScale);

/// clamp(zp + ((l * m.lhs + r * m.rhs + 2^(s-1)) >> s), lo, hi) in i64; |l|, |r| < 2^30.
int32_t addFixed(int32_t l, int32_t r, FixedAddition m, int32_t zp, int32_t lo, int32_t hi);

//===----------------------------------------------------------------------===//
// Functions of reals: the sequences of Functions.h on scalars
//===----------------------------------------------------------------------===//

float exp(float x);
float expNegative(float x); ///< of x <= 0
float log(float x);
float log1p(float x);
float tanh(float x);
float erf(float x);
float sigmoid(float x);
float silu(float x);
float softplus(float x);
float gelu(float x);
float pow(float x, float y);

/// IEEE 754-2019 minimum and maximum: a NaN wins, and -0 < +0, so that the order of operands does not matter.
float minimum(float a, float b);
float maximum(float a, float b);

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

inline constexpr int reductionLanes = 16;

/// Combines get(0), ..., get(n - 1): element i goes to lane i % 16, each lane starts at `neutral`, and lanes are
/// combined in a tree: lane j with lane j + 8, then j + 4, j + 2, j + 1.
template <typename Get, typename Combine>
float reduceLanes(int64_t n, float neutral, Get get, Combine combine) {
  float lane[reductionLanes];
  for (float &l : lane)
    l = neutral;
  for (int64_t i = 0; i < n; ++i)
    lane[i % reductionLanes] = combine(lane[i % reductionLanes], get(i));
  for (int width = reductionLanes / 2; width >= 1; width /= 2)
    for (int j = 0; j < width; ++j)
      lane[j] = combine(lane[j], lane[j + width]);
  return lane[0];
}

/// The sum of n contiguous values in 16 interleaved lanes and a tree.
float sum(const float *x, int64_t n);

//===----------------------------------------------------------------------===//
// The arithmetic of Functions.h on scalars
//===----------------------------------------------------------------------===//

struct ScalarArith {
  float f32(float c) { return c; }
  double f64(double c) { return c; }
  int32_t i32(int32_t c) { return c; }
  int64_t i64(int64_t c) { return c; }

  template <typename F>
  F add(F x, F y) {
    return x + y;
  }
  template <typename F>
  F sub(F x, F y) {
    return x - y;
  }
  template <typename F>
  F mul(F x, F y) {
    return x * y;
  }
  template <typename F>
  F div(F x, F y) {
    return x / y;
  }
  template <typename F>
  F fma(F x, F y, F z) {
    return std::fma(x, y, z);
  }
  template <typename F>
  F floor(F x) {
    return std::floor(x);
  }
  float rint(float x) { return std::rint(x); }
  float sqrt(float x) { return std::sqrt(x); }

  int32_t iadd(int32_t x, int32_t y) { return int32_t(uint32_t(x) + uint32_t(y)); }
  int64_t iadd(int64_t x, int64_t y) { return int64_t(uint64_t(x) + uint64_t(y)); }
  int32_t isub(int32_t x, int32_t y) { return int32_t(uint32_t(x) - uint32_t(y)); }
  int64_t isub(int64_t x, int64_t y) { return int64_t(uint64_t(x) - uint64_t(y)); }
  int32_t iand(int32_t x, int32_t y) { return x & y; }
  int32_t shl(int32_t x, int n) { return int32_t(uint32_t(x) << n); }
  int64_t shl(int64_t x, int n) { return int64_t(uint64_t(x) << n); }
  template <typename I>
  I ashr(I x, int n) {
    return x >> n;
  }

  int32_t bits(float x) { return cast<int32_t>(x); }
  int64_t bits(double x) { return cast<int64_t>(x); }
  float fromBits(int32_t x) { return cast<float>(x); }
  double fromBits(int64_t x) { return cast<double>(x); }
  float toF32(int32_t x) { return float(x); }
  double toF64(float x) { return x; }
  float truncF32(double x) { return float(x); }

  template <typename F>
  bool lt(F x, F y) {
    return x < y;
  }
  template <typename F>
  bool eq(F x, F y) {
    return x == y;
  }
  bool isNaN(float x) { return x != x; }
  bool ilt(int32_t x, int32_t y) { return x < y; }
  bool band(bool b, bool c) { return b && c; }
  bool bnot(bool b) { return !b; }
  template <typename F>
  F select(bool b, F x, F y) {
    return b ? x : y;
  }

private:
  template <typename To, typename From>
  static To cast(From from) {
    static_assert(sizeof(To) == sizeof(From), "a cast keeps all bits");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
  }
};

} // namespace nibble::numerics

#endif // NIBBLE_SUPPORT_NUMERICS_H
