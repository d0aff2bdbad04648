// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes with the columns of matrices that become bytes at run time, and are packed for it.

#ifndef NIBBLE_KERNELS_PACKED_H
#define NIBBLE_KERNELS_PACKED_H

#include "nibble/Kernels/Elementwise.h"

namespace nibble {
namespace kernels {

/// Columns that lie together. Of each block: the columns' scales (f32), the sums of their bytes (i32), then, for four
/// rows at a time, four bytes of each column; rows that are not there are zeros.
constexpr int64_t kPackedColumns = 16;
inline Extent packedBlocks(const Extent &columns) { return ceilDiv(columns, kPackedColumns); }
inline Extent packedBlockBytes(const Extent &rows) {
  return kPackedColumns * 8 + ceilDiv(rows, 4) * kPackedColumns * 4;
}

/// The columns of `rows` x `columns` matrices of f32. args: 0 the matrices, 1 the packed columns, one matrix behind the
/// other, aligned to 64 bytes.
struct PackColumnsParams {
  Extent rows = 1, columns = 1;
  Extents batch;        ///< leading extents
  Extents batchStrides; ///< bytes
  Extent row = 0;       ///< bytes from one row to the next; columns are contiguous
};

std::string whyNoPackColumns(const PackColumnsParams &params, const ISA &isa);
std::string packColumnsKernelName(const PackColumnsParams &params, const ISA &isa);
std::string packColumnsKernelKey(const PackColumnsParams &params);
Extent packColumnsTileCount(const PackColumnsParams &params);
mlir::func::FuncOp emitPackColumns(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                   const PackColumnsParams &params, const ISA &isa);

/// `nibble.dynamic_matmul`. args: 0 the bytes, 1 the packed columns, 2 the scales of the bytes' rows, one behind the
/// other, 3 the result.
///
/// Up to 3 bytes behind the last one of `lhs` must be readable.
struct PackedMatMulParams {
  ElementKind lhs = ElementKind::S8; ///< or U8
  Extent M = 1, K = 1, N = 1;
  Extents batch; ///< leading extents of the result
  Extents lhsBatchStrides, rhsBatchStrides, rowsBatchStrides,
      outputBatchStrides;           ///< bytes; 0 where an operand broadcasts
  Extent lhsRow = 0, outputRow = 0; ///< bytes from one row to the next; columns are contiguous
};

std::string whyNoPackedMatMul(const PackedMatMulParams &params, const ISA &isa);
std::string packedMatMulKernelName(const PackedMatMulParams &params, const ISA &isa);
std::string packedMatMulKernelKey(const PackedMatMulParams &params);
Extent packedMatMulTileCount(const PackedMatMulParams &params);
mlir::func::FuncOp emitPackedMatMul(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                    const PackedMatMulParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_PACKED_H
