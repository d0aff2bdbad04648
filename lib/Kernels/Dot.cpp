// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dot.h"

using namespace mlir;
using namespace nibble::kernels;

static StringRef vpdpbusd(int64_t lanes) {
  return lanes == 4 ? "llvm.x86.avx512.vpdpbusd.128"
                    : (lanes == 8 ? "llvm.x86.avx512.vpdpbusd.256" : "llvm.x86.avx512.vpdpbusd.512");
}

static StringRef pmaddwd(int64_t lanes) { return lanes == 4 ? "llvm.x86.sse2.pmadd.wd" : "llvm.x86.avx2.pmadd.wd"; }

/// s8 + 128: the hardware's inputs are unsigned; packConvBias takes the 128 back.
Value Dot::toUnsigned(Value dwords) {
  if (kind != ElementKind::S8)
    return dwords;
  return b.create<arith::XOrIOp>(dwords, b.splat(dwords.getType(), int64_t(int32_t(0x80808080))));
}

/// Bytes 0, 2 and bytes 1, 3 of each dword as u16: no scratch, no constant but one mask.
Operand Dot::splitInput(Value dwords) {
  Value even = b.create<arith::AndIOp>(dwords, b.splat(dwords.getType(), int64_t(0x00ff00ff)));
  Value words = b.bitcast(dwords, b.i16());
  return {b.bitcast(even, b.i16()), b.create<arith::ShRUIOp>(words, b.splat(words.getType(), int64_t(8)))};
}

/// The same bytes of the weights, sign-extended.
Operand Dot::splitWeights(Value dwords) {
  Value words = b.bitcast(dwords, b.i16()), eight = b.splat(words.getType(), int64_t(8));
  Value even = b.create<arith::ShRSIOp>(b.create<arith::ShLIOp>(words, eight), eight);
  return {even, b.create<arith::ShRSIOp>(words, eight)};
}

Operand Dot::input(Value dwords) {
  if (isFloat())
    return {dwords, {}};
  dwords = toUnsigned(dwords);
  if (b.isa.dot == DotKind::Pmaddwd)
    return splitInput(dwords);
  return {b.bitcast(dwords, b.i8()), {}};
}

Operand Dot::broadcastInput(Value pointer, int64_t lanes) {
  return input(b.broadcastLoad(cast<VectorType>(b.vec(lanes, accumulator())), pointer));
}

Operand Dot::weights(Value pointer, int64_t lanes) {
  Value raw = b.load(b.vec(lanes, accumulator()), pointer, lanes * 4);
  if (isFloat())
    return {raw, {}};
  if (b.isa.dot == DotKind::Pmaddwd)
    return splitWeights(raw);
  return {b.bitcast(raw, b.i8()), {}};
}

Value Dot::multiplyAdd(Value acc, Operand x, Operand w) {
  if (isFloat())
    return b.create<math::FmaOp>(x.even, w.even, acc);
  const int64_t lanes = KernelBuilder::lanesOf(acc);
  if (b.isa.dot == DotKind::Vpdpbusd)
    return b.intrinsic(vpdpbusd(lanes), acc.getType(), {acc, x.even, w.even});
  Value even = b.intrinsic(pmaddwd(lanes), acc.getType(), {x.even, w.even});
  Value odd = b.intrinsic(pmaddwd(lanes), acc.getType(), {x.odd, w.odd});
  return b.add(b.add(acc, even), odd);
}

static bool isOneInstruction(const ISA &isa, ElementKind input) {
  return input == ElementKind::F32 || isa.dot == DotKind::Vpdpbusd;
}

int64_t Dot::registers(const ISA &isa, ElementKind input, int64_t mr, int64_t nr) {
  if (isOneInstruction(isa, input))
    return mr * nr + 2 * nr;                 // the code generator loads the next step's weights early
  return mr * nr + 2 * std::min(mr, nr) + 2; // two halves of the shorter side, and of one operand of the other
}

double Dot::stepCycles(const ISA &isa, ElementKind input, int64_t mr, int64_t nr) {
  if (isOneInstruction(isa, input))
    return std::max(1.0 * mr * nr, 0.7 * (mr + nr)); // multiplications, or loads
  return (4 * mr * nr + 3 * (mr + nr)) / 3.0;        // two products and two sums; three instructions to split
}
