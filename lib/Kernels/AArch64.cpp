// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NEON: registers of 128 bits.

#include "Instructions.h"

using namespace mlir;
using namespace nibble::kernels;

namespace {
class AArch64 : public Instructions {
public:
  Value roundToInt(KernelBuilder &b, Value floats) const override;
  Value pack(KernelBuilder &b, Value first, Value second, bool isSigned) const override;
  bool hasLookup(const ISA &isa) const override { return true; }
  Value lookup(KernelBuilder &b, ArrayRef<Value> pieces, Value bytes) const override;
};
} // namespace

Value AArch64::roundToInt(KernelBuilder &b, Value floats) const {
  return b.intrinsic("llvm.aarch64.neon.fcvtns.v4i32.v4f32", b.vec(4, b.i32()), floats);
}

Value AArch64::pack(KernelBuilder &b, Value first, Value second, bool isSigned) const {
  const bool words = KernelBuilder::lanesOf(first) == 4;
  VectorType half = words ? b.vec(4, b.i16()) : b.vec(8, b.i8());
  std::string name = isSigned ? "llvm.aarch64.neon.sqxtn." : "llvm.aarch64.neon.sqxtun.";
  name += words ? "v4i16" : "v8i8";
  Value low = b.intrinsic(name, half, first), high = b.intrinsic(name, half, second);
  return b.shuffle(low, high, llvm::to_vector(llvm::seq<int64_t>(0, 2 * half.getNumElements())));
}

/// Four table instructions of 64 entries: an index beyond gives 0, or what was found before.
Value AArch64::lookup(KernelBuilder &b, ArrayRef<Value> pieces, Value bytes) const {
  Value result;
  for (int64_t i = 0; i < 4; ++i) {
    Values operands(pieces.slice(4 * i, 4));
    operands.push_back(i == 0 ? bytes : b.create<arith::SubIOp>(bytes, b.splat(bytes.getType(), int64_t(64 * i))));
    if (result)
      operands.insert(operands.begin(), result);
    result = b.intrinsic(result ? "llvm.aarch64.neon.tbx4.v16i8" : "llvm.aarch64.neon.tbl4.v16i8", bytes.getType(),
                         operands);
  }
  return result;
}

const Instructions &nibble::kernels::aarch64Instructions() {
  static const AArch64 instructions;
  return instructions;
}
