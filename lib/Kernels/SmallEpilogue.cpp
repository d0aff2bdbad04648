// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SmallEpilogue.h"

using namespace mlir;
using namespace nibble::kernels;

SmallEpilogue::SmallEpilogue(KernelBuilder &b, const SmallPlan &plan, Value table, Value multipliers)
    : b(b), plan(plan), p(plan.params), table(table) {
  lifted = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, b.load(b.i32(), multipliers, 4), b.constant(0));
  this->multipliers = b.at(multipliers, 4);
}

/// It never changes: loading it again is as good as keeping it in a register.
Value SmallEpilogue::field(Field field) {
  auto load = LLVM::LoadOp::create(b, b.i32(), b.at(table, 4 * int64_t(field)), /*alignment=*/4);
  load.setInvariant(true);
  return load;
}

static bool isByte(const ConvParams &p, int32_t low, int32_t high) {
  return p.output == ElementKind::U8 ? low == 0 && high == 255 : low == -128 && high == 127;
}

bool SmallEpilogue::clampsToByte(const ConvParams &p) {
  return p.residual ? isByte(p, p.residual->min, p.residual->max) : isByte(p, p.clampMin, p.clampMax);
}

/// `scalar` in each lane, if `value` has lanes.
Value SmallEpilogue::like(Value value, Value scalar) {
  return isa<VectorType>(value.getType()) ? b.create<vector::BroadcastOp>(value.getType(), scalar) : scalar;
}

SmallEpilogue::Scale SmallEpilogue::loadScale(Value n, int64_t column) {
  if (group)
    n = b.add(n, group);
  if (b.isa.dot != DotKind::Vmladav) {
    Value pointer = b.at(multipliers, b.addMul(b.constant(8 * column), n, 8));
    return {b.load(b.i32(), pointer, 4), b.load(b.i32(), b.at(pointer, 4), 4)};
  }
  Type type = isVector() ? Type(b.vec(4, b.i32())) : b.i32();
  Value pointer = b.at(multipliers, b.addMul(b.constant(4 * column), n, 4));
  return {b.load(type, pointer, 4), b.load(type, b.at(pointer, field(Field::Shifts)), 4)};
}

/// Multipliers of 1/4 and more: the sum is multiplied by a power of 2 first. A sum beyond 2^20 is beyond a byte's range
/// after the multiplication, however far.
void SmallEpilogue::liftSums(MutableArrayRef<SmallPixel> pixels, MutableArrayRef<Scale> scales) {
  Values before;
  for (const SmallPixel &pixel : pixels)
    llvm::append_range(before, pixel.sums);
  for (const Scale &scale : scales)
    before.push_back(scale.r);
  SmallVector<Type> types(ValueRange(before).getTypes());
  auto branch = scf::IfOp::create(b, types, lifted, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, before);
  b.setInsertionPointToStart(branch.thenBlock());
  Values after;
  const size_t count = before.size() - scales.size();
  for (size_t i = 0; i < count; ++i) {
    Value sum = before[i], r = scales[i % scales.size()].r, limit = b.splat(sum.getType(), int64_t(1) << 20);
    Value low = b.splat(sum.getType(), -(int64_t(1) << 20)), zero = b.splat(sum.getType(), int64_t(0));
    sum = b.create<arith::MinSIOp>(b.create<arith::MaxSIOp>(sum, low), limit);
    after.push_back(b.create<arith::ShLIOp>(sum, b.create<arith::MaxSIOp>(b.create<arith::SubIOp>(zero, r), zero)));
  }
  for (const Scale &scale : scales)
    after.push_back(b.create<arith::MaxSIOp>(scale.r, b.splat(scale.r.getType(), int64_t(0))));
  scf::YieldOp::create(b, after);
  size_t next = 0;
  for (SmallPixel &pixel : pixels)
    for (Value &sum : pixel.sums)
      sum = branch.getResult(next++);
  for (Scale &scale : scales)
    scale.r = branch.getResult(next++);
}

Value SmallEpilogue::clamp(Value value, Field low, Field high, bool toByte) {
  const bool isUnsigned = p.output == ElementKind::U8;
  Value least = toByte ? b.splat(value.getType(), int64_t(isUnsigned ? 0 : -128)) : like(value, field(low));
  Value most = toByte ? b.splat(value.getType(), int64_t(isUnsigned ? 255 : 127)) : like(value, field(high));
  return b.create<arith::MinSIOp>(b.create<arith::MaxSIOp>(value, least), most);
}

/// (sum * m + 2^(s-1)) >> s is ((high half of the product >> r) + 1) >> 1; with a zero point, + 1 + 2 * zero point.
Value SmallEpilogue::requantize(Value sum, Scale scale) {
  Type type = sum.getType(), wide = b.i64();
  if (auto vector = dyn_cast<VectorType>(type))
    wide = b.vec(vector.getNumElements(), wide);
  Value product = b.mul(b.create<arith::ExtSIOp>(wide, sum), b.create<arith::ExtSIOp>(wide, scale.m));
  Value high = b.create<arith::TruncIOp>(type, b.create<arith::ShRSIOp>(product, b.splat(wide, int64_t(32))));
  Value shifted = b.add(b.create<arith::ShRSIOp>(high, scale.r), like(sum, field(Field::Bias)));
  Value q = b.create<arith::ShRSIOp>(shifted, b.splat(type, int64_t(1)));
  return clamp(q, Field::Low, Field::High, !p.residual && clampsToByte(p));
}

/// (q * m1 + (a - za) * m2 + 2^(s-1)) >> s, both factors being shifted up where s is below 33.
Value SmallEpilogue::addResidual(Value q, Value addend) {
  Type type = q.getType(), wide = b.i64();
  if (auto vector = dyn_cast<VectorType>(type))
    wide = b.vec(vector.getNumElements(), wide);
  Value up = like(q, field(Field::ScaleUp));
  const auto scaled = [&](Value value, Field by) {
    Value lifted = b.create<arith::ExtSIOp>(wide, b.create<arith::ShLIOp>(value, up));
    return b.mul(lifted, b.create<arith::ExtSIOp>(wide, like(q, field(by))));
  };
  Value a = b.create<arith::SubIOp>(addend, like(q, field(Field::AddendZero)));
  Value sum = b.add(scaled(q, Field::Scale), scaled(a, Field::AddendScale));
  Value high = b.create<arith::TruncIOp>(type, b.create<arith::ShRSIOp>(sum, b.splat(wide, int64_t(32))));
  Value shifted = b.create<arith::ShRSIOp>(high, like(q, field(Field::ScaleDown)));
  shifted = b.add(shifted, like(q, field(Field::SumBias)));
  Value y = b.create<arith::ShRSIOp>(shifted, b.splat(type, int64_t(1)));
  return clamp(y, Field::SumLow, Field::SumHigh, clampsToByte(p));
}

Value SmallEpilogue::loadAddend(Value pointer, int64_t column) {
  Type bytes = isVector() ? Type(b.vec(4, b.i8())) : b.i8(), type = isVector() ? Type(b.vec(4, b.i32())) : b.i32();
  Value stored = b.load(bytes, b.at(pointer, column));
  return p.output == ElementKind::U8 ? b.create<arith::ExtUIOp>(type, stored) : b.create<arith::ExtSIOp>(type, stored);
}

/// `skipped`: so many columns of the tile are stored already, never all of them; null if none.
void SmallEpilogue::storeColumn(Value bytes, Value pointer, int64_t column, Value skipped) {
  if (!skipped || (!isVector() && column + 1 == plan.tileColumns))
    return b.store(bytes, b.at(pointer, column));
  if (isVector()) {
    Value columns = b.create<arith::ConstantOp>(b.getI32VectorAttr({0, 1, 2, 3}));
    Value mask = b.create<arith::CmpIOp>(arith::CmpIPredicate::sge, columns, like(columns, skipped));
    LLVM::MaskedStoreOp::create(b, bytes, pointer, mask, /*alignment=*/1);
    return;
  }
  Value isNew = b.create<arith::CmpIOp>(arith::CmpIPredicate::sge, b.splat(b.i32(), column), skipped);
  auto branch = scf::IfOp::create(b, isNew, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  b.store(bytes, b.at(pointer, column));
}

void SmallEpilogue::store(ArrayRef<SmallPixel> given, Value n, Value first) {
  SmallVector<SmallPixel> pixels(given);
  SmallVector<Scale> scales;
  for (int64_t j = 0; j < (isVector() ? 1 : plan.tileColumns); ++j)
    scales.push_back(loadScale(n, j));
  for (SmallPixel &pixel : pixels)
    if (isVector() && pixel.sums.size() == 4)
      pixel.sums = {b.create<vector::FromElementsOp>(b.vec(4, b.i32()), pixel.sums)};
  liftSums(pixels, scales);
  // All before the first store: both pixels may be the same one, and its addend lie where its result goes.
  SmallVector<Values> results;
  for (const SmallPixel &pixel : pixels) {
    Value addend = p.residual ? b.at(pixel.addend, n) : Value();
    Values &result = results.emplace_back();
    for (auto [j, sum] : llvm::enumerate(pixel.sums)) {
      Value q = requantize(sum, scales[j]);
      if (p.residual)
        q = addResidual(q, loadAddend(addend, j));
      Type bytes = isVector() ? Type(b.vec(4, b.i8())) : b.i8();
      result.push_back(b.create<arith::TruncIOp>(bytes, q));
    }
  }
  Value skipped = plan.storesOnce() ? b.create<arith::SubIOp>(first, n) : Value();
  for (auto [pixel, result] : llvm::zip(pixels, results)) {
    Value output = b.at(pixel.output, n);
    for (auto [j, bytes] : llvm::enumerate(result))
      storeColumn(bytes, output, j, skipped);
  }
}
