// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The products of a tile, as of two matrices: of pixels (their windows, read where they lie) and of columns. The
// operands come to the block's memory by copies that run stages ahead of the products.

#include "BlockProduct.h"
#include "Device.h"
#include "Fragments.h"
#include "IndexArith.h"
#include "Warp.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {
class BlockProductEmitter : IndexArith {
public:
  BlockProductEmitter(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                      const BlockOperands &from, BlockResults &results)
      : IndexArith(b), plan(plan), tile(tile), pixels(pixels), from(from), results(results),
        fragments(b, plan.params, tile) {}
  void emit(Value block);

private:
  std::array<Value, 2> placeBlock(Value block);
  Value next(Value place);
  Values sumCopied(StageCopies &copies, Values acc);
  Values sumLoaded(StageCopies &copies, Values acc);
  Values startSums();
  void storeResults(ValueRange acc);
  Value column(int64_t group) { return b.add(firstColumn, number(group * fragments.groupColumns())); }

  const DensePlan &plan;
  const BlockTile &tile;
  const PixelMap &pixels;
  const BlockOperands &from;
  BlockResults &results;
  Fragments fragments;
  Value firstColumn; ///< of this thread's results
};
} // namespace

/// The tile's place among the tiles, down and to the right. Where there are many, those of eight rows follow each other
/// column by column: what runs at the same time shares rows and columns, which then come from the cache.
std::array<Value, 2> BlockProductEmitter::placeBlock(Value block) {
  const int64_t height = llvm::divideCeil(pixels.count(), tile.m), width = llvm::divideCeil(plan.columns, tile.n);
  constexpr int64_t rows = 8;
  if (height < rows || width < rows)
    return {div(block, width), rem(block, width)};
  Value first = b.mul(div(block, rows * width), number(rows)), within = rem(block, rows * width);
  Value size = number(rows);
  if (height % rows)
    size = b.create<arith::MinUIOp>(size, b.create<arith::SubIOp>(number(height), first));
  return {b.add(first, b.create<arith::RemUIOp>(within, size)), b.create<arith::DivUIOp>(within, size)};
}

/// The memory of the stage behind that at `place`.
Value BlockProductEmitter::next(Value place) {
  Value last = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, place, number((tile.stages - 1) * tile.stageBytes()));
  return b.create<arith::SelectOp>(last, number(0), b.add(place, number(tile.stageBytes())));
}

/// While a stage is multiplied, the copies of the next ones run; each takes the place of the one multiplied before.
Values BlockProductEmitter::sumCopied(StageCopies &copies, Values acc) {
  const int64_t count = copies.stageCount(), ahead = std::min(count, tile.stages - 1);
  const int64_t whole = fragments.whole(plan.steps());
  Value memory = sharedMemory(b, tile.sharedBytes());
  for (int64_t i = 0; i < ahead; ++i) {
    copies.begin(number(i), b.at(memory, i * tile.stageBytes()));
    commitCopies(b);
  }
  const auto arrive = [&] {
    waitForCopies(b, std::max<int64_t>(ahead - 1, 0));
    blockBarrier(b);
  };
  Values carried = std::move(acc);
  carried.push_back(number(0));
  carried.push_back(number(ahead * tile.stageBytes()));
  if (whole)
    carried = b.loop(whole, carried, [&](Value index, ValueRange carried) {
      Value current = carried[carried.size() - 2], free = carried.back();
      Value wanted = b.add(b.create<arith::TruncIOp>(b.i32(), index), number(ahead));
      arrive();
      if (count > ahead)
        b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, wanted, number(count)),
               [&] { copies.begin(wanted, b.at(memory, free)); });
      commitCopies(b);
      Values sums = fragments.multiply(b.at(memory, current), Values(carried.drop_back(2)), kStageSteps);
      sums.push_back(next(current));
      sums.push_back(next(free));
      return sums;
    });
  Value current = carried[carried.size() - 2];
  carried.pop_back_n(2);
  if (whole == count)
    return carried;
  arrive();
  return fragments.multiply(b.at(memory, current), std::move(carried), plan.steps() - whole * kStageSteps);
}

/// Without such copies, a stage is loaded while the one before is multiplied.
Values BlockProductEmitter::sumLoaded(StageCopies &copies, Values acc) {
  const int64_t count = copies.stageCount(), whole = fragments.whole(plan.steps()), sums = acc.size();
  Value memory = sharedMemory(b, tile.sharedBytes());
  Values carried = std::move(acc);
  carried.push_back(number(0));
  llvm::append_range(carried, copies.load(number(0)));
  if (whole)
    carried = b.loop(whole, carried, [&](Value index, ValueRange carried) {
      Value place = carried[sums], stage = b.at(memory, place);
      copies.store(carried.drop_front(sums + 1), stage);
      blockBarrier(b);
      // The last one is loaded once more, where there is nothing behind it.
      Value wanted = b.add(b.create<arith::TruncIOp>(b.i32(), index), number(1));
      const Values loaded = copies.load(b.create<arith::MinUIOp>(wanted, number(count - 1)));
      Values after = fragments.multiply(stage, Values(carried.take_front(sums)), kStageSteps);
      after.push_back(next(place));
      llvm::append_range(after, loaded);
      return after;
    });
  const Values result(ArrayRef<Value>(carried).take_front(sums));
  if (whole == count)
    return result;
  Value stage = b.at(memory, carried[sums]);
  copies.store(ValueRange(carried).drop_front(sums + 1), stage);
  blockBarrier(b);
  return fragments.multiply(stage, result, plan.steps() - whole * kStageSteps);
}

Values BlockProductEmitter::startSums() {
  SmallVector<Values> starts;
  for (int64_t group = 0; group < fragments.columnGroups(); ++group) {
    Value start = results.start(column(group));
    Values columns;
    for (int64_t i = 0; i < KernelBuilder::lanesOf(start); ++i)
      columns.push_back(vector::ExtractOp::create(b, start, i));
    starts.push_back(std::move(columns));
  }
  return fragments.start(starts);
}

void BlockProductEmitter::storeResults(ValueRange acc) {
  for (int64_t group = 0; group < fragments.columnGroups(); ++group) {
    Values sums;
    for (int64_t row = 0; row < fragments.rows(); ++row) {
      const Values piece = fragments.resultsOf(acc, row, group);
      sums.push_back(vector::FromElementsOp::create(b, b.vec(piece.size(), piece.front().getType()), piece));
    }
    results.store(column(group), sums);
  }
}

void BlockProductEmitter::emit(Value block) {
  const auto [down, right] = placeBlock(block);
  Value firstRow = b.mul(down, number(tile.m)), firstBlock = b.mul(right, number(tile.n / kBlock));
  firstColumn = b.add(b.mul(right, number(tile.n)), fragments.resultColumn());
  StageCopies copies(b, plan, tile, pixels, from, firstRow, firstBlock);
  const Values acc = b.isa.hasAsyncCopies() ? sumCopied(copies, startSums()) : sumLoaded(copies, startSums());
  Values rows;
  for (int64_t row = 0; row < fragments.rows(); ++row)
    rows.push_back(b.add(b.add(firstRow, fragments.resultRow()), number(8 * row)));
  results.enterRows(rows);
  storeResults(acc);
}

void nibble::kernels::emitBlockProduct(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile,
                                       const PixelMap &pixels, const BlockOperands &from, BlockResults &results,
                                       Value number) {
  BlockProductEmitter(b, plan, tile, pixels, from, results).emit(number);
}

void nibble::kernels::emitBlockConv(KernelBuilder &b, const ConvParams &params, const BlockTile &tile, Value args) {
  b.launch.itemThreads = b.launch.block = tile.threads();
  const DensePlan plan(params);
  const PixelMap pixels(params);
  const BlockOperands from = {globalPointer(b, b.argument(args, 0)), globalPointer(b, b.argument(args, 1)),
                              b.alignmentOf(0), plan.blockBytes()};
  ConvResults results(b, plan, tile, pixels, args);
  emitBlockProduct(b, plan, tile, pixels, from, results, blockInGrid(b));
}
