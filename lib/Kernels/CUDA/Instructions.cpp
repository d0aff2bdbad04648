// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVIDIA's GPUs: each thread has scalars alone, so that a vector is as many operations as it has lanes.

#include "../Instructions.h"
#include "Device.h"

using namespace mlir;
using namespace nibble::kernels;

namespace {
class CUDA : public Instructions {
public:
  Value roundToInt(KernelBuilder &b, Value floats) const override;
  Value pack(KernelBuilder &b, Value first, Value second, bool isSigned) const override;
  /// A table lies in the nearest cache.
  bool hasLookup(const ISA &) const override { return false; }
  Value lookup(KernelBuilder &, ArrayRef<Value>, Value) const override { llvm_unreachable("no such registers"); }
};
} // namespace

Value CUDA::roundToInt(KernelBuilder &b, Value floats) const {
  return forEachLane(b, b.i32(), floats, [&](ValueRange x) { return b.intrinsic("llvm.nvvm.f2i.rn", b.i32(), x); });
}

Value CUDA::pack(KernelBuilder &b, Value first, Value second, bool isSigned) const {
  const int64_t lanes = KernelBuilder::lanesOf(first);
  const bool words = getElementTypeOrSelf(first).isInteger(32);
  const int64_t high = words ? 32767 : isSigned ? 127 : 255, low = words || isSigned ? -high - 1 : 0;
  Value both = b.shuffle(first, second, llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes)));
  both = b.create<arith::MinSIOp>(both, b.splat(both.getType(), high));
  both = b.create<arith::MaxSIOp>(both, b.splat(both.getType(), low));
  return b.create<arith::TruncIOp>(b.vec(2 * lanes, words ? b.i16() : b.i8()), both);
}

const Instructions &nibble::kernels::cudaInstructions() {
  static const CUDA instructions;
  return instructions;
}
