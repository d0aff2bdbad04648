// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "VectorArith.h"

using namespace mlir;
using namespace nibble::kernels;

Value VectorArith::f64(double c) {
  VectorType type = b.vec(lanes, b.getF64Type());
  return arith::ConstantOp::create(b, SplatElementsAttr::get(type, b.getF64FloatAttr(c)));
}

Value VectorArith::bnot(Value x) {
  Value all = arith::ConstantOp::create(b, DenseElementsAttr::get(cast<VectorType>(x.getType()), true));
  return b.create<arith::XOrIOp>(x, all);
}
