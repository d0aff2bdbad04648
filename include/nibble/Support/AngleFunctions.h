// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trigonometric and hyperbolic functions of f32 as fixed sequences of IEEE operations of f64.
//
// They are templates over an arithmetic as those of Functions.h, whose sqrt is of f64 too. Inside they are exact to
// some 2^-40, so that the result, rounded once, is the f32 nearest to the function's value but where that lies very
// close to the middle of two: 0.5001 ulp. unittests/Support/AngleFunctionsTest.cpp measures each over dense sweeps.

#ifndef NIBBLE_SUPPORT_ANGLEFUNCTIONS_H
#define NIBBLE_SUPPORT_ANGLEFUNCTIONS_H

#include "nibble/Support/Functions.h"

namespace nibble::functions {

//===----------------------------------------------------------------------===//
// Steps, all in f64
//===----------------------------------------------------------------------===//

/// c[0] + x (c[1] + x (c[2] + ...)), by Horner's rule in fused multiply-adds.
template <class A, class D, int N>
D hornerWide(A &a, D x, const double (&c)[N]) {
  D p = a.f64(c[N - 1]);
  for (int i = N - 2; i >= 0; --i)
    p = a.fma(p, x, a.f64(c[i]));
  return p;
}

/// |x|
template <class A, class D>
D absWide(A &a, D x) {
  return a.select(a.lt(x, a.f64(0.0)), a.sub(a.f64(0.0), x), x);
}

/// The integer nearest to x, halves to even, for |x| < 2^51.
template <class A, class D>
D rintWide(A &a, D x) {
  const double magic = 0x1.8p52;
  return a.sub(a.add(x, a.f64(magic)), a.f64(magic));
}

/// An angle of f32 as quarters of a turn: n * pi/2 + f * pi/2 with |f| <= 1/2, and n modulo 4.
template <class D, class I>
struct Quadrant {
  D f;
  I n;
};

/// x * 2/pi modulo 4: products with 24 bits of 2/pi each are exact, as are their remainders; what lies beyond 2^50 has
/// no bits below 4 (Payne and Hanek, "Radian reduction for trigonometric functions", 1983).
template <class A, class D>
auto reduceAngle(A &a, D x) {
  static const int32_t digits[] = {0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd,
                                   0xc0db62, 0x95993c, 0x439041, 0xfe5163, 0xabdebb};
  D sum = a.f64(0.0), rest = a.f64(0.0);
  double unit = 1;
  for (int32_t digit : digits) {
    unit *= 0x1p-24;
    D product = a.mul(x, a.f64(digit * unit));
    D turns = a.mul(rintWide(a, a.mul(product, a.f64(0.25))), a.f64(4.0));
    D part = a.select(a.lt(absWide(a, product), a.f64(0x1p50)), a.sub(product, turns), a.f64(0.0));
    // Knuth's exact sum.
    D next = a.add(sum, part), back = a.sub(next, sum);
    rest = a.add(rest, a.add(a.sub(sum, a.sub(next, back)), a.sub(part, back)));
    sum = next;
  }
  D shifted = a.add(sum, a.f64(0x1.8p52));
  D whole = a.sub(shifted, a.f64(0x1.8p52));
  auto n = a.bits(shifted); // its low bits are the integer
  return Quadrant<D, decltype(n)>{a.add(a.sub(sum, whole), rest), n};
}

/// sin and cos of f * pi/2 for |f| <= 1/2, by Taylor's series.
template <class A, class D>
void sinCosReduced(A &a, D f, D &sine, D &cosine) {
  static const double s[] = {1.0,          -1.0 / 6,        1.0 / 120,          -1.0 / 5040,
                             1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800.0, -1.0 / 1307674368000.0};
  static const double c[] = {1.0,         -1.0 / 2,       1.0 / 24,          -1.0 / 720,
                             1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600.0, -1.0 / 87178291200.0};
  D angle = a.mul(f, a.f64(0x1.921fb54442d18p0)), z = a.mul(angle, angle);
  sine = a.mul(angle, hornerWide(a, z, s));
  cosine = hornerWide(a, z, c);
}

/// Whether bit `bit` of n is set.
template <class A, class I>
auto hasBit(A &a, I n, int bit) {
  return a.ilt(a.shl(n, 63 - bit), a.i64(0));
}

/// atan(x), also of infinities.
template <class A, class D>
D atanWide(A &a, D x) {
  static const double c[] = {1.0,      -1.0 / 3,  1.0 / 5,  -1.0 / 7,  1.0 / 9,  -1.0 / 11, 1.0 / 13, -1.0 / 15,
                             1.0 / 17, -1.0 / 19, 1.0 / 21, -1.0 / 23, 1.0 / 25, -1.0 / 27, 1.0 / 29, -1.0 / 31};
  D t = absWide(a, x), one = a.f64(1.0), zero = a.f64(0.0);
  auto isSteep = a.lt(one, t);
  t = a.select(isSteep, a.div(one, t), t);
  auto isMiddle = a.lt(a.f64(0.4142135623730951), t); // tan(pi/8)
  t = a.select(isMiddle, a.div(a.sub(t, one), a.add(t, one)), t);
  D y = a.mul(t, hornerWide(a, a.mul(t, t), c));
  y = a.select(isMiddle, a.add(y, a.f64(0x1.921fb54442d18p-1)), y);
  y = a.select(isSteep, a.sub(a.f64(0x1.921fb54442d18p0), y), y);
  return a.select(a.lt(x, zero), a.sub(zero, y), y);
}

/// e^x for |x| <= 700.
template <class A, class D>
D expWide(A &a, D x) {
  static const double c[] = {
      1.0,        1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,         1.0 / 120,         1.0 / 720,
      1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800.0, 1.0 / 479001600.0, 1.0 / 6227020800.0};
  const double magic = 0x1.8p52;
  D t = a.add(a.mul(x, a.f64(0x1.71547652b82fep0)), a.f64(magic)); // x / ln 2
  D n = a.sub(t, a.f64(magic));
  auto k = a.isub(a.bits(t), a.i64(0x4338000000000000));
  D r = a.fma(n, a.f64(-0x1.62e42fefa39efp-1), x);
  r = a.fma(n, a.f64(-0x1.abc9e3b39803fp-56), r);
  return a.mul(hornerWide(a, r, c), a.fromBits(a.shl(a.iadd(k, a.i64(1023)), 52)));
}

/// The natural logarithm of a positive normal number, 0 or infinity.
template <class A, class D>
D logWide(A &a, D x) {
  const double inf = std::numeric_limits<double>::infinity();
  auto i = a.bits(x);
  auto k = a.ashr(a.isub(i, a.i64(0x3fe6a09e667f3bcd)), 52);
  D m = a.fromBits(a.isub(i, a.shl(k, 52)));
  D n = a.sub(a.fromBits(a.iadd(k, a.i64(0x4338000000000000))), a.f64(0x1.8p52)); // k as f64
  D s = a.div(a.sub(m, a.f64(1.0)), a.add(m, a.f64(1.0)));
  D z = a.mul(s, s), p = a.f64(2.0 / 21);
  for (int d = 19; d >= 1; d -= 2)
    p = a.fma(p, z, a.f64(2.0 / d));
  D y = a.fma(n, a.f64(0x1.62e42fefa39efp-1), a.mul(s, p));
  y = a.select(a.eq(x, a.f64(inf)), x, y);
  return a.select(a.eq(x, a.f64(0.0)), a.f64(-inf), y);
}

/// `y` rounded to f32, with the sign of x, and x itself where that is 0 or a NaN: odd functions.
template <class A, class V, class D>
V roundOdd(A &a, V x, D y) {
  V rounded = withSign(a, abs(a, a.truncF32(y)), x);
  rounded = a.select(a.eq(x, a.f32(0.0f)), x, rounded);
  return a.select(a.isNaN(x), x, rounded);
}

/// A NaN where `condition`, else y.
template <class A, class B, class V>
V undefinedIf(A &a, B condition, V y) {
  return a.select(condition, a.f32(std::numeric_limits<float>::quiet_NaN()), y);
}

/// Whether x is an infinity or a NaN.
template <class A, class V>
auto isNotFinite(A &a, V x) {
  return a.bnot(a.lt(abs(a, x), a.f32(std::numeric_limits<float>::infinity())));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

template <class A, class V>
V sin(A &a, V x) {
  auto q = reduceAngle(a, a.toF64(x));
  auto s = q.f, c = q.f;
  sinCosReduced(a, q.f, s, c);
  auto y = a.select(hasBit(a, q.n, 0), c, s);
  y = a.select(hasBit(a, q.n, 1), a.sub(a.f64(0.0), y), y);
  V rounded = a.select(a.eq(x, a.f32(0.0f)), x, a.truncF32(y)); // the sign of zero
  return undefinedIf(a, isNotFinite(a, x), rounded);
}

template <class A, class V>
V cos(A &a, V x) {
  auto q = reduceAngle(a, a.toF64(x));
  auto s = q.f, c = q.f;
  sinCosReduced(a, q.f, s, c);
  auto y = a.select(hasBit(a, q.n, 0), a.sub(a.f64(0.0), s), c);
  y = a.select(hasBit(a, q.n, 1), a.sub(a.f64(0.0), y), y);
  return undefinedIf(a, isNotFinite(a, x), a.truncF32(y));
}

template <class A, class V>
V tan(A &a, V x) {
  auto q = reduceAngle(a, a.toF64(x));
  auto s = q.f, c = q.f;
  sinCosReduced(a, q.f, s, c);
  auto isOdd = hasBit(a, q.n, 0);
  auto y = a.div(a.select(isOdd, a.sub(a.f64(0.0), c), s), a.select(isOdd, s, c));
  V rounded = a.select(a.eq(x, a.f32(0.0f)), x, a.truncF32(y));
  return undefinedIf(a, isNotFinite(a, x), rounded);
}

/// A NaN beyond [-1, 1], as the square root is.
template <class A, class V>
V asin(A &a, V x) {
  auto wide = a.toF64(x), one = a.f64(1.0);
  auto y = atanWide(a, a.div(wide, a.sqrt(a.mul(a.sub(one, wide), a.add(one, wide)))));
  return undefinedIf(a, a.lt(a.f32(1.0f), abs(a, x)), roundOdd(a, x, y));
}

template <class A, class V>
V acos(A &a, V x) {
  auto wide = a.toF64(x), one = a.f64(1.0);
  auto half = atanWide(a, a.sqrt(a.div(a.sub(one, wide), a.add(one, wide))));
  return undefinedIf(a, a.lt(a.f32(1.0f), abs(a, x)), a.truncF32(a.add(half, half)));
}

template <class A, class V>
V atan(A &a, V x) {
  return roundOdd(a, x, atanWide(a, a.toF64(x)));
}

/// (e^x - e^-x) / 2; below 1 Taylor's series, where that would lose bits.
template <class A, class V>
V sinh(A &a, V x) {
  static const double c[] = {1.0,          1.0 / 6,          1.0 / 120,          1.0 / 5040,
                             1.0 / 362880, 1.0 / 39916800.0, 1.0 / 6227020800.0, 1.0 / 1307674368000.0};
  auto t = a.toF64(atMost(a, abs(a, x), 100.0f)), e = expWide(a, t), one = a.f64(1.0);
  auto large = a.mul(a.sub(e, a.div(one, e)), a.f64(0.5));
  auto small = a.mul(t, hornerWide(a, a.mul(t, t), c));
  return roundOdd(a, x, a.select(a.lt(t, one), small, large));
}

template <class A, class V>
V cosh(A &a, V x) {
  auto e = expWide(a, a.toF64(atMost(a, abs(a, x), 100.0f)));
  V y = a.truncF32(a.mul(a.add(e, a.div(a.f64(1.0), e)), a.f64(0.5)));
  return a.select(a.isNaN(x), x, y);
}

/// log(|x| + sqrt(x^2 + 1)); below 1/8 Taylor's series.
template <class A, class V>
V asinh(A &a, V x) {
  static const double c[] = {1.0,          -1.0 / 6,       3.0 / 40,         -15.0 / 336,
                             105.0 / 3456, -945.0 / 42240, 10395.0 / 599040, -135135.0 / 9676800};
  auto t = a.toF64(abs(a, x)), one = a.f64(1.0), z = a.mul(t, t);
  auto large = logWide(a, a.add(t, a.sqrt(a.add(z, one))));
  auto small = a.mul(t, hornerWide(a, z, c));
  return roundOdd(a, x, a.select(a.lt(t, a.f64(0.125)), small, large));
}

/// log(x + sqrt((x - 1) (x + 1))); a NaN below 1.
template <class A, class V>
V acosh(A &a, V x) {
  auto wide = a.toF64(x), one = a.f64(1.0);
  V y = a.truncF32(logWide(a, a.add(wide, a.sqrt(a.mul(a.sub(wide, one), a.add(wide, one))))));
  y = undefinedIf(a, a.lt(x, a.f32(1.0f)), y);
  return a.select(a.isNaN(x), x, y);
}

/// log((1 + x) / (1 - x)) / 2; below 1/8 Taylor's series; infinity at 1, a NaN beyond.
template <class A, class V>
V atanh(A &a, V x) {
  static const double c[] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15};
  auto t = a.toF64(abs(a, x)), one = a.f64(1.0);
  auto large = a.mul(logWide(a, a.div(a.add(one, t), a.sub(one, t))), a.f64(0.5));
  auto small = a.mul(t, hornerWide(a, a.mul(t, t), c));
  V y = roundOdd(a, x, a.select(a.lt(t, a.f64(0.125)), small, large));
  return undefinedIf(a, a.lt(a.f32(1.0f), abs(a, x)), y);
}

} // namespace nibble::functions

#endif // NIBBLE_SUPPORT_ANGLEFUNCTIONS_H
