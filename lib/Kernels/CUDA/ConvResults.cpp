// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The results of a convolution's block.

#include "BlockResults.h"
#include "Device.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isFloat(const ConvParams &p) { return p.input == ElementKind::F32; }

static ResultPointers pointersOf(KernelBuilder &b, const ConvParams &p, Value args) {
  ResultPointers at;
  at.output = globalPointer(b, b.argument(args, 4));
  at.outputAlignment = b.alignmentOf(4);
  if (p.encoded || (p.scaled && !isFloat(p)))
    at.rows = globalPointer(b, b.argument(args, 5));
  return at;
}

ConvResults::ConvResults(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                         Value args)
    : BlockResults(b, plan, tile, pixels, pointersOf(b, plan.params, args)), epilogue(b, p, plan.columns, kBlock) {
  bias = globalPointer(b, b.argument(args, 2));
  if (!isFloat(p))
    multipliers = globalPointer(b, b.argument(args, 3));
  if (!p.residual)
    return;
  addend = globalPointer(b, b.argument(args, 5));
  addendAlignment = std::gcd(std::gcd(b.alignmentOf(5), pixels.addendAlignment()), width * bytesOf(p.output));
}

Value ConvResults::start(Value column) {
  Type element = isFloat(p) ? b.f32() : b.i32();
  return b.load(b.vec(width, element), atColumn(bias, existing(column), 4), 16);
}

void ConvResults::store(Value column, ValueRange sums) {
  if (p.output == ElementKind::F32)
    storeFloats(column, sums);
  else
    storeIntegers(column, sums);
}

Value ConvResults::scaled(const Row &row, Value sum, Multiplier multiplier) {
  return epilogue.scale(sum, multiplier, loadRowScale(row));
}

Value ConvResults::centered(const Row &row, Value sum, Value column) {
  Value zero = epilogue.loadZeroPoint(b.at(at.rows, row.offsets.rows), width);
  return b.create<arith::SubIOp>(sum, epilogue.loadTaken(atColumn(multipliers, column, 4), zero));
}

void ConvResults::storeFloats(Value column, ValueRange sums) {
  Value there = existing(column);
  Multiplier multiplier;
  if (p.scaled)
    multiplier = epilogue.loadMultiplier(atColumn(multipliers, there, 4), width);
  for (auto [row, sum] : llvm::zip(rows, sums)) {
    Value result = sum;
    if (p.scaled)
      result = scaled(row, sum, multiplier);
    else if (p.encoded)
      result = centered(row, sum, there);
    else if (!p.sums)
      result = epilogue.clampFloat(sum);
    storePiece(row, column, result);
  }
}

/// The first `count` columns of a piece, zeros behind.
Value ConvResults::loadAddend(const Row &row, Value column, int64_t count) {
  const int64_t bytes = bytesOf(p.output);
  Type element = b.getIntegerType(8 * bytes);
  Value pointer = atColumn(b.at(addend, row.offsets.addend), column, bytes);
  if (count == width)
    return b.load(b.vec(width, element), pointer, addendAlignment);
  Value piece = b.splat(b.vec(width, element), int64_t(0));
  for (int64_t i = 0; i < count; ++i)
    piece = vector::InsertOp::create(b, b.load(element, b.at(pointer, i * bytes), bytes), piece, i);
  return piece;
}

/// It may lie where the result does: nothing is read that another thread or block may have written, as behind the last
/// column.
Values ConvResults::loadAddends(Value column) {
  const int64_t rest = plan.columns % width;
  Value zeros = b.splat(b.vec(width, b.getIntegerType(8 * bytesOf(p.output))), int64_t(0));
  Values pieces;
  for (const Row &row : rows)
    llvm::append_range(pieces, b.when(isThere(row, column), zeros, [&]() -> Values {
      const auto whole = [&]() -> Values { return {loadAddend(row, column, width)}; };
      return rest == 0 ? whole() : b.when(isBelow(column, plan.columns - rest), loadAddend(row, column, rest), whole);
    }));
  return pieces;
}

void ConvResults::storeIntegers(Value column, ValueRange sums) {
  const Multiplier multiplier = epilogue.loadMultiplier(atColumn(multipliers, existing(column), 4), width);
  const Values addends = p.residual ? loadAddends(column) : Values(sums.size());
  for (auto [row, sum, addend] : llvm::zip(rows, sums, addends))
    storePiece(row, column, epilogue.narrow(epilogue.requantize(sum, multiplier, addend)));
}
