// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense convolution of bytes on tensor cores, as a matrix product of pixels (their windows, read where they lie) and
// columns. The operands come to the block's memory by copies that run stages ahead of the products.
//
// A block of 16 columns is two products wide: of the first the columns are 0, 2, 4, ... 14, of the second those
// between, so that a thread reads the weights of both at once and ends with four neighbouring columns.

#include "BlockConv.h"
#include "BlockStore.h"
#include "Device.h"
#include "StageCopies.h"
#include "Warp.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Rows and bytes of a product.
static constexpr int64_t kProductRows = 16, kProductBytes = 32;

namespace {
class BlockConvEmitter {
public:
  BlockConvEmitter(KernelBuilder &b, const ConvParams &params, const BlockTile &tile)
      : b(b), plan(params), tile(tile), pixels(params) {}
  void emit(Value args);

private:
  int64_t rowGroups() const { return tile.warpM() / kProductRows; }
  int64_t blocks() const { return tile.warpN() / kBlock; }
  Value number(int64_t value) { return b.splat(b.i32(), value); }
  Value div(Value value, int64_t by) { return b.create<arith::DivUIOp>(value, number(by)); }
  Value rem(Value value, int64_t by) { return b.create<arith::RemUIOp>(value, number(by)); }
  void placeThread();
  Value column(int64_t block) { return b.add(firstColumn, number(block * kBlock)); }
  Values startAtBias(BlockStore &store);
  Values sum(StageCopies &copies, Values acc);
  Values multiplyStage(Value stage, Values acc);
  std::array<Value, 2> loadPair(Value pointer);
  Values multiply(Value rows, Value columns, Values acc);
  void storeResults(BlockStore &store, ValueRange acc);

  KernelBuilder &b;
  DensePlan plan;
  const BlockTile &tile;
  PixelMap pixels;
  Value firstRow, firstBlock;      ///< of the tile: a pixel, and a block of columns
  Value resultRow, firstColumn;    ///< of this thread's results
  Value rowPlaces[2], columnPlace; ///< where its fragments of a stage begin
};
} // namespace

/// Lane 4 i + k has row i of a product's results, and quad k of a block's columns.
void BlockConvEmitter::placeThread() {
  const int64_t across = llvm::divideCeil(plan.columns, tile.n);
  Value block = blockInGrid(b), thread = threadInBlock(b), lane = rem(thread, 32), warp = div(thread, 32);
  firstRow = b.mul(div(block, across), number(tile.m));
  firstBlock = b.mul(rem(block, across), number(tile.n / kBlock));
  Value warpRow = b.mul(div(warp, tile.warpsN), number(tile.warpM()));
  Value warpColumn = b.mul(rem(warp, tile.warpsN), number(tile.warpN()));
  Value quad = rem(lane, 4), group = div(lane, 4);
  resultRow = b.add(b.add(firstRow, warpRow), group);
  firstColumn = b.add(b.add(b.mul(firstBlock, number(kBlock)), warpColumn), b.mul(quad, number(4)));
  // loadMatrices wants the addresses of rows, lanes 16 and up those of the second 16 bytes.
  Value row = b.add(warpRow, rem(lane, 16)), swizzle = rem(div(lane, 2), 4);
  for (int64_t half : {0, 1}) {
    Value piece = b.create<arith::XOrIOp>(b.add(div(lane, 16), number(2 * half)), swizzle);
    rowPlaces[half] = b.add(b.mul(row, number(kStageBytes)), b.mul(piece, number(16)));
  }
  Value pair = b.create<arith::XOrIOp>(b.mul(group, number(8)), b.mul(div(quad, 2), number(32)));
  columnPlace = b.add(b.add(b.mul(quad, number(kBlock * 4)), pair), b.mul(warpColumn, number(kStageBytes)));
  columnPlace = b.add(columnPlace, number(tile.rowBytes()));
}

/// [row group][block][first or second product][4 sums]
Values BlockConvEmitter::startAtBias(BlockStore &store) {
  Values row, acc;
  for (int64_t block = 0; block < blocks(); ++block) {
    Value bias = store.loadBias(column(block));
    for (int64_t i : {0, 2, 0, 2, 1, 3, 1, 3})
      row.push_back(vector::ExtractOp::create(b, bias, i));
  }
  for (int64_t group = 0; group < rowGroups(); ++group)
    llvm::append_range(acc, row);
  return acc;
}

/// Two dwords by one load, which LLVM would split if they were a vector.
std::array<Value, 2> BlockConvEmitter::loadPair(Value pointer) {
  Value both = b.load(b.i64(), pointer, 8), high = b.create<arith::ShRUIOp>(both, b.constant64(32));
  return {b.create<arith::TruncIOp>(b.i32(), both), b.create<arith::TruncIOp>(b.i32(), high)};
}

/// 32 bytes of all rows by all columns.
Values BlockConvEmitter::multiply(Value rows, Value columns, Values acc) {
  SmallVector<Values> inputs;
  for (int64_t group = 0; group < rowGroups(); ++group)
    inputs.push_back(loadMatrices(b, b.at(rows, group * kProductRows * kStageBytes)));
  for (int64_t block = 0; block < blocks(); ++block) {
    const int64_t first = block * kBlock * kStageBytes;
    const std::array<Value, 2> low = loadPair(b.at(columns, first)),
                               high = loadPair(b.at(columns, first + kProductBytes / 2 * kBlock));
    for (int64_t half : {0, 1}) {
      const Values weights = {low[half], high[half]};
      for (int64_t group = 0; group < rowGroups(); ++group) {
        Value *sums = &acc[((group * blocks() + block) * 2 + half) * 4];
        const Values next = multiplyAdd(b, plan.params.input, ArrayRef<Value>(sums, 4), inputs[group], weights);
        llvm::copy(next, sums);
      }
    }
  }
  return acc;
}

Values BlockConvEmitter::multiplyStage(Value stage, Values acc) {
  for (int64_t half : {0, 1})
    acc = multiply(b.at(stage, rowPlaces[half]), b.at(b.at(stage, columnPlace), half * kProductBytes * kBlock),
                   std::move(acc));
  return acc;
}

/// While a stage is multiplied, the copies of the next ones run; each takes the place of the one multiplied before.
Values BlockConvEmitter::sum(StageCopies &copies, Values acc) {
  const int64_t count = copies.stageCount(), ahead = std::min(count, tile.stages - 1), bytes = tile.stageBytes();
  Value memory = sharedMemory(b, tile.sharedBytes());
  for (int64_t i = 0; i < ahead; ++i) {
    copies.begin(number(i), b.at(memory, i * bytes));
    commitCopies(b);
  }
  const auto next = [&](Value place) {
    Value last = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, place, number(ahead * bytes));
    return b.create<arith::SelectOp>(last, number(0), b.add(place, number(bytes)));
  };
  Values carried = std::move(acc);
  carried.push_back(number(0));
  carried.push_back(number(ahead * bytes));
  carried = b.loop(count, carried, [&](Value index, ValueRange carried) {
    Value current = carried[carried.size() - 2], free = carried.back();
    Value stage = b.create<arith::TruncIOp>(b.i32(), index), wanted = b.add(stage, number(ahead));
    waitForCopies(b, std::max<int64_t>(ahead - 1, 0));
    blockBarrier(b);
    if (count > ahead)
      b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, wanted, number(count)),
             [&] { copies.begin(wanted, b.at(memory, free)); });
    commitCopies(b);
    Values sums(carried.drop_back(2));
    sums = multiplyStage(b.at(memory, current), std::move(sums));
    sums.push_back(next(current));
    sums.push_back(next(free));
    return sums;
  });
  carried.pop_back_n(2);
  return carried;
}

void BlockConvEmitter::storeResults(BlockStore &store, ValueRange acc) {
  Values rows;
  for (int64_t i = 0; i < 2 * rowGroups(); ++i)
    rows.push_back(b.add(resultRow, number(8 * i)));
  store.enterRows(rows);
  for (int64_t block = 0; block < blocks(); ++block) {
    Values sums;
    for (int64_t i = 0; i < 2 * rowGroups(); ++i) {
      const int64_t first = (i / 2 * blocks() + block) * 8 + i % 2 * 2;
      const Values quad = {acc[first], acc[first + 4], acc[first + 1], acc[first + 5]};
      sums.push_back(vector::FromElementsOp::create(b, b.vec(4, b.i32()), quad));
    }
    store.store(column(block), sums);
  }
}

void BlockConvEmitter::emit(Value args) {
  b.launch.itemThreads = b.launch.block = tile.threads();
  placeThread();
  StageCopies copies(b, plan, tile, pixels, args, firstRow, firstBlock);
  BlockStore store(b, plan, pixels, args);
  storeResults(store, sum(copies, startAtBias(store)));
}

void nibble::kernels::emitBlockConv(KernelBuilder &b, const ConvParams &params, const BlockTile &tile, Value args) {
  BlockConvEmitter(b, params, tile).emit(args);
}
