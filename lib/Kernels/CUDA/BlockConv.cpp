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
  /// Blocks of columns whose products take turns, and such groups of a warp's.
  int64_t together() const {
    return plan.params.output != ElementKind::F32 && tile.warpN() % (2 * kBlock) == 0 ? 2 : 1;
  }
  int64_t products() const { return 2 * together(); }
  int64_t columnGroups() const { return tile.warpN() / kBlock / together(); }
  /// Neighbouring columns of a thread's results.
  int64_t width() const { return 4 * together(); }
  Value number(int64_t value) { return b.splat(b.i32(), value); }
  Value div(Value value, int64_t by) { return b.create<arith::DivUIOp>(value, number(by)); }
  Value rem(Value value, int64_t by) { return b.create<arith::RemUIOp>(value, number(by)); }
  std::array<Value, 2> placeBlock();
  void placeThread();
  Value column(int64_t group) { return b.add(firstColumn, number(group * together() * kBlock)); }
  /// Where the four sums of a product are.
  int64_t sumsOf(int64_t rowGroup, int64_t columnGroup, int64_t product) const {
    return ((rowGroup * columnGroups() + columnGroup) * products() + product) * 4;
  }
  Values startAtBias(BlockStore &store);
  Values sum(StageCopies &copies, Values acc);
  Values multiplyStage(Value stage, Values acc);
  Values loadWords(Value pointer);
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

/// The tile's place among the tiles, down and to the right. Where there are many, those of eight rows follow each other
/// column by column: what runs at the same time shares rows and columns, which then come from the cache.
std::array<Value, 2> BlockConvEmitter::placeBlock() {
  const int64_t height = llvm::divideCeil(pixels.count(), tile.m), width = llvm::divideCeil(plan.columns, tile.n);
  constexpr int64_t rows = 8;
  Value block = blockInGrid(b);
  if (height < rows || width < rows)
    return {div(block, width), rem(block, width)};
  Value first = b.mul(div(block, rows * width), number(rows)), within = rem(block, rows * width);
  Value size = number(rows);
  if (height % rows)
    size = b.create<arith::MinUIOp>(size, b.create<arith::SubIOp>(number(height), first));
  return {b.add(first, b.create<arith::RemUIOp>(within, size)), b.create<arith::DivUIOp>(within, size)};
}

/// Lane 4 i + k has row i of a product's results, and of its columns 2 k and 2 k + 1.
void BlockConvEmitter::placeThread() {
  const auto [down, right] = placeBlock();
  Value thread = threadInBlock(b), lane = rem(thread, 32), warp = div(thread, 32);
  firstRow = b.mul(down, number(tile.m));
  firstBlock = b.mul(right, number(tile.n / kBlock));
  Value warpRow = b.mul(div(warp, tile.warpsN), number(tile.warpM()));
  Value warpColumn = b.mul(rem(warp, tile.warpsN), number(tile.warpN()));
  Value quad = rem(lane, 4), group = div(lane, 4);
  resultRow = b.add(b.add(firstRow, warpRow), group);
  firstColumn = b.add(b.add(b.mul(firstBlock, number(kBlock)), warpColumn), b.mul(quad, number(width())));
  // loadMatrices wants the addresses of rows, lanes 16 and up those of the second 16 bytes.
  Value row = b.add(warpRow, rem(lane, 16)), swizzle = rem(div(lane, 2), 4);
  for (int64_t half : {0, 1}) {
    Value piece = b.create<arith::XOrIOp>(b.add(div(lane, 16), number(2 * half)), swizzle);
    rowPlaces[half] = b.add(b.mul(row, number(kStageBytes)), b.mul(piece, number(16)));
  }
  // Of the steps `quad` and on a thread wants as many columns as there are products.
  Value first = b.mul(group, number(products()));
  Value piece = b.create<arith::XOrIOp>(b.mul(rem(first, kBlock), number(4)), b.mul(div(quad, 2), number(32)));
  columnPlace = b.add(b.add(b.mul(quad, number(kBlock * 4)), piece), b.mul(warpColumn, number(kStageBytes)));
  columnPlace = b.add(columnPlace, b.mul(div(first, kBlock), number(kBlock * kStageBytes)));
  columnPlace = b.add(columnPlace, number(tile.rowBytes()));
}

Values BlockConvEmitter::startAtBias(BlockStore &store) {
  Values row, acc;
  for (int64_t group = 0; group < columnGroups(); ++group) {
    Value bias = store.loadBias(column(group));
    for (int64_t product = 0; product < products(); ++product)
      for (int64_t i : {0, 1, 0, 1})
        row.push_back(vector::ExtractOp::create(b, bias, i * products() + product));
  }
  for (int64_t group = 0; group < rowGroups(); ++group)
    llvm::append_range(acc, row);
  return acc;
}

/// A dword for each product, by loads of 64 bits: LLVM would take a vector apart.
Values BlockConvEmitter::loadWords(Value pointer) {
  Values pairs, words;
  for (int64_t i = 0; i < products(); i += 2)
    pairs.push_back(b.load(b.i64(), b.at(pointer, 4 * i), i == 0 ? 4 * products() : 8));
  for (Value pair : pairs) {
    words.push_back(b.create<arith::TruncIOp>(b.i32(), pair));
    words.push_back(b.create<arith::TruncIOp>(b.i32(), b.create<arith::ShRUIOp>(pair, b.constant64(32))));
  }
  return words;
}

/// 32 bytes of all rows by all columns.
Values BlockConvEmitter::multiply(Value rows, Value columns, Values acc) {
  SmallVector<Values> inputs;
  for (int64_t group = 0; group < rowGroups(); ++group)
    inputs.push_back(loadMatrices(b, b.at(rows, group * kProductRows * kStageBytes)));
  for (int64_t group = 0; group < columnGroups(); ++group) {
    const int64_t first = group * together() * kBlock * kStageBytes;
    const Values low = loadWords(b.at(columns, first)),
                 high = loadWords(b.at(columns, first + kProductBytes / 2 * kBlock));
    for (int64_t product = 0; product < products(); ++product)
      for (int64_t row = 0; row < rowGroups(); ++row) {
        Value *sums = &acc[sumsOf(row, group, product)];
        llvm::copy(
            multiplyAdd(b, plan.params.input, ArrayRef<Value>(sums, 4), inputs[row], {low[product], high[product]}),
            sums);
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
  for (int64_t group = 0; group < columnGroups(); ++group) {
    Values sums;
    for (int64_t row = 0; row < rowGroups(); ++row)
      for (int64_t half : {0, 1}) {
        Values piece;
        for (int64_t i : {0, 1})
          for (int64_t product = 0; product < products(); ++product)
            piece.push_back(acc[sumsOf(row, group, product) + 2 * half + i]);
        sums.push_back(vector::FromElementsOp::create(b, b.vec(width(), b.i32()), piece));
      }
    store.store(column(group), sums);
  }
}

void BlockConvEmitter::emit(Value args) {
  b.launch.itemThreads = b.launch.block = tile.threads();
  placeThread();
  StageCopies copies(b, plan, tile, pixels, args, firstRow, firstBlock);
  BlockStore store(b, plan, pixels, args, width(), tile.n);
  storeResults(store, sum(copies, startAtBias(store)));
}

void nibble::kernels::emitBlockConv(KernelBuilder &b, const ConvParams &params, const BlockTile &tile, Value args) {
  BlockConvEmitter(b, params, tile).emit(args);
}
