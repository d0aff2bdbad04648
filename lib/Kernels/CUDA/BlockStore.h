// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the sums in the registers of a block's threads to results in memory.

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKSTORE_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKSTORE_H

#include "../Epilogue.h"
#include "../Plan.h"
#include "PixelMap.h"

namespace nibble {
namespace kernels {

/// Stores pieces of rows: `width` neighbouring columns, a multiple of which they begin at, each from one thread.
class BlockStore {
public:
  BlockStore(KernelBuilder &b, const DensePlan &plan, const PixelMap &pixels, Value args, int64_t width,
             int64_t tileColumns);

  /// The biases of the piece that begins at `column` (i32), in place of those of columns that are not there others.
  Value loadBias(Value column);

  /// The rows (i32) of the pieces to come, some of which may not be there.
  void enterRows(ValueRange rows);
  /// `sums` of as many rows, of the columns from `column` on.
  void store(Value column, ValueRange sums);

private:
  struct Row {
    Value isThere;
    PixelMap::Offsets offsets;
  };

  bool hasRowScales() const { return p.encoded || p.scaled; }
  Value number(int64_t value) { return b.splat(b.i32(), value); }
  Value atColumn(Value base, Value column, int64_t bytes) { return b.at(base, b.mul(column, number(bytes))); }
  Value scaled(const Row &row, Value sum, Multiplier multiplier);
  Value centered(const Row &row, Value sum, Value column);
  Values loadAddends(Value column);
  Value below(Value column, int64_t limit);
  Value isThere(const Row &row, Value column);
  void storeFloats(Value column, ValueRange sums);
  void storeIntegers(Value column, ValueRange sums);
  void storePiece(const Row &row, Value column, Value piece);
  /// Where columns are not there, others that are.
  Value existing(Value column);

  KernelBuilder &b;
  const DensePlan &plan;
  const ConvParams &p;
  const PixelMap &pixels;
  int64_t width, tileColumns;
  Epilogue epilogue;
  Value bias, multipliers, output, addend, rowScales;
  int64_t outputAlignment, addendAlignment = 1;
  llvm::SmallVector<Row> rows;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKSTORE_H
