// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of places and numbers of threads, in 32 bits: that of 64 is slow on GPUs.

#ifndef NIBBLE_LIB_KERNELS_CUDA_INDEXARITH_H
#define NIBBLE_LIB_KERNELS_CUDA_INDEXARITH_H

#include "../KernelBuilder.h"

namespace nibble {
namespace kernels {

/// What emits a part of a block's kernel: values are i32 and not negative.
class IndexArith {
protected:
  explicit IndexArith(KernelBuilder &b) : b(b) {}

  Value number(int64_t value) { return b.splat(b.i32(), value); }
  Value div(Value value, int64_t by) { return b.create<mlir::arith::DivUIOp>(value, number(by)); }
  Value rem(Value value, int64_t by) { return b.create<mlir::arith::RemUIOp>(value, number(by)); }
  Value isBelow(Value value, int64_t limit) {
    return b.create<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::ult, value, number(limit));
  }

  KernelBuilder &b;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_INDEXARITH_H
