// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise functions: scalar definitions and verifiers.

#include "Verify.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Dialect/Nibble/UnaryFunctions.h"
#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

//===----------------------------------------------------------------------===//
// Functions of one variable
//===----------------------------------------------------------------------===//

template <typename OpTy>
static LogicalResult verifyUnary(OpTy op) {
  Named input{"input", op.getInput()}, result{"result", op.getResult()};
  if (failed(verify::sameFamily(op, {input, result})))
    return failure();
  return verify::perTensor(op, {input, result});
}

#define NIBBLE_UNARY_FUNCTION(Op)                                                                                      \
  float Op::evaluate(float x) {                                                                                        \
    numerics::ScalarArith arith;                                                                                       \
    return applyUnary(arith, getOperation(), x);                                                                       \
  }
#define NIBBLE_UNARY_OP(Op)                                                                                            \
  LogicalResult Op::verify() { return verifyUnary(*this); }                                                            \
  NIBBLE_UNARY_FUNCTION(Op)

NIBBLE_UNARY_OP(ReluOp)
NIBBLE_UNARY_OP(SigmoidOp)
NIBBLE_UNARY_OP(TanhOp)
NIBBLE_UNARY_OP(HardSwishOp)
NIBBLE_UNARY_OP(GeluOp)
NIBBLE_UNARY_OP(SiluOp)
NIBBLE_UNARY_OP(SoftplusOp)
NIBBLE_UNARY_OP(ErfOp)
NIBBLE_UNARY_OP(ExpOp)
NIBBLE_UNARY_OP(LogOp)
NIBBLE_UNARY_OP(SqrtOp)
NIBBLE_UNARY_OP(ReciprocalOp)
NIBBLE_UNARY_OP(NegOp)
NIBBLE_UNARY_OP(AbsOp)
NIBBLE_UNARY_OP(FloorOp)
NIBBLE_UNARY_OP(CeilOp)
NIBBLE_UNARY_OP(RoundOp)
NIBBLE_UNARY_OP(LeakyReluOp)
NIBBLE_UNARY_OP(EluOp)
NIBBLE_UNARY_OP(HardSigmoidOp)
NIBBLE_UNARY_FUNCTION(ClipOp)
#undef NIBBLE_UNARY_OP
#undef NIBBLE_UNARY_FUNCTION

LogicalResult ClipOp::verify() {
  float min = getMin().convertToFloat(), max = getMax().convertToFloat();
  if (!(min <= max))
    return emitOpError() << "expected 'min' <= 'max', neither a NaN, got " << min << " and " << max;
  return verifyUnary(*this);
}

//===----------------------------------------------------------------------===//
// Functions of two variables
//===----------------------------------------------------------------------===//

template <typename OpTy>
static LogicalResult verifyBinary(OpTy op) {
  Named lhs{"lhs", op.getLhs()}, rhs{"rhs", op.getRhs()}, result{"result", op.getResult()};
  if (failed(verify::sameFamily(op, {lhs, rhs, result})) || failed(verify::perTensor(op, {lhs, rhs, result})))
    return failure();
  auto shape = getBroadcastShape(lhs.getShape(), rhs.getShape());
  if (!shape)
    return op.emitOpError() << "expected shapes that broadcast, got " << formatShape(lhs.getShape()) << " and "
                            << formatShape(rhs.getShape());
  return verify::shape(op, result, *shape);
}

/// An addition's two multipliers, of a quantized one.
template <typename OpTy>
static LogicalResult verifyAddition(OpTy op) {
  if (failed(verifyBinary(op)))
    return failure();
  auto y = QuantParams::get(op.getResult().getType());
  if (!y)
    return success();
  for (Named value : {Named{"lhs", op.getLhs()}, Named{"rhs", op.getRhs()}}) {
    float scale = QuantParams::get(value.value.getType())->getScale() / y->getScale();
    if (failed(verify::multiplier(op, "folded multiplier", scale, op.getRequant())))
      return failure();
  }
  return success();
}

LogicalResult AddOp::verify() { return verifyAddition(*this); }

/// A constant goes to the right, where patterns look for it. Not of quantized operands, whose order decides ties.
OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (!getType().getElementType().isF32() || !adaptor.getLhs() || adaptor.getRhs())
    return {};
  Value constant = getLhs();
  getLhsMutable().assign(getRhs());
  getRhsMutable().assign(constant);
  return getResult();
}
LogicalResult SubOp::verify() { return verifyAddition(*this); }

LogicalResult MulOp::verify() {
  if (failed(verifyBinary(*this)))
    return failure();
  return verify::productMultipliers(*this, {"lhs", getLhs()}, {"rhs", getRhs()}, {"result", getResult()}, getRequant());
}

LogicalResult DivOp::verify() { return verifyBinary(*this); }
LogicalResult PowOp::verify() { return verifyBinary(*this); }
LogicalResult MinOp::verify() { return verifyBinary(*this); }
LogicalResult MaxOp::verify() { return verifyBinary(*this); }
