// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKPACKED_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKPACKED_H

#include "../Box.h"
#include "BlockTile.h"
#include "nibble/Kernels/Packed.h"

namespace nibble {
namespace kernels {

/// As chooseBlockTile, of products with columns that are packed at run time.
std::optional<BlockTile> choosePackedTile(const PackedMatMulParams &params, const ISA &isa);
int64_t packedBlockCount(const PackedMatMulParams &params, const BlockTile &tile);
/// `batch` has the strides of the kernel's arguments.
void emitBlockPacked(KernelBuilder &b, const PackedMatMulParams &params, const BlockTile &tile, Value args,
                     const Box &batch);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKPACKED_H
