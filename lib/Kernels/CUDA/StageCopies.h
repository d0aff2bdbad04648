// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What brings the operands of a block's products to its shared memory, stage by stage.
//
// A stage has 64 bytes of each of the tile's rows, and behind them 16 steps of its blocks of columns, as they are
// packed: [block][step][16 columns][4 bytes]. Pieces of 16 bytes are permuted so that neither copies nor reads meet in
// a bank: piece i of row r is at i ^ (r / 2 % 4), piece i of step s at i ^ (s / 2 % 2 * 2).

#ifndef NIBBLE_LIB_KERNELS_CUDA_STAGECOPIES_H
#define NIBBLE_LIB_KERNELS_CUDA_STAGECOPIES_H

#include "../Plan.h"
#include "BlockTile.h"
#include "IndexArith.h"
#include "PixelMap.h"

namespace nibble {
namespace kernels {

/// Addresses in the device's memory: of the rows, and of the first step of the first block of columns.
struct BlockOperands {
  Value rows, columns;
  int64_t rowAlignment = 1; ///< what the rows' address is a multiple of
  int64_t panelBytes = 0;   ///< from one block of columns to the next
};

class StageCopies : IndexArith {
public:
  /// The tile begins at pixel `firstRow` and block of columns `firstBlock`, both i32.
  StageCopies(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
              const BlockOperands &from, Value firstRow, Value firstBlock);

  int64_t stageCount() const { return llvm::divideCeil(plan.steps(), kStageSteps); }
  /// Begins to copy stage `number` (i32) to `target`, beside the threads where the device can.
  void begin(Value number, Value target);
  /// The same in two: loads what this thread copies, and stores it.
  Values load(Value number);
  void store(mlir::ValueRange loaded, Value target);

private:
  /// One of this thread's copies.
  struct Piece {
    int64_t index;         ///< of the thread's: times the number of threads, that of the first thread's
    int64_t place;         ///< where it lies, behind the thread's first one
    Value source, isThere; ///< if it is known to be there, null
    Value valid;           ///< bytes, where not all are
    Value isTapEnd = {};   ///< of a dword that no copy can take: whether only `tapEndBytes` of it are there
  };
  using PieceFn = llvm::function_ref<void(const Piece &)>;

  int64_t choosePieceBytes(const PixelMap &pixels) const;
  int64_t copiedBytes() const { return std::max<int64_t>(pieceBytes, 4); }
  /// Of the last dword of a tap, where it is not whole.
  int64_t tapEndBytes() const { return plan.channels * bytesOf(p.input) % 4; }
  Value tapOffset(Value step);
  Value validBytes(Value step);
  void forEachRowPiece(Value stage, PieceFn body);
  void forEachColumnPiece(Value stage, PieceFn body);
  void forEachPiece(int64_t pieces, llvm::function_ref<void(int64_t, Value)> body);
  Value loadDword(const Piece &piece);
  Value loadPiece(const Piece &piece, int64_t bytes, unsigned alignment);
  /// Whether the last stage is not whole.
  bool isRagged() const { return plan.steps() % kStageSteps != 0; }

  const DensePlan &plan;
  const ConvParams &p;
  const BlockTile &tile;
  const BlockOperands from;
  int64_t pieceBytes; ///< of rows; below 4 no copy can take them
  Value thread, firstBlock;
  Values rowOffsets;           ///< of the rows that this thread copies pieces of
  Value rowPlace, columnPlace; ///< where its first piece lies in a stage
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_STAGECOPIES_H
