// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementary functions as fixed sequences of IEEE operations.
//
// Each function is a template over an arithmetic `A`, so that there is one text of it: the interpreter instantiates it
// with `ScalarArith` (Numerics.h), the code generator with a class that builds IR, lane by lane the same operations.
// Nothing here branches, calls libm or depends on a vector's width.
//
// An arithmetic provides, on values of its own choice (scalars, vectors, SSA values):
//
//   f32(c) f64(c) i32(c) i64(c)         constants
//   add sub mul div                     f32 or f64, rounded once, never contracted
//   fma(x, y, z) sqrt rint floor        f32 or f64; rint rounds halves to even
//   iadd isub iand shl ashr             i32 or i64, wrapping; ashr is arithmetic, shift counts are plain ints
//   bits(f) fromBits(i)                 f32 <-> i32, f64 <-> i64
//   toF32(i32) toF64(f32) truncF32(f64) conversions
//   lt(x, y) eq(x, y)                   ordered comparisons: false where one is a NaN
//   isNaN(x) ilt(i, j)                  ilt is signed
//   band(b, c) bnot(b)                  of two comparisons
//   select(b, x, y)
//
// Which NaN an operation returns (its sign and payload) is not specified; everything else is, to the last bit. The
// coefficients are our own minimax fits: lib/Support/fit_polynomials.py prints them with their errors. The largest
// errors, measured over dense sweeps by unittests/Support/FunctionsTest.cpp, stand at each function.

#ifndef NIBBLE_SUPPORT_FUNCTIONS_H
#define NIBBLE_SUPPORT_FUNCTIONS_H

#include <cstdint>
#include <limits>

namespace nibble::functions {

/// c[0] + x (c[1] + x (c[2] + ...)), by Horner's rule in fused multiply-adds.
template <class A, class V, int N>
V horner(A &a, V x, const float (&c)[N]) {
  V p = a.f32(c[N - 1]);
  for (int i = N - 2; i >= 0; --i)
    p = a.fma(p, x, a.f32(c[i]));
  return p;
}

/// x < low ? low : x; a NaN and, for low = 0, a negative zero stay.
template <class A, class V>
V atLeast(A &a, V x, float low) {
  return a.select(a.lt(x, a.f32(low)), a.f32(low), x);
}

/// x > high ? high : x; a NaN stays.
template <class A, class V>
V atMost(A &a, V x, float high) {
  return a.select(a.lt(a.f32(high), x), a.f32(high), x);
}

/// |x|, also of NaNs and zeros: clears the sign bit.
template <class A, class V>
V abs(A &a, V x) {
  return a.fromBits(a.iand(a.bits(x), a.i32(0x7fffffff)));
}

/// -x: 0 - x would lose the sign of zero.
template <class A, class V>
V neg(A &a, V x) {
  return a.mul(x, a.f32(-1.0f));
}

/// x with the sign of y, for x without a sign.
template <class A, class V>
V withSign(A &a, V x, V y) {
  return a.fromBits(a.iadd(a.bits(x), a.iand(a.bits(y), a.i32(std::numeric_limits<int32_t>::min()))));
}

/// 2^k for k in [-126, 127].
template <class A, class I>
auto pow2(A &a, I k) {
  return a.fromBits(a.shl(a.iadd(k, a.i32(127)), 23));
}

/// e^x = y 2^k, y within 1 ulp in [1/2, 2], for x in [-104, 89].
template <class A, class V, class I>
V expParts(A &a, V x, I &k) {
  static const float c[] = {0x1p-1f, 0x1.555554p-3f, 0x1.55548ep-5f, 0x1.111272p-7f, 0x1.6d8d54p-10f, 0x1.9f0862p-13f};
  const float magic = 0x1.8p23f; // adding it rounds to an integer, which then stands in the low bits
  V t = a.fma(x, a.f32(0x1.715476p0f), a.f32(magic)); // x / ln 2
  V n = a.sub(t, a.f32(magic));
  k = a.isub(a.bits(t), a.i32(0x4b400000));
  V r = a.fma(n, a.f32(-0x1.62e4p-1f), x);  // ln 2, high bits: n times it is exact
  r = a.fma(n, a.f32(-0x1.7f7d1cp-20f), r); // ln 2, the rest
  return a.add(a.fma(a.mul(r, r), horner(a, r, c), r), a.f32(1.0f));
}

/// e^x, 1 ulp, for x in [-87, 88], where results are normal numbers; a NaN stays.
template <class A, class V>
V expNormal(A &a, V x) {
  auto k = a.bits(x);
  V y = expParts(a, x, k);
  return a.mul(y, pow2(a, k));
}

/// e^x, 1 ulp; subnormal results are rounded once.
template <class A, class V>
V exp(A &a, V x) {
  auto k = a.bits(x);
  V y = expParts(a, atMost(a, atLeast(a, x, -104.0f), 89.0f), k);
  auto half = a.ashr(k, 1);
  return a.mul(a.mul(y, pow2(a, half)), pow2(a, a.isub(k, half)));
}

/// e^x for x <= 0, 1 ulp; 0 below -87, before results become subnormal numbers, with which many processors are slow.
template <class A, class V>
V expNegative(A &a, V x) {
  return a.select(a.lt(x, a.f32(-87.0f)), a.f32(0.0f), expNormal(a, atLeast(a, x, -87.0f)));
}

/// The natural logarithm, 1 ulp; log(0) is -infinity, of a negative number a NaN.
template <class A, class V>
V log(A &a, V x) {
  static const float c[] = {0x1.555548p-2f,  -0x1.000006p-2f, 0x1.99a4b6p-3f,  -0x1.555c4ep-3f, 0x1.233766p-3f,
                            -0x1.fc220ep-4f, 0x1.e6f08cp-4f,  -0x1.de3bf8p-4f, 0x1.14573ep-4f};
  const float inf = std::numeric_limits<float>::infinity();
  auto subnormal = a.lt(x, a.f32(0x1p-126f));
  V scaled = a.select(subnormal, a.mul(x, a.f32(0x1p23f)), x);
  auto i = a.bits(scaled);
  auto k = a.ashr(a.isub(i, a.i32(0x3f3504f3)), 23); // m in [sqrt 1/2, sqrt 2)
  V m = a.fromBits(a.isub(i, a.shl(k, 23)));
  V n = a.add(a.toF32(k), a.select(subnormal, a.f32(-23.0f), a.f32(0.0f)));
  V f = a.sub(m, a.f32(1.0f));
  V z = a.mul(f, f);
  V y = a.mul(a.mul(f, z), horner(a, f, c));
  y = a.fma(n, a.f32(-0x1.bd0106p-13f), y); // ln 2 - 0.693359375
  y = a.fma(z, a.f32(-0.5f), y);
  y = a.fma(n, a.f32(0x1.63p-1f), a.add(f, y));
  y = a.select(a.eq(x, a.f32(inf)), x, y);
  y = a.select(a.eq(x, a.f32(0.0f)), a.f32(-inf), y);
  y = a.select(a.lt(x, a.f32(0.0f)), a.f32(std::numeric_limits<float>::quiet_NaN()), y);
  return a.select(a.isNaN(x), x, y);
}

/// log(1 + e) for e in [0, 1], 2 ulp: the rounding of 1 + e is made good by a first-order term.
template <class A, class V>
V log1p(A &a, V e) {
  V u = a.add(e, a.f32(1.0f));
  V lost = a.sub(e, a.sub(u, a.f32(1.0f)));
  return a.add(log(a, u), a.div(lost, u));
}

/// tanh(x), 1.5 ulp: a polynomial below 0.625, 1 - 2 / (e^2|x| + 1) above.
template <class A, class V>
V tanh(A &a, V x) {
  static const float c[] = {-0x1.555534p-2f, 0x1.110768p-3f, -0x1.b84448p-5f, 0x1.5256cep-6f, -0x1.76abf6p-8f};
  V t = abs(a, x);
  V z = a.mul(t, t);
  V small = a.fma(a.mul(t, z), horner(a, z, c), t);
  V e = exp(a, a.add(t, t));
  V large = a.sub(a.f32(1.0f), a.div(a.f32(2.0f), a.add(e, a.f32(1.0f))));
  return withSign(a, a.select(a.lt(t, a.f32(0.625f)), small, large), x);
}

/// erf(x), 1.5 ulp: x + x p(x^2) below 0.925, 1 - e^(|x| q(|x|) - |x|) above.
template <class A, class V>
V erf(A &a, V x) {
  static const float p[] = {0x1.06eba6p-3f,  -0x1.8126e6p-2f, 0x1.ce1a46p-4f,
                            -0x1.b686ecp-6f, 0x1.4716cp-8f,   -0x1.395c82p-11f};
  static const float q[] = {-0x1.077acap-3f, -0x1.453088p-1f, -0x1.b341p-4f,   0x1.85b308p-6f,
                            -0x1.dee832p-9f, 0x1.55792ep-12f, -0x1.82a136p-17f};
  V t = atMost(a, abs(a, x), 4.0f);
  V small = a.fma(t, horner(a, a.mul(t, t), p), t);
  V large = a.sub(a.f32(1.0f), expNormal(a, a.fma(t, horner(a, t, q), neg(a, t))));
  return withSign(a, a.select(a.lt(t, a.f32(0.925f)), small, large), x);
}

/// Numerator and denominator of the sigmoid: 1 / (1 + e^-x), or e^x / (1 + e^x) for negative x.
template <class A, class V>
void sigmoidParts(A &a, V x, V &numerator, V &denominator) {
  V e = exp(a, neg(a, abs(a, x)));
  numerator = a.select(a.lt(x, a.f32(0.0f)), e, a.f32(1.0f));
  denominator = a.add(e, a.f32(1.0f));
}

/// 1 / (1 + e^-x), 2.5 ulp.
template <class A, class V>
V sigmoid(A &a, V x) {
  V n = x, d = x;
  sigmoidParts(a, x, n, d);
  return a.div(n, d);
}

/// x / (1 + e^-x), 3 ulp for x > -87, below that the absolute error is under 2^-138; silu(-infinity) is a NaN.
template <class A, class V>
V silu(A &a, V x) {
  V n = x, d = x;
  sigmoidParts(a, x, n, d);
  return a.div(a.mul(x, n), d);
}

/// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), 2 ulp.
template <class A, class V>
V softplus(A &a, V x) {
  return a.add(atLeast(a, x, 0.0f), log1p(a, exp(a, neg(a, abs(a, x)))));
}

/// x / 2 * (1 + erf(x / sqrt 2)); the error is absolute: 2^-22 max(1, |x|).
template <class A, class V>
V gelu(A &a, V x) {
  V e = erf(a, a.mul(x, a.f32(0x1.6a09e6p-1f)));
  return a.mul(a.mul(x, a.f32(0.5f)), a.add(e, a.f32(1.0f)));
}

template <class A, class V>
V relu(A &a, V x) {
  return atLeast(a, x, 0.0f);
}

template <class A, class V>
V clip(A &a, V x, float low, float high) {
  return atMost(a, atLeast(a, x, low), high);
}

template <class A, class V>
V hardSigmoid(A &a, V x, float alpha, float beta) {
  return clip(a, a.fma(x, a.f32(alpha), a.f32(beta)), 0.0f, 1.0f);
}

/// x * hardSigmoid(x, fl32(1/6), 0.5).
template <class A, class V>
V hardSwish(A &a, V x) {
  return a.mul(x, hardSigmoid(a, x, 0x1.555556p-3f, 0.5f));
}

/// x < 0 ? alpha * x : x; a NaN stays.
template <class A, class V>
V leakyRelu(A &a, V x, float alpha) {
  return a.select(a.lt(x, a.f32(0.0f)), a.mul(x, a.f32(alpha)), x);
}

/// x < 0 ? alpha * fl32(e^x - 1) : x.
template <class A, class V>
V elu(A &a, V x, float alpha) {
  V y = a.mul(a.sub(exp(a, x), a.f32(1.0f)), a.f32(alpha));
  return a.select(a.lt(x, a.f32(0.0f)), y, x);
}

/// The negative of floor(-x).
template <class A, class V>
V ceil(A &a, V x) {
  return neg(a, a.floor(neg(a, x)));
}

/// log2 of a non-negative x in f64, to 2^-45 relative: 2 atanh(s) / ln 2 with s = (m - 1) / (m + 1), Taylor's series.
template <class A, class V>
auto log2Wide(A &a, V x) {
  const double inf = std::numeric_limits<double>::infinity();
  auto wide = a.toF64(x); // every f32 is a normal f64 or zero
  auto i = a.bits(wide);
  auto k = a.ashr(a.isub(i, a.i64(0x3fe6a09e667f3bcd)), 52);
  auto m = a.fromBits(a.isub(i, a.shl(k, 52)));
  auto n = a.sub(a.fromBits(a.iadd(k, a.i64(0x4338000000000000))), a.f64(0x1.8p52)); // k as f64
  auto s = a.div(a.sub(m, a.f64(1.0)), a.add(m, a.f64(1.0)));
  auto z = a.mul(s, s);
  auto p = a.f64(1.0 / 19);
  for (int d = 17; d >= 1; d -= 2)
    p = a.fma(p, z, a.f64(1.0 / d));
  auto y = a.fma(a.mul(s, p), a.f64(0x1.71547652b82fep1), n);
  y = a.select(a.eq(wide, a.f64(0.0)), a.f64(-inf), y);
  return a.select(a.eq(wide, a.f64(inf)), wide, y);
}

/// 2^x of an f64, rounded to f32: Taylor's series of e^(r ln 2), |r| <= 1/2.
template <class A, class D>
auto exp2Wide(A &a, D x) {
  const double magic = 0x1.8p52;
  x = a.select(a.lt(x, a.f64(-160.0)), a.f64(-160.0), x);
  x = a.select(a.lt(a.f64(130.0), x), a.f64(130.0), x);
  D t = a.add(x, a.f64(magic));
  auto k = a.isub(a.bits(t), a.i64(0x4338000000000000));
  D r = a.mul(a.sub(x, a.sub(t, a.f64(magic))), a.f64(0x1.62e42fefa39efp-1));
  static const double factorial[] = {1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800};
  D p = a.f64(1.0 / factorial[11]);
  for (int i = 10; i >= 0; --i)
    p = a.fma(p, r, a.f64(1.0 / factorial[i]));
  return a.truncF32(a.mul(p, a.fromBits(a.shl(a.iadd(k, a.i64(1023)), 52))));
}

/// x to the power of y with IEEE 754's special cases, 1 ulp (0.501 measured).
template <class A, class V>
V pow(A &a, V x, V y) {
  const float inf = std::numeric_limits<float>::infinity();
  V size = abs(a, x);
  V r = exp2Wide(a, a.mul(a.toF64(y), log2Wide(a, size)));
  V one = a.f32(1.0f), zero = a.f32(0.0f);
  r = a.select(a.eq(size, one), one, r); // also for an infinite y
  auto whole = a.eq(a.floor(y), y);
  V half = a.mul(y, a.f32(0.5f));
  auto odd = a.band(whole, a.bnot(a.eq(a.floor(half), half)));
  auto negative = a.ilt(a.bits(x), a.i32(0));
  r = a.select(a.band(odd, negative), neg(a, r), r);
  auto undefined = a.band(a.band(a.lt(x, zero), a.bnot(whole)), a.bnot(a.eq(x, a.f32(-inf))));
  r = a.select(undefined, a.f32(std::numeric_limits<float>::quiet_NaN()), r);
  r = a.select(a.isNaN(x), x, r);
  r = a.select(a.isNaN(y), y, r);
  r = a.select(a.eq(x, one), one, r);
  return a.select(a.eq(y, zero), one, r);
}

} // namespace nibble::functions

#endif // NIBBLE_SUPPORT_FUNCTIONS_H
