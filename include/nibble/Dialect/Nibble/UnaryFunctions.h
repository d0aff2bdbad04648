// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The function of each UnaryFunction operation, over any arithmetic (Functions.h): the interpreter and the tables of
// quantized code run it on scalars, the code generator builds IR with it.

#ifndef NIBBLE_DIALECT_NIBBLE_UNARYFUNCTIONS_H
#define NIBBLE_DIALECT_NIBBLE_UNARYFUNCTIONS_H

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Support/Functions.h"

#include "llvm/ADT/TypeSwitch.h"

namespace nibble {

/// The value at `x` of the function that `op`, a UnaryFunction, stands for.
template <class A, class V>
V applyUnary(A &a, mlir::Operation *op, V x) {
  namespace f = functions;
  auto f32 = [](const llvm::APFloat &value) { return value.convertToFloat(); };
  return llvm::TypeSwitch<mlir::Operation *, V>(op)
      .Case([&](ReluOp) { return f::relu(a, x); })
      .Case([&](SigmoidOp) { return f::sigmoid(a, x); })
      .Case([&](TanhOp) { return f::tanh(a, x); })
      .Case([&](HardSwishOp) { return f::hardSwish(a, x); })
      .Case([&](GeluOp) { return f::gelu(a, x); })
      .Case([&](SiluOp) { return f::silu(a, x); })
      .Case([&](SoftplusOp) { return f::softplus(a, x); })
      .Case([&](ErfOp) { return f::erf(a, x); })
      .Case([&](ExpOp) { return f::exp(a, x); })
      .Case([&](LogOp) { return f::log(a, x); })
      .Case([&](SqrtOp) { return a.sqrt(x); })
      .Case([&](ReciprocalOp) { return a.div(a.f32(1.0f), x); })
      .Case([&](NegOp) { return f::neg(a, x); })
      .Case([&](AbsOp) { return f::abs(a, x); })
      .Case([&](FloorOp) { return a.floor(x); })
      .Case([&](CeilOp) { return f::ceil(a, x); })
      .Case([&](RoundOp) { return a.rint(x); })
      .Case([&](LeakyReluOp o) { return f::leakyRelu(a, x, f32(o.getAlpha())); })
      .Case([&](EluOp o) { return f::elu(a, x, f32(o.getAlpha())); })
      .Case([&](HardSigmoidOp o) { return f::hardSigmoid(a, x, f32(o.getAlpha()), f32(o.getBeta())); })
      .Case([&](ClipOp o) { return f::clip(a, x, f32(o.getMin()), f32(o.getMax())); });
}

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_UNARYFUNCTIONS_H
