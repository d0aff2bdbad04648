// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SSE, AVX and AVX-512.

#include "Instructions.h"

using namespace mlir;
using namespace nibble::kernels;

namespace {
class X86 : public Instructions {
public:
  Value roundToInt(KernelBuilder &b, Value floats) const override;
  Value pack(KernelBuilder &b, Value first, Value second, bool isSigned) const override;
  bool hasLookup(const ISA &isa) const override { return isa.vectorBits >= 256; }
  Value lookup(KernelBuilder &b, ArrayRef<Value> pieces, Value bytes) const override;
};
} // namespace

Value X86::roundToInt(KernelBuilder &b, Value floats) const {
  const int64_t lanes = KernelBuilder::lanesOf(floats);
  Type result = b.vec(lanes, b.i32());
  if (lanes == 4)
    return b.intrinsic("llvm.x86.sse2.cvtps2dq", result, floats);
  if (lanes == 8)
    return b.intrinsic("llvm.x86.avx.cvt.ps2dq.256", result, floats);
  assert(lanes == 16 && "a whole register");
  Value zero = b.splat(result, int64_t(0)), all = arith::ConstantIntOp::create(b, b.i16(), -1);
  Value current = arith::ConstantIntOp::create(b, b.i32(), 4); // rounding as MXCSR says
  return b.intrinsic("llvm.x86.avx512.mask.cvtps2dq.512", result, {floats, zero, all, current});
}

/// packssdw, packsswb or packuswb.
Value X86::pack(KernelBuilder &b, Value first, Value second, bool isSigned) const {
  auto from = cast<VectorType>(first.getType());
  const int64_t lanes = from.getNumElements(), width = from.getElementTypeBitWidth();
  Type result = b.vec(lanes * 2, b.getIntegerType(width / 2));
  const int64_t bits = lanes * width;
  std::string name = (bits == 128 ? "llvm.x86.sse2." : (bits == 256 ? "llvm.x86.avx2." : "llvm.x86.avx512."));
  name += width == 32 ? "packssdw" : (isSigned ? "packsswb" : "packuswb");
  name += bits == 128 ? ".128" : (bits == 512 ? ".512" : "");
  return b.intrinsic(name, result, {first, second});
}

/// In piece p the shuffle shall read byte q - 16p where that is below 16, and give 0 elsewhere. It does the latter
/// where the index's top bit is set, which the saturating addition of 0x70 to q ^ 16p achieves.
Value X86::lookup(KernelBuilder &b, ArrayRef<Value> pieces, Value bytes) const {
  const bool wide = KernelBuilder::lanesOf(bytes) == 64;
  Type type = bytes.getType();
  Value bias = b.splat(type, int64_t(0x70)), result;
  for (auto [piece, entries] : llvm::enumerate(pieces)) {
    Value index = piece == 0 ? bytes : b.create<arith::XOrIOp>(bytes, b.splat(type, int64_t(16 * piece)));
    index = b.intrinsic(wide ? "llvm.uadd.sat.v64i8" : "llvm.uadd.sat.v32i8", type, {index, bias});
    Value found = b.intrinsic(wide ? "llvm.x86.avx512.pshuf.b.512" : "llvm.x86.avx2.pshuf.b", type, {entries, index});
    result = result ? b.create<arith::OrIOp>(result, found) : found;
  }
  return result;
}

const Instructions &nibble::kernels::x86Instructions() {
  static const X86 instructions;
  return instructions;
}
