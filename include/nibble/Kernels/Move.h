// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements and change none.

#ifndef NIBBLE_KERNELS_MOVE_H
#define NIBBLE_KERNELS_MOVE_H

#include "nibble/Kernels/Elementwise.h"

namespace nibble {
namespace kernels {

//===----------------------------------------------------------------------===//
// Copy: transpose, slice, concat, pad's inside, broadcast, crop
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
CopyParams transposeCopy(llvm::ArrayRef<int64_t> inputShape, llvm::ArrayRef<int64_t> permutation, int64_t elementBytes);

std::string whyNoCopy(const CopyParams &params, const ISA &isa);
std::string copyKernelName(const CopyParams &params, const ISA &isa);
std::string copyKernelKey(const CopyParams &params);
int64_t copyTileCount(const CopyParams &params);

/// args: 0 the input's element 0 (not its lowest address, where a stride is
/// negative), 1 the output's element 0.
mlir::func::FuncOp emitCopy(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const CopyParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Fill
//===----------------------------------------------------------------------===//

struct FillParams {
  int64_t elementBytes = 1; ///< 1, 2, 4 or 8
  Extents shape;
  Extents outputStrides; ///< bytes
  uint64_t bits = 0;     ///< of the value
};

std::string whyNoFill(const FillParams &params, const ISA &isa);
std::string fillKernelName(const FillParams &params, const ISA &isa);
std::string fillKernelKey(const FillParams &params);
int64_t fillTileCount(const FillParams &params);

/// args: 0 the output's element 0.
mlir::func::FuncOp emitFill(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const FillParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Gather: resize_nearest, pad by edge or reflection
//===----------------------------------------------------------------------===//

/// output[i0, i1, ...] = input[indices[0][i0], indices[1][i1], ...]; a
/// dimension with an empty table has the identity.
struct GatherParams {
  int64_t elementBytes = 1;            ///< 1, 2, 4 or 8
  Extents shape;                       ///< of the output
  Extents inputStrides, outputStrides; ///< bytes
  std::vector<Extents> indices;        ///< one table a dimension
};

std::string whyNoGather(const GatherParams &params, const ISA &isa);
std::string gatherKernelName(const GatherParams &params, const ISA &isa);
/// The same for tables with other entries, which are data.
std::string gatherKernelKey(const GatherParams &params);
int64_t gatherTileCount(const GatherParams &params);

/// The tables as the kernel reads them: byte offsets.
std::vector<char> packGatherTables(const GatherParams &params);

/// args: 0 the input's element 0, 1 the output's element 0, 2 the tables by
/// packGatherTables, 8-byte aligned.
mlir::func::FuncOp emitGather(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                              const GatherParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_MOVE_H
