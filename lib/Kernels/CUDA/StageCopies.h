// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What brings the operands of a block's products to its shared memory, stage by stage.
//
// A stage has 64 bytes of each of the tile's rows, and behind them 16 steps of its blocks of columns, as they are
// packed: [block][step][16 columns][4 bytes]. Pieces of 16 bytes are permuted so that neither copies nor reads of
// fragments meet in a bank: piece i of row r is at i ^ (r / 2 % 4), piece i of step s at i ^ (s / 2 % 2 * 2).

#ifndef NIBBLE_LIB_KERNELS_CUDA_STAGECOPIES_H
#define NIBBLE_LIB_KERNELS_CUDA_STAGECOPIES_H

#include "../Plan.h"
#include "BlockTile.h"
#include "PixelMap.h"

namespace nibble {
namespace kernels {

class StageCopies {
public:
  /// The tile begins at pixel `firstRow` and block of columns `firstBlock`, both i32.
  StageCopies(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels, Value args,
              Value firstRow, Value firstBlock);

  int64_t stageCount() const { return llvm::divideCeil(plan.steps(), kStageSteps); }
  /// Begins stage `number` (i32), to be at `target`.
  void begin(Value number, Value target);

private:
  Value number(int64_t value) { return b.splat(b.i32(), value); }
  Value div(Value value, int64_t by) { return b.create<mlir::arith::DivUIOp>(value, number(by)); }
  Value rem(Value value, int64_t by) { return b.create<mlir::arith::RemUIOp>(value, number(by)); }
  int64_t choosePieceBytes(const PixelMap &pixels) const;
  Value tapOffset(Value step);
  void beginRows(Value stage, Value target);
  void beginColumns(Value stage, Value target);
  void forEachPiece(int64_t pieces, llvm::function_ref<void(int64_t)> body);
  /// Whether the last stage is not whole.
  bool isRagged() const { return plan.steps() % kStageSteps != 0; }

  KernelBuilder &b;
  const DensePlan &plan;
  const ConvParams &p;
  const BlockTile &tile;
  int64_t pieceBytes; ///< of rows; below 4 dwords are put together
  Value thread, firstBlock, input, weights;
  Values rowOffsets;           ///< of the rows that this thread copies pieces of
  Value rowPlace, columnPlace; ///< where its first piece lies in a stage
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_STAGECOPIES_H
