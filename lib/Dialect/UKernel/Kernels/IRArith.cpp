// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numerics.h on SSA values.

#include "nibble/Dialect/UKernel/IRArith.h"
#include "nibble/Support/Functions.h"
#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

Value IRArith::roundClamp(Value v, int32_t zp, int32_t lo, int32_t hi) {
  v = functions::atMost(*this, functions::atLeast(*this, v, float(int64_t(lo) - zp)), float(int64_t(hi) - zp));
  return iadd(roundToI32(v), i32(zp));
}

// clamp(zp + ((acc * m + 2^(s-1)) >> s), lo, hi)
static Value requantizeFixed(IRArith &a, Value acc, Value m, Value shift, Value half, int32_t zp, int32_t lo,
                             int32_t hi) {
  Value product = a.iadd(a.imul(a.toI64(acc), m), half);
  Value y = a.iadd(a.ashr(product, shift), a.i64(zp));
  return a.truncI32(a.imin(a.imax(y, a.i64(lo)), a.i64(hi)));
}

Value IRArith::requantize(Value acc, float m, bool fixed, int32_t zp, int32_t lo, int32_t hi) {
  if (!fixed)
    return roundClamp(mul(toF32(acc), f32(m)), zp, lo, hi);
  // The verifier promises that the multiplier has a fixed form.
  numerics::FixedMultiplier f = numerics::toFixedMultiplier(m).value_or(numerics::FixedMultiplier{1 << 30, 62});
  return requantizeFixed(*this, acc, i64(f.m), i64(f.s), i64(int64_t(1) << (f.s - 1)), zp, lo, hi);
}

Value IRArith::requantize(Value acc, Value m, bool fixed, int32_t zp, int32_t lo, int32_t hi) {
  if (!fixed)
    return roundClamp(mul(toF32(acc), m), zp, lo, hi);
  // As numerics::toFixedMultiplier.
  Value pattern = bits(m);
  Value mantissa = shl(ior(iand(pattern, i32(0x7fffff)), i32(0x800000)), 7);
  Value shift = toI64(isub(i32(30 + 127), ashr(pattern, 23)));
  Value half = arith::ShLIOp::create(b, loc, i64(1), isub(shift, i64(1)));
  return requantizeFixed(*this, acc, toI64(mantissa), shift, half, zp, lo, hi);
}

Value IRArith::quantize(Value x, float scale, int32_t zp, int32_t lo, int32_t hi) {
  Value v = div(x, f32(scale));
  return roundClamp(select(isNaN(v), f32(0.0f), v), zp, lo, hi);
}

Value IRArith::dequantize(Value q, float scale, int32_t zp) { return mul(toF32(isub(q, i32(zp))), f32(scale)); }
