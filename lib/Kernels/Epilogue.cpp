// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Epilogue.h"
#include "ByteArith.h"
#include "nibble/Support/Numerics.h"
#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

Multiplier Epilogue::loadMultiplier(Value pointer, int64_t lanes) {
  const bool fixed = p.requant == Requant::Fixed;
  Type type = b.vec(lanes, fixed ? b.i32() : b.f32());
  Value value = b.load(type, pointer, lanes * 4);
  return {value, fixed || p.scaled ? b.load(type, b.at(pointer, secondOffset), lanes * 4) : Value()};
}

Value Epilogue::clampF32(Value value, int32_t low, int32_t high) {
  if (b.isa.isGPU()) { // no NaN comes here; rounded, zeros are the same
    value = b.create<arith::MaxNumFOp>(value, b.splat(value.getType(), float(low)));
    return b.create<arith::MinNumFOp>(value, b.splat(value.getType(), float(high)));
  }
  value = b.maxFloat(value, b.splat(value.getType(), float(low)));
  return b.minFloat(value, b.splat(value.getType(), float(high)));
}

/// Of a clamped value, below 2^22. A GPU converts at a quarter of the rate at which it adds: where the last place of a
/// sum is 1, the addition rounds, and the low bits are the integer.
Value Epilogue::roundClamped(Value real) {
  if (!b.isa.isGPU())
    return instructions.roundToInt(b, real);
  Value sum = b.create<arith::AddFOp>(real, b.splat(real.getType(), 0x1.8p23f));
  return b.create<arith::SubIOp>(b.bitcast(sum, b.i32()), b.splat(b.vec(KernelBuilder::lanesOf(real), b.i32()),
                                                                  int64_t(llvm::bit_cast<int32_t>(0x1.8p23f))));
}

/// rint(clamp(fl32(fl32(acc) * m))), less the zero point.
Value Epilogue::requantizeFloat(Value acc, Value multiplier) {
  Value real = b.create<arith::SIToFPOp>(multiplier.getType(), acc);
  real = b.create<arith::MulFOp>(real, multiplier);
  if (clampsWhilePacking())
    return instructions.roundToInt(b, real);
  return roundClamped(clampF32(real, p.clampMin - p.outputZeroPoint, p.clampMax - p.outputZeroPoint));
}

/// clamp((acc * m + 2^(s-1)) >> s), less the zero point.
Value Epilogue::requantizeFixed(Value acc, Multiplier multiplier) {
  Type wide = b.vec(KernelBuilder::lanesOf(acc), b.i64());
  const auto extend = [&](Value value) { return b.create<arith::ExtSIOp>(wide, value); };
  Value shift = extend(multiplier.second), one = b.splat(wide, int64_t(1));
  Value half = b.create<arith::ShLIOp>(one, b.create<arith::SubIOp>(shift, one));
  Value product = b.add(b.mul(extend(acc), extend(multiplier.value)), half);
  return clampWide(b.create<arith::ShRSIOp>(product, shift), p.clampMin - p.outputZeroPoint,
                   p.clampMax - p.outputZeroPoint);
}

/// rint(clamp(fma(l, f, fma(r, g, c)))), where l and r are q with its zero point and a, or the other way round.
Value Epilogue::addResidualFloat(Value q, Value a) {
  const Residual &r = *p.residual;
  if (p.outputZeroPoint != 0)
    q = b.add(q, b.splat(q.getType(), int64_t(p.outputZeroPoint)));
  const auto sum = [&](Value left, float f, int32_t zl, Value right, float g, int32_t zr) {
    return fusedSum(b, numerics::toFloatAddition(f, zl, g, zr, r.zeroPoint), left, right);
  };
  Value real = r.addendFirst ? sum(a, r.addendScale, r.addendZeroPoint, q, r.scale, p.outputZeroPoint)
                             : sum(q, r.scale, p.outputZeroPoint, a, r.addendScale, r.addendZeroPoint);
  return roundClamped(clampF32(real, r.min, r.max));
}

/// (q * m1 + (a - za) * m2 + 2^(s-1)) >> s, clamped, less the zero point.
Value Epilogue::addResidualFixed(Value q, Value a) {
  const Residual &r = *p.residual;
  a = b.create<arith::SubIOp>(a, b.splat(q.getType(), int64_t(r.addendZeroPoint)));
  const auto m = numerics::toFixedAddition(r.scale, r.addendScale);
  assert(m && "the plan has checked the scales");
  Type wide = b.vec(KernelBuilder::lanesOf(q), b.i64());
  const auto scaled = [&](Value value, int32_t by) {
    return b.mul(b.create<arith::ExtSIOp>(wide, value), b.splat(wide, int64_t(by)));
  };
  Value sum = b.add(b.add(scaled(q, m->lhs), scaled(a, m->rhs)), b.splat(wide, int64_t(1) << (m->s - 1)));
  return clampWide(b.create<arith::ShRSIOp>(sum, b.splat(wide, int64_t(m->s))), r.min - r.zeroPoint,
                   r.max - r.zeroPoint);
}

/// i64 to i32.
Value Epilogue::clampWide(Value value, int32_t low, int32_t high) {
  value = b.create<arith::MaxSIOp>(value, b.splat(value.getType(), int64_t(low)));
  value = b.create<arith::MinSIOp>(value, b.splat(value.getType(), int64_t(high)));
  return b.create<arith::TruncIOp>(b.vec(KernelBuilder::lanesOf(value), b.i32()), value);
}

Value Epilogue::addResidual(Value q, Value addend) {
  Value a = isSigned() ? b.create<arith::ExtSIOp>(q.getType(), addend) : b.create<arith::ExtUIOp>(q.getType(), addend);
  return p.requant == Requant::Fixed ? addResidualFixed(q, a) : addResidualFloat(q, a);
}

Value Epilogue::requantize(Value acc, Multiplier multiplier, Value addend) {
  Value q = p.requant == Requant::Float ? requantizeFloat(acc, multiplier.value) : requantizeFixed(acc, multiplier);
  return p.residual ? addResidual(q, addend) : q;
}

Value Epilogue::clampPacked(Value packed) {
  const int32_t greatest = isWords() ? 32767 : isSigned() ? 127 : 255, least = isSigned() ? -greatest - 1 : 0;
  if (!clampsWhilePacking() || (low() == least && high() == greatest))
    return packed;
  Value lowest = b.splat(packed.getType(), int64_t(low())), highest = b.splat(packed.getType(), int64_t(high()));
  if (isSigned())
    return b.create<arith::MinSIOp>(b.create<arith::MaxSIOp>(packed, lowest), highest);
  return b.create<arith::MinUIOp>(b.create<arith::MaxUIOp>(packed, lowest), highest);
}

/// Words as results: the zero point comes before the saturation, which would lose what it brings back into range.
Value Epilogue::packWords(Value first, Value second) {
  const auto withZero = [&](Value value) {
    return zeroPoint() == 0 ? value : b.add(value, b.splat(value.getType(), int64_t(zeroPoint())));
  };
  return clampPacked(instructions.pack(b, withZero(first), withZero(second), /*isSigned=*/true));
}

Value Epilogue::narrow(Value clamped) {
  if (zeroPoint() != 0)
    clamped = b.add(clamped, b.splat(clamped.getType(), int64_t(zeroPoint())));
  return b.create<arith::TruncIOp>(b.vec(KernelBuilder::lanesOf(clamped), isWords() ? b.i16() : b.i8()), clamped);
}

static Value join(KernelBuilder &b, ArrayRef<Value> vectors) {
  Values parts(vectors);
  while (parts.size() > 1) {
    const int64_t lanes = KernelBuilder::lanesOf(parts.front());
    Values joined;
    for (size_t i = 0; i < parts.size(); i += 2)
      joined.push_back(b.shuffle(parts[i], parts[i + 1], llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes))));
    parts = std::move(joined);
  }
  return parts.front();
}

Value Epilogue::packLanes(ArrayRef<Value> vectors) {
  if (b.isa.isGPU())
    return narrow(join(b, vectors));
  if (isWords())
    return packWords(vectors[0], vectors[1]);
  // The zero point is added where there are half as many vectors; no saturation can lose what matters: a value beyond
  // i16 is beyond a byte before and after.
  const auto words = [&](Value first, Value second) {
    Value packed = instructions.pack(b, first, second, /*isSigned=*/true);
    if (zeroPoint() == 0)
      return packed;
    Value zero = b.splat(packed.getType(), int64_t(zeroPoint()));
    return b.create<LLVM::SAddSat>(packed.getType(), packed, zero);
  };
  return clampPacked(instructions.pack(b, words(vectors[0], vectors[1]), words(vectors[2], vectors[3]), isSigned()));
}

Value Epilogue::packInOrder(ArrayRef<Value> vectors) {
  Value packed = packLanes(vectors);
  const int64_t lanes = KernelBuilder::lanesOf(packed) * bytesOf(p.output) / 16; // of 128 bits
  if (lanes == 1 || b.isa.isGPU())
    return packed;
  // Quad j of the result, a dword or two, is quad j % lanes of vector j / lanes.
  const int64_t count = vectors.size();
  SmallVector<int64_t> order;
  for (int64_t j = 0; j < count * lanes; ++j)
    order.push_back(j % lanes * count + j / lanes);
  Value quads = b.bitcast(packed, isWords() ? b.i64() : b.i32());
  return b.bitcast(b.shuffle(quads, quads, order), isWords() ? b.i16() : b.i8());
}

/// numerics::scaleSum
Value Epilogue::scale(Value acc, Multiplier multiplier, Value row) {
  Value factor = multiplier.value;
  if (row) {
    acc = b.create<arith::SIToFPOp>(row.getType(), acc);
    factor = b.create<arith::MulFOp>(row, factor);
  }
  Value scaled = b.create<arith::MulFOp>(acc, factor);
  return clampFloat(b.create<arith::AddFOp>(scaled, multiplier.second));
}

Value Epilogue::loadZeroPoint(Value encoding, int64_t lanes) {
  Value zero = b.create<arith::FPToSIOp>(b.i32(), b.load(b.f32(), b.at(encoding, 4), 4));
  return b.create<vector::BroadcastOp>(b.vec(lanes, b.i32()), zero);
}

Value Epilogue::loadTaken(Value pointer, Value zeroPoint) {
  return b.mul(b.load(zeroPoint.getType(), pointer, KernelBuilder::lanesOf(zeroPoint) * 4), zeroPoint);
}

/// numerics::maximum and minimum: a NaN stays, and -0 < +0.
Value Epilogue::clampFloat(Value acc) {
  const auto splat = [&](float value) { return b.splat(acc.getType(), value); };
  if (std::isfinite(p.floatMin)) {
    acc = b.maxFloat(acc, splat(p.floatMin));
    if (p.floatMin == 0 && !std::signbit(p.floatMin))
      acc = b.create<arith::AddFOp>(acc, splat(0)); // -0 becomes +0
  }
  if (p.floatMax == 0)
    return b.create<arith::MinimumFOp>(acc, splat(p.floatMax));
  if (std::isfinite(p.floatMax))
    acc = b.minFloat(acc, splat(p.floatMax));
  return acc;
}
