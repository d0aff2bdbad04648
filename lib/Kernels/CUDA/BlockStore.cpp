// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BlockStore.h"
#include "Device.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static constexpr int64_t kQuad = 4;

BlockStore::BlockStore(KernelBuilder &b, const DensePlan &plan, const PixelMap &pixels, Value args)
    : b(b), plan(plan), p(plan.params), pixels(pixels), epilogue(b, p, plan.columns, kBlock) {
  const auto pointer = [&](int64_t index) { return globalPointer(b, b.argument(args, index)); };
  const auto alignment = [&](int64_t argument, int64_t offsets) {
    return std::gcd(std::gcd(b.alignmentOf(argument), offsets), kQuad * bytesOf(p.output));
  };
  bias = pointer(2);
  multipliers = pointer(3);
  output = pointer(4);
  outputAlignment = alignment(4, pixels.outputAlignment());
  if (p.residual) {
    addend = pointer(5);
    addendAlignment = alignment(5, pixels.addendAlignment());
  }
  if (hasRowScales())
    rowScales = pointer(5);
}

Value BlockStore::loadBias(Value column) {
  column = b.create<arith::MinUIOp>(column, number(plan.blocks() * kBlock - kQuad));
  return b.load(b.vec(kQuad, b.i32()), atColumn(bias, column, 4), 16);
}

void BlockStore::enterRows(ValueRange numbers) {
  rows.clear();
  for (Value row : numbers) {
    Value last = number(pixels.count() - 1);
    rows.push_back({b.create<arith::CmpIOp>(arith::CmpIPredicate::ule, row, last),
                    pixels.at(b, b.create<arith::MinUIOp>(row, last))});
  }
}

void BlockStore::store(Value column, ValueRange sums) {
  if (p.output == ElementKind::F32)
    storeFloats(column, sums);
  else
    storeIntegers(column, sums);
}

/// Where columns are not there, those of others take their place.
static Value existing(KernelBuilder &b, const DensePlan &plan, Value column) {
  return b.create<arith::MinUIOp>(column, b.splat(b.i32(), plan.blocks() * kBlock - kQuad));
}

Value BlockStore::scaled(const Row &row, Value sum, Multiplier multiplier) {
  Value scale = b.load(b.f32(), b.at(rowScales, row.offsets.rows), 4);
  return epilogue.scale(sum, multiplier, b.create<vector::BroadcastOp>(b.vec(kQuad, b.f32()), scale));
}

Value BlockStore::centered(const Row &row, Value sum, Value column) {
  Value zero = epilogue.loadZeroPoint(b.at(rowScales, row.offsets.rows), kQuad);
  return b.create<arith::SubIOp>(sum, epilogue.loadTaken(atColumn(multipliers, column, 4), zero));
}

void BlockStore::storeFloats(Value column, ValueRange sums) {
  Value there = existing(b, plan, column);
  Multiplier multiplier;
  if (p.scaled)
    multiplier = epilogue.loadMultiplier(atColumn(multipliers, there, 4), kQuad);
  for (auto [row, sum] : llvm::zip(rows, sums))
    storeQuad(row, column,
              p.scaled ? scaled(row, sum, multiplier) : (p.encoded ? centered(row, sum, there) : Value(sum)));
}

/// The addend's quads. It may lie where the result does: nothing is read that another thread may have written.
Values BlockStore::loadAddends(Value column) {
  const int64_t bytes = bytesOf(p.output);
  Type type = b.vec(kQuad, b.getIntegerType(8 * bytes));
  Values quads;
  for (const Row &row : rows) {
    const auto load = [&]() -> Values {
      return {b.load(type, atColumn(b.at(addend, row.offsets.addend), column, bytes), addendAlignment)};
    };
    llvm::append_range(quads, b.when(isThere(row, column), b.splat(type, int64_t(0)), load));
  }
  return quads;
}

/// Packs the quads of as many rows as the epilogue takes together.
void BlockStore::storeIntegers(Value column, ValueRange sums) {
  const Multiplier multiplier = epilogue.loadMultiplier(atColumn(multipliers, existing(b, plan, column), 4), kQuad);
  const Values addends = p.residual ? loadAddends(column) : Values(sums.size());
  const int64_t count = sums.size(), together = epilogue.vectorsOfPack();
  for (int64_t first = 0; first < count; first += together) {
    const int64_t last = std::min(first + together, count);
    Values quads;
    for (int64_t i = first; i < last; ++i)
      quads.push_back(epilogue.requantize(sums[i], multiplier, addends[i]));
    quads.resize(together, quads.back());
    Value packed = epilogue.packInOrder(quads);
    for (int64_t i = first; i < last; ++i)
      storeQuad(rows[i], column, b.slice(packed, (i - first) * kQuad, kQuad));
  }
}

Value BlockStore::below(Value column, int64_t limit) {
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, column, number(limit));
}

Value BlockStore::isThere(const Row &row, Value column) {
  return b.create<arith::AndIOp>(row.isThere, below(column, plan.columns));
}

/// As many of its columns as there are.
void BlockStore::storeQuad(const Row &row, Value column, Value quad) {
  const int64_t bytes = bytesOf(p.output);
  Value pointer = atColumn(b.at(output, row.offsets.output), column, bytes);
  const int64_t whole = plan.columns / kQuad * kQuad, rest = plan.columns % kQuad;
  b.when(isThere(row, column), [&] {
    if (rest == 0)
      return b.store(quad, pointer, outputAlignment);
    const auto storeRest = [&] {
      for (int64_t i = 0; i < rest; ++i)
        b.store(vector::ExtractOp::create(b, quad, i), b.at(pointer, i * bytes), std::gcd(outputAlignment, bytes));
    };
    if (whole == 0)
      return storeRest();
    b.whenElse(below(column, whole), [&] { b.store(quad, pointer, outputAlignment); }, storeRest);
  });
}
