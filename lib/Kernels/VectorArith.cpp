// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "VectorArith.h"

using namespace mlir;
using namespace nibble::kernels;

Value VectorArith::f64(double c) {
  TypedAttr value = b.getF64FloatAttr(c);
  if (lanes != scalar)
    value = SplatElementsAttr::get(b.vec(lanes, b.getF64Type()), Attribute(value));
  return arith::ConstantOp::create(b, value);
}

Value VectorArith::bnot(Value x) { return b.create<arith::XOrIOp>(x, b.splat(x.getType(), int64_t(-1))); }
