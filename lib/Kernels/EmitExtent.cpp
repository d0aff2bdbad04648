// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/EmitExtent.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace nibble;

/// a / b, rounded down; 0 for b = 0. `b` is not negative.
static Value emitFloorDiv(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIntOp::create(b, lhs.getType(), value); };
  APInt divisor;
  const bool isKnown = matchPattern(rhs, m_ConstantInt(&divisor));
  Value safe = isKnown ? rhs : Value(arith::MaxSIOp::create(b, rhs, constant(1)));
  Value quotient = arith::DivSIOp::create(b, lhs, safe), rest = arith::RemSIOp::create(b, lhs, safe);
  Value isBelow = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, constant(0));
  quotient = arith::SubIOp::create(b, quotient, arith::ExtUIOp::create(b, lhs.getType(), isBelow));
  if (isKnown)
    return quotient;
  Value isZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rhs, constant(0));
  return arith::SelectOp::create(b, isZero, constant(0), quotient);
}

Value nibble::kernels::emitExtent(OpBuilder &builder, Location loc, const Extent &extent, Type type,
                                  llvm::function_ref<Value(unsigned)> dim) {
  ImplicitLocOpBuilder b(loc, builder);
  return extent.evaluate<Value>([&](int64_t value) -> Value { return arith::ConstantIntOp::create(b, type, value); },
                                dim,
                                [&](Extent::Kind kind, Value lhs, Value rhs) -> Value {
                                  if (kind == Extent::Kind::FloorDiv)
                                    return emitFloorDiv(b, lhs, rhs);
                                  if (kind == Extent::Kind::Min)
                                    return arith::MinSIOp::create(b, lhs, rhs);
                                  return arith::MaxSIOp::create(b, lhs, rhs);
                                },
                                [&](Value lhs, Value rhs) -> Value { return arith::AddIOp::create(b, lhs, rhs); },
                                [&](Value lhs, Value rhs) -> Value { return arith::MulIOp::create(b, lhs, rhs); });
}
