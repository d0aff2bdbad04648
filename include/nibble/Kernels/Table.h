// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All families of kernels: what the code generator asks of each.

#ifndef NIBBLE_KERNELS_TABLE_H
#define NIBBLE_KERNELS_TABLE_H

#include "nibble/Kernels/ConvTranspose.h"
#include "nibble/Kernels/Dynamic.h"
#include "nibble/Kernels/Generate.h"
#include "nibble/Kernels/Move.h"
#include "nibble/Kernels/Packed.h"
#include "nibble/Kernels/Pool.h"
#include <variant>

namespace nibble {
namespace kernels {

/// A kernel: what its code depends on. One alternative and one row of the table (Table.cpp) for each family.
using KernelParams = std::variant<ConvParams, ConvTransposeParams, BatchMatMulParams, BinaryParams, UnaryParams,
                                  PoolParams, SoftmaxParams, ReductionParams, ConvertParams, HaloParams, CopyParams,
                                  AssembleParams, GatherParams, RowScaleParams, RowQuantizeParams, IntSoftmaxParams,
                                  GenerateParams, NormParams, GatherRowsParams, PackColumnsParams, PackedMatMulParams>;

/// Why `isa` has no such kernel; empty if it has.
std::string whyNoKernel(const KernelParams &params, const ISA &isa);

/// Says the signature: `u8_s8pc_u8_conv_6x64c4_avx512vnni`. Different shapes may share it.
std::string kernelName(const KernelParams &params, const ISA &isa);

/// Two kernels of one name are the same code when their keys are equal.
std::string kernelKey(const KernelParams &params, const ISA &isa);

/// The numbers that a kernel of `isa` reads at run time, where kernels of many shapes share their code: a pointer to
/// them is its last argument. Empty: no such argument.
std::vector<int32_t> kernelTable(const KernelParams &params, const ISA &isa);

/// The same for every ISA, so that variants of a library share one schedule.
Extent kernelTileCount(const KernelParams &params);

/// Emits `void symbol(void *const *args, int64_t tile_begin, int64_t tile_end)`; whyNoKernel must have nothing against
/// it. Fused multiply-adds and roundings that the ISA lacks are expanded later (`--ukernel-expand-float-ops`).
mlir::func::FuncOp emitKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                              const KernelParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_TABLE_H
