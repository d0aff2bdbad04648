// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "StageCopies.h"
#include "Device.h"
#include "Warp.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Bytes of a block of columns in a stage.
static constexpr int64_t kBlockBytes = kStageSteps * kBlock * 4;

/// The most bytes that a copy can take: it keeps within a tap; and within the steps, unless it can stop there.
int64_t StageCopies::choosePieceBytes(const PixelMap &pixels) const {
  int64_t all = std::gcd(from.rowAlignment, pixels.inputAlignment());
  if (p.KH * p.KW > 1 || !b.isa.hasAsyncCopies())
    all = std::gcd(all, 4 * plan.tapSteps);
  if (p.KH > 1)
    all = std::gcd(all, p.dilationH * p.in.row.getStatic());
  if (p.KW > 1)
    all = std::gcd(all, p.dilationW * p.in.pixel);
  return std::gcd<int64_t>(all, 16);
}

StageCopies::StageCopies(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                         const BlockOperands &from, Value firstRow, Value firstBlock)
    : IndexArith(b), plan(plan), p(plan.params), tile(tile), from(from), pieceBytes(choosePieceBytes(pixels)),
      thread(threadInBlock(b)), firstBlock(firstBlock) {
  const int64_t copied = copiedBytes(), perRow = kStageBytes / copied;
  Value row = div(thread, perRow), piece = rem(thread, perRow), last = number(pixels.count() - 1);
  for (int64_t i = 0; i * tile.threads() < tile.m * perRow; ++i) {
    Value pixel = b.add(b.add(firstRow, row), number(i * (tile.threads() / perRow)));
    rowOffsets.push_back(pixels.at(b, b.create<arith::MinUIOp>(pixel, last)).input);
  }
  // Neighbours of a row differ by 16 bytes, so that its permutation is that of pieces of 16.
  Value swizzle = b.mul(rem(div(row, 2), 4), number(16));
  rowPlace = b.create<arith::XOrIOp>(b.mul(piece, number(copied)), swizzle);
  rowPlace = b.add(b.mul(row, number(kStageBytes)), rowPlace);
  Value within = rem(thread, kBlockBytes / 16);
  columnPlace = b.create<arith::XOrIOp>(b.mul(within, number(16)), b.mul(rem(div(within, 8), 2), number(32)));
  columnPlace = b.add(columnPlace, b.mul(div(thread, kBlockBytes / 16), number(kBlockBytes)));
}

/// Where step `step` of all taps' begins in a window.
Value StageCopies::tapOffset(Value step) {
  if (p.KH * p.KW == 1)
    return b.mul(step, number(4));
  Value tap = div(step, plan.tapSteps), offset = b.mul(rem(step, plan.tapSteps), number(4));
  const auto add = [&](Value index, const Extent &pitch) {
    offset = b.add(offset, b.mul(index, number(pitch.getStatic())));
  };
  if (p.KH > 1)
    add(p.KW > 1 ? div(tap, p.KW) : tap, p.dilationH * p.in.row);
  if (p.KW > 1)
    add(p.KH > 1 ? rem(tap, p.KW) : tap, p.dilationW * p.in.pixel);
  return offset;
}

/// How many of the bytes of `step` on are there; null: all.
Value StageCopies::validBytes(Value step) {
  if (!isRagged())
    return {};
  Value left = b.create<arith::SubIOp>(number(4 * plan.steps()), b.mul(step, number(4)));
  return b.create<arith::MinSIOp>(b.create<arith::MaxSIOp>(left, number(0)), number(copiedBytes()));
}

/// Emits `body` for the pieces i * threads + thread below `pieces`: with i, and whether there is one if it is not
/// known.
void StageCopies::forEachPiece(int64_t pieces, llvm::function_ref<void(int64_t, Value)> body) {
  const int64_t threads = tile.threads();
  for (int64_t i = 0; i * threads < pieces; ++i)
    body(i, (i + 1) * threads <= pieces ? Value() : isBelow(thread, pieces - i * threads));
}

void StageCopies::forEachRowPiece(Value stage, PieceFn body) {
  const int64_t copied = copiedBytes(), perRow = kStageBytes / copied;
  const bool canStop = pieceBytes >= 4 && b.isa.hasAsyncCopies();
  Value step = b.add(b.mul(stage, number(kStageSteps)), b.mul(rem(thread, perRow), number(copied / 4)));
  Value valid = canStop ? validBytes(step) : Value();
  if (!canStop && isRagged()) // any values will do: there are no weights behind the last ones
    step = b.create<arith::MinUIOp>(step, number(plan.steps() - copied / 4));
  Value window = b.at(from.rows, tapOffset(step)), isTapEnd;
  if (pieceBytes < 4 && tapEndBytes() != 0)
    isTapEnd = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, rem(step, plan.tapSteps), number(plan.tapSteps - 1));
  forEachPiece(tile.m * perRow, [&](int64_t i, Value isThere) {
    body({i, i * tile.threads() * copied, b.at(window, rowOffsets[i]), isThere, valid, isTapEnd});
  });
}

void StageCopies::forEachColumnPiece(Value stage, PieceFn body) {
  constexpr int64_t perBlock = kBlockBytes / 16;
  Value within = b.add(b.mul(stage, number(kBlockBytes)), b.mul(rem(thread, perBlock), number(16)));
  Value block = b.add(firstBlock, div(thread, perBlock));
  Value panel = b.at(from.columns, b.add(within, b.mul(block, number(from.panelBytes))));
  Value isStep = isRagged() ? isBelow(within, plan.steps() * kBlock * 4) : Value();
  forEachPiece(tile.n / kBlock * perBlock, [&](int64_t i, Value isThere) {
    const int64_t blocks = i * tile.threads() / perBlock;
    Value valid = isStep;
    if (plan.blocks() * kBlock % tile.n != 0) {
      Value isBlock = isBelow(b.add(block, number(blocks)), plan.blocks());
      valid = valid ? b.create<arith::AndIOp>(valid, isBlock) : isBlock;
    }
    if (valid)
      valid = b.create<arith::SelectOp>(valid, number(16), number(0));
    body({i, blocks * kBlockBytes, b.at(panel, blocks * from.panelBytes), isThere, valid});
  });
}

/// In parts that its address is a multiple of. In place of bytes behind the last pixel, which nothing multiplies,
/// others are read: there may be what this kernel writes.
Value StageCopies::loadDword(const Piece &piece) {
  Values parts;
  Type type = b.getIntegerType(8 * pieceBytes);
  for (int64_t i = 0; i < 4; i += pieceBytes) {
    Value offset = number(i);
    if (piece.isTapEnd && i >= tapEndBytes())
      offset = b.create<arith::SelectOp>(piece.isTapEnd, number(0), offset);
    parts.push_back(b.load(type, b.at(piece.source, offset), pieceBytes));
  }
  Value bytes = vector::FromElementsOp::create(b, b.vec(parts.size(), type), parts);
  return vector::ExtractOp::create(b, b.bitcast(bytes, b.i32()), 0);
}

void StageCopies::begin(Value stage, Value target) {
  const auto copy = [&](const Piece &piece, Value place, int64_t bytes) {
    Value to = b.at(place, piece.place);
    const auto emit = [&] {
      if (bytes >= 4)
        copyAsync(b, to, piece.source, bytes, piece.valid);
      else
        b.store(loadDword(piece), to, 4);
    };
    if (piece.isThere)
      b.when(piece.isThere, emit);
    else
      emit();
  };
  Value rows = b.at(target, rowPlace), columns = b.at(b.at(target, tile.rowBytes()), columnPlace);
  forEachRowPiece(stage, [&](const Piece &piece) { copy(piece, rows, pieceBytes); });
  forEachColumnPiece(stage, [&](const Piece &piece) { copy(piece, columns, 16); });
}

/// Zeros in place of what is not there.
Value StageCopies::loadPiece(const Piece &piece, int64_t bytes, unsigned alignment) {
  Type type = bytes == 4 ? b.i32() : Type(b.vec(bytes / 4, b.i32()));
  const bool isDword = alignment < 4;
  Value zero = b.splat(type, int64_t(0)), isThere = piece.isThere;
  if (piece.valid) {
    Value isValid = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, piece.valid, number(0));
    isThere = isThere ? b.create<arith::AndIOp>(isThere, isValid) : isValid;
  }
  const auto load = [&] { return Values{isDword ? loadDword(piece) : b.load(type, piece.source, alignment)}; };
  return isThere ? b.when(isThere, ValueRange(zero), load).front() : load().front();
}

Values StageCopies::load(Value stage) {
  Values loaded;
  forEachRowPiece(stage, [&](const Piece &piece) { loaded.push_back(loadPiece(piece, copiedBytes(), pieceBytes)); });
  forEachColumnPiece(stage, [&](const Piece &piece) { loaded.push_back(loadPiece(piece, 16, 16)); });
  return loaded;
}

void StageCopies::store(ValueRange loaded, Value target) {
  const int64_t rowPieces = tile.m * kStageBytes / copiedBytes(), columnPieces = tile.n * kStageBytes / 16;
  Value rows = b.at(target, rowPlace), columns = b.at(b.at(target, tile.rowBytes()), columnPlace);
  const int64_t step = tile.threads();
  const auto store = [&](Value isThere, Value place, int64_t bytes) {
    const auto emit = [&] { b.store(loaded.front(), place, bytes); };
    if (isThere)
      b.when(isThere, emit);
    else
      emit();
    loaded = loaded.drop_front();
  };
  forEachPiece(rowPieces,
               [&](int64_t i, Value isThere) { store(isThere, b.at(rows, i * step * copiedBytes()), copiedBytes()); });
  forEachPiece(columnPieces, [&](int64_t i, Value isThere) { store(isThere, b.at(columns, i * step * 16), 16); });
}
