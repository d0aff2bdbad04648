// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the sums in the registers of a block's threads to results in memory.

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKRESULTS_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKRESULTS_H

#include "../Epilogue.h"
#include "../Plan.h"
#include "BlockTile.h"
#include "IndexArith.h"
#include "PixelMap.h"

namespace nibble {
namespace kernels {

/// Addresses in the device's memory, and what they are multiples of.
struct ResultPointers {
  Value output, rows;
  int64_t outputAlignment = 1;
};

/// Stores pieces of rows: `width` neighbouring columns, a multiple of which they begin at, each from one thread.
class BlockResults : protected IndexArith {
public:
  BlockResults(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
               ResultPointers at);
  virtual ~BlockResults() = default;

  /// What the sums of the piece that begins at `column` (i32) start with; in place of those of columns that are not
  /// there others.
  virtual Value start(Value column) = 0;
  /// `sums` of the rows that were entered, of the columns from `column` on.
  virtual void store(Value column, ValueRange sums) = 0;

  /// The rows (i32) of the pieces to come, some of which may not be there.
  void enterRows(ValueRange rows);

protected:
  struct Row {
    Value isThere;
    PixelMap::Offsets offsets;
  };

  Value atColumn(Value base, Value column, int64_t bytes) { return b.at(base, b.mul(column, number(bytes))); }
  Value isThere(const Row &row, Value column);
  /// Where columns are not there, others that are.
  Value existing(Value column);
  /// The row's scale in each lane.
  Value loadRowScale(const Row &row);
  void storePiece(const Row &row, Value column, Value piece);

  const DensePlan &plan;
  const ConvParams &p;
  const BlockTile &tile;
  const PixelMap &pixels;
  const int64_t width;
  ResultPointers at;
  llvm::SmallVector<Row> rows;
};

/// Of a convolution, by its arguments.
class ConvResults : public BlockResults {
public:
  ConvResults(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels, Value args);
  Value start(Value column) override;
  void store(Value column, ValueRange sums) override;

private:
  Value scaled(const Row &row, Value sum, Multiplier multiplier);
  Value centered(const Row &row, Value sum, Value column);
  Value loadAddend(const Row &row, Value column, int64_t count);
  Values loadAddends(Value column);
  void storeFloats(Value column, ValueRange sums);
  void storeIntegers(Value column, ValueRange sums);

  Epilogue epilogue;
  Value bias, multipliers, addend;
  int64_t addendAlignment = 1;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKRESULTS_H
