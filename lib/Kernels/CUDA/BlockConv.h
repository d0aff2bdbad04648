// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKCONV_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKCONV_H

#include "../KernelBuilder.h"
#include "BlockTile.h"

namespace nibble {
namespace kernels {

/// Emits the body of a kernel whose items are blocks of threads, each with a tile of the result.
void emitBlockConv(KernelBuilder &b, const ConvParams &params, const BlockTile &tile, Value args);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKCONV_H
