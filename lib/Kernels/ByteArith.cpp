// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ByteArith.h"
#include "Box.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

Value nibble::kernels::widen(KernelBuilder &b, Value stored, ElementKind kind) {
  VectorType type = b.vec(b.lanesOf(stored), b.i32());
  if (kind == ElementKind::U8)
    return b.create<arith::ExtUIOp>(type, stored);
  return b.create<arith::ExtSIOp>(type, stored);
}

Value nibble::kernels::narrow(KernelBuilder &b, Value lanes, ElementKind kind) {
  return b.create<arith::TruncIOp>(b.vec(b.lanesOf(lanes), elementType(b, kind)), lanes);
}

Value nibble::kernels::centered(KernelBuilder &b, Value lanes, int32_t zeroPoint) {
  VectorArith a(b, b.lanesOf(lanes));
  return a.toF32(zeroPoint == 0 ? lanes : a.isub(lanes, a.i32(zeroPoint)));
}

Value nibble::kernels::roundClamp(KernelBuilder &b, Value floats, const StoredRange &range, bool mayBeNaN) {
  VectorArith a(b, b.lanesOf(floats));
  if (mayBeNaN)
    floats = a.select(a.isNaN(floats), a.f32(0.0f), floats);
  floats = b.clampNumber(floats, a.f32(float(range.min - range.zeroPoint)), a.f32(float(range.max - range.zeroPoint)));
  // At most 65535 here: adding 1.5 * 2^23 rounds to nearest even, and the integer stands in the low bits.
  Value rounded = a.bits(a.add(floats, a.f32(0x1.8p23f)));
  return a.isub(rounded, a.i32(0x4b400000 - range.zeroPoint));
}

/// Without fused multiply-adds: in f64, each sum rounded once. f64 holds an f32 product with a stored value exactly.
static Value sumInDouble(KernelBuilder &b, const numerics::FloatAddition &addition, Value l, Value r) {
  VectorArith a(b, b.lanesOf(l));
  const auto add = [&](Value stored, float scale, Value term) {
    Value product = a.mul(a.toF64(a.toF32(stored)), a.f64(scale));
    return a.truncF32(a.add(product, term));
  };
  Value right = add(r, addition.rhs, a.f64(addition.offset));
  return add(l, addition.lhs, a.toF64(right));
}

Value nibble::kernels::fusedSum(KernelBuilder &b, const numerics::FloatAddition &addition, Value l, Value r) {
  if (!b.isa.hasFMA && numerics::isExactInDouble(addition))
    return sumInDouble(b, addition, l, r);
  VectorArith a(b, b.lanesOf(l));
  Value right = a.fma(a.toF32(r), a.f32(addition.rhs), a.f32(addition.offset));
  return a.fma(a.toF32(l), a.f32(addition.lhs), right);
}

Value nibble::kernels::requantizeFloat(KernelBuilder &b, Value acc, Value multiplier, const StoredRange &range) {
  VectorArith a(b, b.lanesOf(acc));
  return roundClamp(b, a.mul(a.toF32(acc), multiplier), range);
}

Value nibble::kernels::shiftClamp(KernelBuilder &b, Value sum, Value shift, const StoredRange &range) {
  VectorArith a(b, b.lanesOf(sum));
  Value half = b.create<arith::ShLIOp>(a.i64(1), a.isub(shift, a.i64(1)));
  Value scaled = b.create<arith::ShRSIOp>(a.iadd(sum, half), shift);
  Value y = a.iadd(scaled, a.i64(range.zeroPoint));
  y = b.create<arith::MaxSIOp>(y, a.i64(range.min));
  y = b.create<arith::MinSIOp>(y, a.i64(range.max));
  return b.create<arith::TruncIOp>(b.vec(b.lanesOf(sum), b.i32()), y);
}

Value nibble::kernels::requantizeFixed(KernelBuilder &b, Value acc, Value mantissa, Value shift,
                                       const StoredRange &range) {
  Value wide = b.create<arith::ExtSIOp>(b.vec(b.lanesOf(acc), b.i64()), acc);
  return shiftClamp(b, b.mul(wide, mantissa), shift, range);
}

Value nibble::kernels::requantize(KernelBuilder &b, Value acc, float scale, Requant mode, const StoredRange &range) {
  VectorArith a(b, b.lanesOf(acc));
  if (mode == Requant::Float)
    return requantizeFloat(b, acc, a.f32(scale), range);
  numerics::FixedMultiplier fixed = *numerics::toFixedMultiplier(scale);
  return requantizeFixed(b, acc, a.i64(fixed.m), a.i64(fixed.s), range);
}

Value nibble::kernels::quantize(KernelBuilder &b, Value floats, float scale, const StoredRange &range) {
  VectorArith a(b, b.lanesOf(floats));
  return roundClamp(b, a.div(floats, a.f32(scale)), range, /*mayBeNaN=*/true);
}

Value nibble::kernels::dequantize(KernelBuilder &b, Value lanes, float scale, int32_t zeroPoint) {
  VectorArith a(b, b.lanesOf(lanes));
  return a.mul(centered(b, lanes, zeroPoint), a.f32(scale));
}

Value nibble::kernels::requantizeColumns(KernelBuilder &b, Value acc, Value multipliers, Value n, const Extent &columns,
                                         Requant mode, const StoredRange &range, ElementKind kind) {
  const int64_t lanes = b.lanesOf(acc);
  auto load = [&](Type element, int64_t bytes, const Extent &offset) {
    return b.load(b.vec(lanes, element), b.at(b.at(multipliers, offset), b.mul(n, b.constant(bytes))));
  };
  if (mode == Requant::Float)
    return narrow(b, requantizeFloat(b, acc, load(b.f32(), 4, 0), range), kind);
  return narrow(b, requantizeFixed(b, acc, load(b.i64(), 8, 0), load(b.i64(), 8, 8 * columns), range), kind);
}

Value nibble::kernels::requantizeShared(KernelBuilder &b, Value acc, Value multiplier, Requant mode,
                                        const StoredRange &range, ElementKind kind) {
  auto load = [&](Type element, int64_t offset) {
    return b.broadcastLoad(b.vec(b.lanesOf(acc), element), b.at(multiplier, offset));
  };
  if (mode == Requant::Float)
    return narrow(b, requantizeFloat(b, acc, load(b.f32(), 0), range), kind);
  return narrow(b, requantizeFixed(b, acc, load(b.i64(), 0), load(b.i64(), 8), range), kind);
}

std::string nibble::kernels::whyNotScale(float scale, const StoredRange &range, ElementKind kind) {
  if (!numerics::isScale(scale))
    return "the scale is not a positive normal number";
  return whyNotRange(range, kind);
}

std::string nibble::kernels::whyNotRange(const StoredRange &range, ElementKind kind) {
  const bool words = kind == ElementKind::S16;
  const int32_t low = kind == ElementKind::U8 ? 0 : words ? -32768 : -128, high = low + (words ? 65535 : 255);
  const std::string storage = words ? "16 bits" : "a byte";
  if (range.min < low || range.max > high || range.min > range.max)
    return "the range of stored values does not fit into " + storage;
  if (range.zeroPoint < low || range.zeroPoint > high)
    return "the zero point does not fit into " + storage;
  return "";
}

std::string nibble::kernels::whyNotMultiplier(float multiplier, Requant mode) {
  if (!std::isfinite(multiplier))
    return "the multiplier is not finite";
  if (mode == Requant::Fixed && !numerics::toFixedMultiplier(multiplier))
    return "the multiplier has no fixed-point form";
  return "";
}
