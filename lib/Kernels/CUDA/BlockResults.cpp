// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BlockResults.h"
#include "llvm/ADT/bit.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

BlockResults::BlockResults(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                           ResultPointers at)
    : IndexArith(b), plan(plan), p(plan.params), tile(tile), pixels(pixels), width(tile.width(p.output)), at(at) {
  this->at.outputAlignment =
      std::gcd(std::gcd(at.outputAlignment, pixels.outputAlignment()), width * bytesOf(p.output));
}

void BlockResults::enterRows(ValueRange numbers) {
  rows.clear();
  for (Value row : numbers) {
    Value last = number(pixels.count() - 1);
    rows.push_back({b.create<arith::CmpIOp>(arith::CmpIPredicate::ule, row, last),
                    pixels.at(b, b.create<arith::MinUIOp>(row, last))});
  }
}

Value BlockResults::existing(Value column) {
  if (plan.columns % tile.n == 0)
    return column;
  return b.create<arith::MinUIOp>(column, number(plan.blocks() * kBlock - width));
}

Value BlockResults::isThere(const Row &row, Value column) {
  return b.create<arith::AndIOp>(row.isThere, isBelow(column, plan.columns));
}

Value BlockResults::loadRowScale(const Row &row) {
  return b.create<vector::BroadcastOp>(b.vec(width, b.f32()), b.load(b.f32(), b.at(at.rows, row.offsets.rows), 4));
}

/// As many of its columns as there are.
void BlockResults::storePiece(const Row &row, Value column, Value piece) {
  const int64_t bytes = bytesOf(p.output);
  Value pointer = atColumn(b.at(at.output, row.offsets.output), column, bytes);
  const int64_t whole = plan.columns / width * width, rest = plan.columns % width;
  const auto storePart = [&](int64_t count) {
    for (int64_t done = 0; done < count;) {
      const int64_t part = llvm::bit_floor(uint64_t(count - done));
      b.store(b.slice(piece, done, part), b.at(pointer, done * bytes), std::gcd(at.outputAlignment, done * bytes));
      done += part;
    }
  };
  b.when(isThere(row, column), [&] {
    if (rest == 0 || whole == 0)
      return storePart(rest == 0 ? width : rest);
    b.whenElse(isBelow(column, whole), [&] { storePart(width); }, [&] { storePart(rest); });
  });
}
