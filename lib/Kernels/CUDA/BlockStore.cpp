// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BlockStore.h"
#include "Device.h"
#include "llvm/ADT/bit.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

BlockStore::BlockStore(KernelBuilder &b, const DensePlan &plan, const PixelMap &pixels, Value args, int64_t width,
                       int64_t tileColumns)
    : b(b), plan(plan), p(plan.params), pixels(pixels), width(width), tileColumns(tileColumns),
      epilogue(b, p, plan.columns, kBlock) {
  const auto pointer = [&](int64_t index) { return globalPointer(b, b.argument(args, index)); };
  const auto alignment = [&](int64_t argument, int64_t offsets) {
    return std::gcd(std::gcd(b.alignmentOf(argument), offsets), width * bytesOf(p.output));
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

Value BlockStore::existing(Value column) {
  if (plan.columns % tileColumns == 0)
    return column;
  return b.create<arith::MinUIOp>(column, number(plan.blocks() * kBlock - width));
}

Value BlockStore::loadBias(Value column) {
  return b.load(b.vec(width, b.i32()), atColumn(bias, existing(column), 4), 16);
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

Value BlockStore::scaled(const Row &row, Value sum, Multiplier multiplier) {
  Value scale = b.load(b.f32(), b.at(rowScales, row.offsets.rows), 4);
  return epilogue.scale(sum, multiplier, b.create<vector::BroadcastOp>(b.vec(width, b.f32()), scale));
}

Value BlockStore::centered(const Row &row, Value sum, Value column) {
  Value zero = epilogue.loadZeroPoint(b.at(rowScales, row.offsets.rows), width);
  return b.create<arith::SubIOp>(sum, epilogue.loadTaken(atColumn(multipliers, column, 4), zero));
}

void BlockStore::storeFloats(Value column, ValueRange sums) {
  Value there = existing(column);
  Multiplier multiplier;
  if (p.scaled)
    multiplier = epilogue.loadMultiplier(atColumn(multipliers, there, 4), width);
  for (auto [row, sum] : llvm::zip(rows, sums))
    storePiece(row, column,
               p.scaled ? scaled(row, sum, multiplier) : (p.encoded ? centered(row, sum, there) : Value(sum)));
}

/// The addend's pieces. It may lie where the result does: nothing is read that another thread may have written.
Values BlockStore::loadAddends(Value column) {
  const int64_t bytes = bytesOf(p.output);
  Type type = b.vec(width, b.getIntegerType(8 * bytes));
  Values pieces;
  for (const Row &row : rows) {
    Value zeros = b.splat(type, int64_t(0));
    const auto load = [&](int64_t count) -> Values {
      Value pointer = atColumn(b.at(addend, row.offsets.addend), column, bytes);
      if (count == width)
        return {b.load(type, pointer, addendAlignment)};
      Value piece = zeros;
      for (int64_t i = 0; i < count; ++i)
        piece =
            vector::InsertOp::create(b, b.load(b.getIntegerType(8 * bytes), b.at(pointer, i * bytes), bytes), piece, i);
      return {piece};
    };
    Values piece = b.when(isThere(row, column), zeros, [&]() -> Values {
      const int64_t rest = plan.columns % width; // behind which another block's results may begin
      if (rest == 0)
        return load(width);
      return b.when(below(column, plan.columns - rest), load(rest), [&] { return load(width); });
    });
    llvm::append_range(pieces, piece);
  }
  return pieces;
}

void BlockStore::storeIntegers(Value column, ValueRange sums) {
  const Multiplier multiplier = epilogue.loadMultiplier(atColumn(multipliers, existing(column), 4), width);
  const Values addends = p.residual ? loadAddends(column) : Values(sums.size());
  for (auto [row, sum, addend] : llvm::zip(rows, sums, addends))
    storePiece(row, column, epilogue.narrow(epilogue.requantize(sum, multiplier, addend)));
}

Value BlockStore::below(Value column, int64_t limit) {
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, column, number(limit));
}

Value BlockStore::isThere(const Row &row, Value column) {
  return b.create<arith::AndIOp>(row.isThere, below(column, plan.columns));
}

/// As many of its columns as there are.
void BlockStore::storePiece(const Row &row, Value column, Value piece) {
  const int64_t bytes = bytesOf(p.output);
  Value pointer = atColumn(b.at(output, row.offsets.output), column, bytes);
  const int64_t whole = plan.columns / width * width, rest = plan.columns % width;
  const auto storePart = [&](int64_t count) {
    for (int64_t done = 0; done < count;) {
      const int64_t part = llvm::bit_floor(uint64_t(count - done));
      b.store(b.slice(piece, done, part), b.at(pointer, done * bytes), std::gcd(outputAlignment, done * bytes));
      done += part;
    }
  };
  b.when(isThere(row, column), [&] {
    if (rest == 0 || whole == 0)
      return storePart(rest == 0 ? width : rest);
    b.whenElse(below(column, whole), [&] { storePart(width); }, [&] { storePart(rest); });
  });
}
