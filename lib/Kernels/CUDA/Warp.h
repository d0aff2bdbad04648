// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions of tensor cores, and copies that pass threads by: of sm_80 and later.

#ifndef NIBBLE_LIB_KERNELS_CUDA_WARP_H
#define NIBBLE_LIB_KERNELS_CUDA_WARP_H

#include "../KernelBuilder.h"
#include "nibble/Kernels/Conv.h"

namespace nibble {
namespace kernels {

/// Begins to copy `bytes` (4, 8 or 16, of which both addresses are multiples) from the device's memory to the block's;
/// of the source only the first `valid` (i32) are read, if given, and zeros take the place of the others.
void copyAsync(KernelBuilder &b, Value shared, Value global, int64_t bytes, Value valid = {});
/// What this thread has begun to copy is a group of its own, in order.
void commitCopies(KernelBuilder &b);
/// Until at most the last `pending` groups of this thread are under way.
void waitForCopies(KernelBuilder &b, int64_t pending);

/// Four matrices of 8 rows by 16 bytes: lane 8 i + j gives the address of row j of matrix i. Lane 4 j + k gets the
/// dword k of row j of each.
Values loadMatrices(KernelBuilder &b, Value shared);

/// acc + input * weights: 16 rows by 32 bytes of `kind`, which loadMatrices gives (rows 0-7 and 8-15 of bytes 0-15,
/// then of bytes 16-31), by 8 columns: lane 4 c + k has bytes 4 k of column c, and bytes 16 + 4 k. The sums wrap. Lane
/// 4 r + k has those of columns 2 k and 2 k + 1, of row r and then of row r + 8.
Values multiplyTile(KernelBuilder &b, ElementKind kind, ValueRange acc, ValueRange input, ValueRange weights);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_WARP_H
