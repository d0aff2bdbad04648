// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a GPU runs a kernel.

#ifndef NIBBLE_KERNELS_LAUNCH_H
#define NIBBLE_KERNELS_LAUNCH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace nibble {
namespace kernels {

/// A kernel's work is cut into items, each done by as many neighbouring threads: one, or a part of a warp, or a block.
/// Items run in any order and at the same time, and write disjoint parts of the result.
struct Launch {
  int64_t items = 0;
  int64_t itemThreads = 1;
  int64_t block = 128;     ///< threads; a multiple of itemThreads
  int64_t sharedBytes = 0; ///< memory that a block shares
  int64_t arguments = 0;   ///< addresses that the kernel reads

  /// Whether 31 bits are enough for the threads' numbers, which kernels compute with.
  bool isCountable() const { return grid() * block < int64_t(1) << 31; }
  int64_t grid() const { return (items * itemThreads + block - 1) / block; }
};

/// Of a kernel that was emitted for a GPU: `void kernel(struct { void *args[arguments]; })`.
Launch getLaunch(mlir::func::FuncOp kernel);

/// While this lives, kernels that are emitted into `module` may assume what the addresses of their first arguments are
/// multiples of, in bytes, and so read and write more than an element at once.
class ArgumentAlignments {
public:
  ArgumentAlignments(mlir::ModuleOp module, llvm::ArrayRef<int64_t> alignments);
  ~ArgumentAlignments();
  ArgumentAlignments(const ArgumentAlignments &) = delete;

private:
  mlir::ModuleOp module;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_LAUNCH_H
