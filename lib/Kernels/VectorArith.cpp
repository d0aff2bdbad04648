// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "VectorArith.h"

using namespace mlir;
using namespace nibble::kernels;

Value VectorArith::f64(double c) {
  VectorType type = b.vec(lanes, b.getF64Type());
  return arith::ConstantOp::create(b, SplatElementsAttr::get(type, b.getF64FloatAttr(c)));
}

Value VectorArith::rint(Value x) {
  if (b.isa.hasFMA)
    return b.create<LLVM::RoundEvenOp>(x.getType(), x);
  // Adding 2^23 leaves no room for a fraction. Larger values have none; a NaN stays.
  Value sign = iand(bits(x), i32(INT32_MIN));
  Value magic = fromBits(b.create<arith::OrIOp>(sign, bits(f32(0x1p23f))));
  Value rounded = sub(add(x, magic), magic);
  rounded = fromBits(b.create<arith::OrIOp>(bits(rounded), sign)); // -0.3 becomes -0
  Value size = fromBits(iand(bits(x), i32(INT32_MAX)));
  return select(lt(size, f32(0x1p23f)), rounded, x);
}

Value VectorArith::floor(Value x) {
  if (b.isa.hasFMA)
    return b.create<LLVM::FFloorOp>(x.getType(), x);
  Value rounded = rint(x);
  return select(lt(x, rounded), sub(rounded, f32(1.0f)), rounded);
}

Value VectorArith::bnot(Value x) {
  Value all = arith::ConstantOp::create(b, DenseElementsAttr::get(cast<VectorType>(x.getType()), true));
  return b.create<arith::XOrIOp>(x, all);
}
