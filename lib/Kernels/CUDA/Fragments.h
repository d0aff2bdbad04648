// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread's part of a tile in registers, and the products of a stage.
//
// Lane 4 i + k of a warp has rows i, 8 + i, 16 + i ... of the warp's tile. Products of tensor cores are 8 columns wide:
// those of a block of 16 columns, or of two, take turns at its columns; of four, the first one has columns 0, 4, 8, ...
// 28, the next one 1, 5, 9, ... So a thread reads the weights of all with one load, and ends with neighbouring columns:
// eight bytes, of which four threads fill 32.

#ifndef NIBBLE_LIB_KERNELS_CUDA_FRAGMENTS_H
#define NIBBLE_LIB_KERNELS_CUDA_FRAGMENTS_H

#include "../KernelBuilder.h"
#include "../Plan.h"
#include "BlockTile.h"
#include "IndexArith.h"

namespace nibble {
namespace kernels {

class Fragments : IndexArith {
public:
  Fragments(KernelBuilder &b, const ConvParams &params, const BlockTile &tile);

  int64_t rows() const { return tile.warpM() / 8; }
  /// Blocks of columns that are multiplied together.
  int64_t groupColumns() const { return together * kBlock; }
  int64_t columnGroups() const { return tile.warpN() / groupColumns(); }
  /// This thread's first row, and column, in the tile.
  Value resultRow() const { return row; }
  Value resultColumn() const { return column; }

  /// Sums that start with the values of their columns, of each group.
  Values start(llvm::ArrayRef<Values> columns) const;
  /// Of the stages of `steps` steps those that `multiply` takes whole: all, where zeros behind the last step do.
  int64_t whole(int64_t steps) const { return isMma() ? llvm::divideCeil(steps, kStageSteps) : steps / kStageSteps; }
  /// acc + the products of the first `steps` steps of the stage at `stage`, in order.
  Values multiply(Value stage, Values acc, int64_t steps);
  /// Of a row of this thread's and a group the sums, column by column.
  Values resultsOf(ValueRange acc, int64_t row, int64_t group) const;

private:
  bool isMma() const { return tile.unit == BlockUnit::Mma; }
  /// Products of 8 columns that take turns.
  int64_t products() const { return 2 * together; }
  /// Where the sums of a product's two rows by two columns are.
  int64_t sumsOf(int64_t rowPair, int64_t group, int64_t product) const {
    return ((rowPair * columnGroups() + group) * products() + product) * 4;
  }
  void placeForMma(Value lane, Value warpRow, Value warpColumn);
  void placeAlone(Value lane, Value warpRow, Value warpColumn);
  Values loadWords(Value pointer, int64_t count);
  Values multiplyHalf(Value rows, Value columns, Values acc);
  Values multiplyAlone(Value stage, Values acc, int64_t steps);
  Value multiplyAdd(Value acc, Value input, Value weights);

  const ConvParams &p;
  const BlockTile &tile;
  const int64_t together;
  Value row, column;
  Value rowPlaces[4];    ///< where its rows begin in a stage: in either half, or in each piece of 16 bytes
  Value columnPlaces[2]; ///< and its columns: at any step, or at steps 0 and 2
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_FRAGMENTS_H
