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

/// The most bytes that a copy can take: it keeps within a tap, whatever that is aligned to.
int64_t StageCopies::choosePieceBytes(const PixelMap &pixels) const {
  const bool isOneTap = p.KH * p.KW == 1;
  int64_t all = std::gcd(b.alignmentOf(0), pixels.inputAlignment());
  if (!isOneTap)
    all = std::gcd(all, 4 * plan.tapSteps);
  if (p.KH > 1)
    all = std::gcd(all, p.dilationH * p.in.row.getStatic());
  if (p.KW > 1)
    all = std::gcd(all, p.dilationW * p.in.pixel);
  return std::gcd<int64_t>(all, 16);
}

StageCopies::StageCopies(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                         Value args, Value firstRow, Value firstBlock)
    : b(b), plan(plan), p(plan.params), tile(tile), pieceBytes(choosePieceBytes(pixels)), thread(threadInBlock(b)),
      firstBlock(firstBlock), input(globalPointer(b, b.argument(args, 0))),
      weights(globalPointer(b, b.argument(args, 1))) {
  const int64_t copied = std::max<int64_t>(pieceBytes, 4), perRow = kStageBytes / copied;
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

/// Emits `body` for the pieces i * threads + thread below `pieces`.
void StageCopies::forEachPiece(int64_t pieces, llvm::function_ref<void(int64_t)> body) {
  const int64_t threads = tile.threads();
  for (int64_t i = 0; i * threads < pieces; ++i) {
    if ((i + 1) * threads <= pieces)
      body(i);
    else
      b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, thread, number(pieces - i * threads)),
             [&] { body(i); });
  }
}

void StageCopies::beginRows(Value stage, Value target) {
  const int64_t copied = std::max<int64_t>(pieceBytes, 4), perRow = kStageBytes / copied;
  Value step = b.add(b.mul(stage, number(kStageSteps)), b.mul(rem(thread, perRow), number(copied / 4)));
  Value valid;
  if (isRagged() && pieceBytes >= 4) {
    Value left = b.create<arith::SubIOp>(number(4 * plan.steps()), b.mul(step, number(4)));
    valid = b.create<arith::MinSIOp>(b.create<arith::MaxSIOp>(left, number(0)), number(copied));
  } else if (isRagged()) { // any values will do: the weights behind the last ones are zeros
    step = b.create<arith::MinUIOp>(step, number(plan.steps() - 1));
  }
  Value window = b.at(input, tapOffset(step)), place = b.at(target, rowPlace);
  forEachPiece(tile.m * perRow, [&](int64_t i) {
    Value to = b.at(place, i * tile.threads() * copied), from = b.at(window, rowOffsets[i]);
    if (pieceBytes >= 4)
      copyAsync(b, to, from, pieceBytes, valid);
    else // which no copy can take: loaded, a byte at a time if need be
      b.store(b.load(b.i32(), from, pieceBytes), to, 4);
  });
}

void StageCopies::beginColumns(Value stage, Value target) {
  constexpr int64_t perBlock = kBlockBytes / 16;
  Value within = b.mul(rem(thread, perBlock), number(16)), block = b.add(firstBlock, div(thread, perBlock));
  Value source = b.add(b.mul(stage, number(kBlockBytes)), within);
  const bool isRaggedBlock = plan.blocks() * kBlock % tile.n != 0;
  Value isThere;
  if (isRagged())
    isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, source, number(plan.blockBytes()));
  Value panel = b.at(weights, b.add(source, b.mul(block, number(plan.blockBytes()))));
  Value place = b.at(b.at(target, tile.rowBytes()), columnPlace);
  forEachPiece(tile.n / kBlock * perBlock, [&](int64_t i) {
    const int64_t blocks = i * tile.threads() / perBlock;
    Value valid = isThere;
    if (isRaggedBlock) {
      Value below =
          b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, b.add(block, number(blocks)), number(plan.blocks()));
      valid = valid ? b.create<arith::AndIOp>(valid, below) : below;
    }
    if (valid)
      valid = b.create<arith::SelectOp>(valid, number(16), number(0));
    copyAsync(b, b.at(place, blocks * kBlockBytes), b.at(panel, blocks * plan.blockBytes()), 16, valid);
  });
}

void StageCopies::begin(Value stage, Value target) {
  beginRows(stage, target);
  beginColumns(stage, target);
}
