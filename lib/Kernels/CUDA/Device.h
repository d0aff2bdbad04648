// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels of a GPU need beside the vectors of all others: threads, and memory that a block shares.

#ifndef NIBBLE_LIB_KERNELS_CUDA_DEVICE_H
#define NIBBLE_LIB_KERNELS_CUDA_DEVICE_H

#include "../KernelBuilder.h"

namespace nibble {
namespace kernels {

/// defineKernel of a GPU: `body` gets an item in place of a range of tiles, [item, item + 1).
mlir::func::FuncOp
defineDeviceKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol, const ISA &isa,
                   const Extent &tiles,
                   llvm::function_ref<void(KernelBuilder &, Value args, Value begin, Value end)> body);

/// The number of this block in the grid, i32.
Value blockInGrid(KernelBuilder &b);
/// The number of this thread in its block, i32.
Value threadInBlock(KernelBuilder &b);
/// The number of this thread among those of its item, of the kernel's index type. `b.launch.itemThreads` is final.
Value threadInItem(KernelBuilder &b);

/// Carries values through those of `length` elements that are this thread's: each of an item's threads takes every
/// itemThreads-th, so that neighbours have neighbours.
Values carryOwn(KernelBuilder &b, const Extent &length, ValueRange start,
                llvm::function_ref<Values(Value index, ValueRange carried)> body);
/// Combines the values, scalars or vectors of one lane, of an item's threads in trees of warps: first those whose
/// numbers differ in the highest bit. All threads have the result, as `combine` does not mind the order of two values.
/// More threads than a warp has are a block, and `combine` minds no order at all.
Value combineThreads(KernelBuilder &b, Value value, llvm::function_ref<Value(Value, Value)> combine);
/// All threads of the block have come here, and see what the others wrote.
void blockBarrier(KernelBuilder &b);

/// LLVM's numbers of the memory of the device, and of a block.
constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3;
/// The first of `bytes` that the block shares, aligned to 128.
Value sharedMemory(KernelBuilder &b, int64_t bytes);
/// An address in the device's memory as such: instructions that know it are faster.
Value globalPointer(KernelBuilder &b, Value pointer);

/// `body` of each lane of vectors of as many lanes, for operations that take scalars only.
Value forEachLane(KernelBuilder &b, Type element, ValueRange vectors, llvm::function_ref<Value(ValueRange)> body);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_DEVICE_H
