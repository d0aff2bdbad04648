// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The products of a block of threads: a tile of the result.

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKPRODUCT_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKPRODUCT_H

#include "BlockResults.h"
#include "StageCopies.h"

namespace nibble {
namespace kernels {

/// Emits the computation of tile `number` (i32) of a product, by all threads of a block.
void emitBlockProduct(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                      const BlockOperands &from, BlockResults &results, Value number);

/// Emits the body of a convolution's kernel whose items are blocks of threads, each with a tile of the result.
void emitBlockConv(KernelBuilder &b, const ConvParams &params, const BlockTile &tile, Value args);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKPRODUCT_H
