// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements and change none.

#ifndef NIBBLE_KERNELS_MOVE_H
#define NIBBLE_KERNELS_MOVE_H

#include "nibble/Kernels/Elementwise.h"

namespace nibble {
namespace kernels {

//===----------------------------------------------------------------------===//
// Copy: transpose, slice, broadcast, crop
//===----------------------------------------------------------------------===//

/// output[i] = input[i], for all i in `shape`, each side with its own strides.
/// Input strides may be negative or 0.
struct CopyParams {
  int64_t elementBytes = 1; ///< 1, 2, 4 or 8
  Extents shape;
  Extents inputStrides, outputStrides; ///< bytes
};

/// A transposition of a dense tensor: dimension i of the result is dimension
/// permutation[i] of the input.
CopyParams transposeCopy(llvm::ArrayRef<Extent> inputShape, llvm::ArrayRef<int64_t> permutation, int64_t elementBytes);

std::string whyNoCopy(const CopyParams &params, const ISA &isa);
std::string copyKernelName(const CopyParams &params, const ISA &isa);
std::string copyKernelKey(const CopyParams &params);
Extent copyTileCount(const CopyParams &params);

/// args: 0 the input's element 0 (not its lowest address, where a stride is
/// negative), 1 the output's element 0.
mlir::func::FuncOp emitCopy(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const CopyParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Assemble: concat, pad by a constant
//===----------------------------------------------------------------------===//

/// A part of the output: a copy from an input, or filled.
struct Piece {
  int64_t source = -1; ///< the input; none where filled
  Extents shape;
  Extents inputStrides, outputStrides; ///< bytes; the input's are empty where filled
  Extent outputOffset = 0;             ///< bytes
};

/// Pieces that do not overlap, in one output.
struct AssembleParams {
  int64_t elementBytes = 1; ///< 1, 2, 4 or 8
  int64_t inputs = 0;
  std::vector<Piece> pieces;
  uint64_t fill = 0; ///< bits of the value
};

/// What lies outside of the box at `low`, of shape `inside`, in an output of shape `shape`: to be filled.
std::vector<Piece> borderPieces(const Extents &shape, const Extents &outputStrides, const Extents &low,
                                const Extents &inside);

std::string whyNoAssemble(const AssembleParams &params, const ISA &isa);
std::string assembleKernelName(const AssembleParams &params, const ISA &isa);
std::string assembleKernelKey(const AssembleParams &params);
Extent assembleTileCount(const AssembleParams &params);

/// args: the inputs' elements 0, then the output's.
mlir::func::FuncOp emitAssemble(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                const AssembleParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Gather: resize_nearest, pad by edge or reflection
//===----------------------------------------------------------------------===//

/// output[i0, i1, ...] = input[t0[i0], t1[i1], ...], where the dimensions in `axes` have a table t and the others the
/// identity.
struct GatherParams {
  int64_t elementBytes = 1;            ///< 1, 2, 4 or 8
  Extents shape;                       ///< of the output
  Extents inputStrides, outputStrides; ///< bytes
  std::vector<int64_t> axes;           ///< in the tables' order; their extents are known
};

std::string whyNoGather(const GatherParams &params, const ISA &isa);
std::string gatherKernelName(const GatherParams &params, const ISA &isa);
std::string gatherKernelKey(const GatherParams &params);
Extent gatherTileCount(const GatherParams &params);

/// args: 0 the input's element 0, 1 the tables (i32, one behind the other, each of its dimension's extent), 2 the
/// output's element 0.
mlir::func::FuncOp emitGather(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                              const GatherParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Gather rows: embeddings
//===----------------------------------------------------------------------===//

/// As `nibble.gather_rows`, of dense operands: rows of `rowBytes`, or rows of so many i8 that are scaled to f32.
struct GatherRowsParams {
  Extent rows = 1;        ///< of the table
  Extent indices = 1;     ///< their number
  int64_t indexBytes = 8; ///< 4 or 8
  int64_t rowBytes = 1;
  bool scaled = false;
};

std::string whyNoGatherRows(const GatherRowsParams &params, const ISA &isa);
std::string gatherRowsKernelName(const GatherRowsParams &params, const ISA &isa);
std::string gatherRowsKernelKey(const GatherRowsParams &params);
Extent gatherRowsTileCount(const GatherRowsParams &params);

/// args: 0 the table, 1 the indices, then the rows' scales if `scaled`, last the output.
mlir::func::FuncOp emitGatherRows(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                  const GatherRowsParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_MOVE_H
