// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Fragments.h"
#include "Device.h"
#include "Warp.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Rows of a product of tensor cores.
static constexpr int64_t kProductRows = 16;
/// Bytes of a step of a block of columns, and of all a stage's.
static constexpr int64_t kStepBytes = kBlock * 4, kBlockBytes = kBlock * kStageBytes;

Fragments::Fragments(KernelBuilder &b, const ConvParams &params, const BlockTile &tile)
    : IndexArith(b), p(params), tile(tile), together(tile.together(params.output)) {
  Value thread = threadInBlock(b), lane = rem(thread, 32), warp = div(thread, 32);
  Value warpRow = b.mul(div(warp, tile.warpsN), number(tile.warpM()));
  Value warpColumn = b.mul(rem(warp, tile.warpsN), number(tile.warpN()));
  row = b.add(warpRow, div(lane, 4));
  column = b.add(warpColumn, b.mul(rem(lane, 4), number(tile.width(p.output))));
  if (isMma())
    placeForMma(lane, warpRow, warpColumn);
  else
    placeAlone(lane, warpRow, warpColumn);
}

void Fragments::placeForMma(Value lane, Value warpRow, Value warpColumn) {
  // loadMatrices wants the addresses of rows, lanes 16 and up those of the second 16 bytes.
  Value ofRow = b.mul(b.add(warpRow, rem(lane, 16)), number(kStageBytes)), swizzle = rem(div(lane, 2), 4);
  for (int64_t half : {0, 1}) {
    Value piece = b.create<arith::XOrIOp>(b.add(div(lane, 16), number(2 * half)), swizzle);
    rowPlaces[half] = b.add(ofRow, b.mul(piece, number(16)));
  }
  // Of the steps `quad` and on a thread wants as many columns as there are products.
  Value quad = rem(lane, 4), first = b.mul(div(lane, 4), number(products()));
  Value piece = b.create<arith::XOrIOp>(b.mul(rem(first, kBlock), number(4)), b.mul(div(quad, 2), number(32)));
  Value place = b.add(b.add(b.mul(quad, number(kStepBytes)), piece), b.mul(warpColumn, number(kStageBytes)));
  columnPlaces[0] = b.add(b.add(place, b.mul(div(first, kBlock), number(kBlockBytes))), number(tile.rowBytes()));
}

void Fragments::placeAlone(Value lane, Value warpRow, Value warpColumn) {
  Value inWarp = div(lane, 4), ofRow = b.mul(b.add(warpRow, inWarp), number(kStageBytes));
  for (int64_t piece = 0; piece < 4; ++piece) {
    Value place = b.create<arith::XOrIOp>(number(piece), rem(div(inWarp, 2), 4));
    rowPlaces[piece] = b.add(ofRow, b.mul(place, number(16)));
  }
  Value ofColumns = b.add(b.mul(warpColumn, number(kStageBytes)), number(tile.rowBytes()));
  for (int64_t i : {0, 1})
    columnPlaces[i] = b.add(ofColumns, b.create<arith::XOrIOp>(b.mul(rem(lane, 4), number(16)), number(32 * i)));
}

Values Fragments::start(ArrayRef<Values> columns) const {
  Values row, acc;
  for (const Values &values : columns)
    for (int64_t product = 0; product < products(); ++product)
      for (int64_t i : {0, 1, 0, 1})
        row.push_back(values[i * products() + product]);
  for (int64_t pair = 0; pair < rows() / 2; ++pair)
    llvm::append_range(acc, row);
  return acc;
}

Values Fragments::resultsOf(ValueRange acc, int64_t row, int64_t group) const {
  Values results;
  for (int64_t i : {0, 1})
    for (int64_t product = 0; product < products(); ++product)
      results.push_back(acc[sumsOf(row / 2, group, product) + row % 2 * 2 + i]);
  return results;
}

/// Two or four dwords, by loads of 64 bits: LLVM would take a vector apart.
Values Fragments::loadWords(Value pointer, int64_t count) {
  Values pairs, words;
  for (int64_t i = 0; i < count; i += 2)
    pairs.push_back(b.load(b.i64(), b.at(pointer, 4 * i), i == 0 ? 4 * count : 8));
  for (Value pair : pairs) {
    words.push_back(b.create<arith::TruncIOp>(b.i32(), pair));
    words.push_back(b.create<arith::TruncIOp>(b.i32(), b.create<arith::ShRUIOp>(pair, b.constant64(32))));
  }
  return words;
}

/// 32 bytes of all rows by all columns.
Values Fragments::multiplyHalf(Value inputs, Value columns, Values acc) {
  SmallVector<Values> pairs;
  for (int64_t pair = 0; pair < rows() / 2; ++pair)
    pairs.push_back(loadMatrices(b, b.at(inputs, pair * kProductRows * kStageBytes)));
  for (int64_t group = 0; group < columnGroups(); ++group) {
    const int64_t first = group * together * kBlockBytes;
    const Values low = loadWords(b.at(columns, first), products()),
                 high = loadWords(b.at(columns, first + 4 * kStepBytes), products());
    for (int64_t product = 0; product < products(); ++product)
      for (int64_t pair = 0; pair < rows() / 2; ++pair) {
        Value *sums = &acc[sumsOf(pair, group, product)];
        const Values weights = {low[product], high[product]};
        llvm::copy(multiplyTile(b, p.input, ArrayRef<Value>(sums, 4), pairs[pair], weights), sums);
      }
  }
  return acc;
}

Value Fragments::multiplyAdd(Value acc, Value input, Value weights) {
  if (tile.unit == BlockUnit::Fma) {
    const auto real = [&](Value word) { return b.create<arith::BitcastOp>(b.f32(), word); };
    return b.create<math::FmaOp>(real(input), real(weights), acc);
  }
  return b.intrinsic(p.input == ElementKind::U8 ? "llvm.nvvm.idp4a.u.s" : "llvm.nvvm.idp4a.s.s", b.i32(),
                     {input, weights, acc});
}

/// Step by step; of rows four steps are read at once.
Values Fragments::multiplyAlone(Value stage, Values acc, int64_t steps) {
  for (int64_t piece = 0; 4 * piece < steps; ++piece) {
    SmallVector<Values> inputs;
    for (int64_t row = 0; row < rows(); ++row)
      inputs.push_back(loadWords(b.at(b.at(stage, rowPlaces[piece]), row * 8 * kStageBytes), 4));
    for (int64_t step = 4 * piece; step < std::min(steps, 4 * piece + 4); ++step)
      for (int64_t group = 0; group < columnGroups(); ++group) {
        Value place = b.at(stage, columnPlaces[step / 2 % 2]);
        const Values weights = loadWords(b.at(place, group * kBlockBytes + step * kStepBytes), 4);
        for (int64_t row = 0; row < rows(); ++row)
          for (int64_t column = 0; column < 4; ++column) {
            Value &sum = acc[sumsOf(row / 2, group, column % 2) + row % 2 * 2 + column / 2];
            sum = multiplyAdd(sum, inputs[row][step % 4], weights[column]);
          }
      }
  }
  return acc;
}

Values Fragments::multiply(Value stage, Values acc, int64_t steps) {
  if (!isMma())
    return multiplyAlone(stage, std::move(acc), steps);
  for (int64_t half : {0, 1})
    acc = multiplyHalf(b.at(stage, rowPlaces[half]), b.at(b.at(stage, columnPlaces[0]), half * 8 * kStepBytes),
                       std::move(acc));
  return acc;
}
