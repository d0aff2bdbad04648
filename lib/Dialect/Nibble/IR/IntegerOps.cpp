// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the folded integer operations.

#include "Verify.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

static LogicalResult verifyScale(Operation *op, const APFloat &scale, StringRef name = "scale") {
  if (numerics::isScale(scale.convertToFloat()))
    return success();
  return op->emitOpError() << "expected '" << name << "' to be positive, normal and finite, got "
                           << scale.convertToFloat();
}

/// What the two integer convolutions share: shapes, one bias and multiplier per channel, and the clamp.
template <typename OpTy>
static LogicalResult verifyConvolution(OpTy op, bool transposed) {
  Named input{"input", op.getInput()}, filter{"filter", op.getFilter()}, result{"result", op.getResult()};
  verify::Convolution conv{
      input,        filter,    result, op.getStrides(), op.getPads(), op.getDilations(), int64_t(op.getGroups()),
      Layout::NHWC, transposed};
  if (failed(verify::convolution(op, conv)) ||
      failed(verify::onePer(op, {"bias", op.getBias()}, "output channel", conv.getChannels())) ||
      failed(verify::onePer(op, {"multiplier", op.getMultiplier()}, "output channel", conv.getChannels())))
    return failure();
  return verify::clamp(op, op.getClamp(), op.getOutputZeroPoint(), result);
}

static LogicalResult verifyResidual(IntConvOp op, ResidualAttr residual) {
  Named addend{"addend", op.getAddend()}, result{"result", op.getResult()};
  if (failed(verify::shape(op, addend, result.getShape())) || failed(verify::sameElementType(op, result, addend)) ||
      failed(verify::inRange(op, "addend_zero_point", residual.getAddendZeroPoint(), addend)))
    return failure();
  for (auto [name, attr] :
       {std::pair<StringRef, FloatAttr>{"scale", residual.getScale()}, {"addend_scale", residual.getAddendScale()}}) {
    if (!attr.getType().isF32())
      return op.emitOpError() << "expected the residual's '" << name << "' to be f32, got " << attr.getType();
    float value = attr.getValue().convertToFloat();
    if (failed(verify::multiplier(op, name, value, op.getRequant(), /*sign=*/true)))
      return failure();
  }
  return verify::clamp(op, {residual.getMin(), residual.getMax()}, residual.getZeroPoint(), result);
}

LogicalResult IntConvOp::verify() {
  if (failed(verifyConvolution(*this, false)) ||
      failed(verify::inRange(*this, "pad_value", int32_t(getPadValue()), {"input", getInput()})))
    return failure();
  auto residual = getResidual();
  if (residual.has_value() != bool(getAddend()))
    return emitOpError() << "expected 'residual' exactly when there is an addend, got "
                         << (residual ? "'residual' without an addend" : "an addend without 'residual'");
  return residual ? verifyResidual(*this, *residual) : success();
}

LogicalResult IntConvTransposeOp::verify() {
  if (failed(verifyConvolution(*this, true)))
    return failure();
  return verify::inRange(*this, "input_zero_point", int32_t(getInputZeroPoint()), {"input", getInput()});
}

LogicalResult IntMatMulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, result{"result", getResult()};
  if (failed(verify::matmul(*this, lhs, rhs, result)) ||
      failed(verify::onePer(*this, {"bias", getBias()}, "column", rhs.getShape().back())) ||
      failed(verify::onePer(*this, {"multiplier", getMultiplier()}, "column", rhs.getShape().back())) ||
      failed(verify::inRange(*this, "lhs_zero_point", int32_t(getLhsZeroPoint()), lhs)) ||
      failed(verify::inRange(*this, "rhs_zero_point", int32_t(getRhsZeroPoint()), rhs)))
    return failure();
  return verify::clamp(*this, getClamp(), int32_t(getOutputZeroPoint()), result);
}

/// Broadcast, zero points and clamp of the operations of two tensors.
template <typename OpTy>
static LogicalResult verifyBinary(OpTy op) {
  Named lhs{"lhs", op.getLhs()}, rhs{"rhs", op.getRhs()}, result{"result", op.getResult()};
  auto shape = getBroadcastShape(lhs.getShape(), rhs.getShape());
  if (!shape)
    return op.emitOpError() << "expected shapes that broadcast, got " << formatShape(lhs.getShape()) << " and "
                            << formatShape(rhs.getShape());
  if (failed(verify::shape(op, result, *shape)) ||
      failed(verify::inRange(op, "lhs_zero_point", int32_t(op.getLhsZeroPoint()), lhs)) ||
      failed(verify::inRange(op, "rhs_zero_point", int32_t(op.getRhsZeroPoint()), rhs)))
    return failure();
  return verify::clamp(op, op.getClamp(), int32_t(op.getOutputZeroPoint()), result);
}

LogicalResult IntAddOp::verify() {
  if (failed(verifyBinary(*this)) ||
      failed(verify::multiplier(*this, "lhs_scale", getLhsScale().convertToFloat(), getRequant(), /*sign=*/true)))
    return failure();
  return verify::multiplier(*this, "rhs_scale", getRhsScale().convertToFloat(), getRequant(), /*sign=*/true);
}

/// The greatest magnitude that a stored value less `zero` can have.
static int64_t getReach(Named tensor, int32_t zero) {
  auto [min, max] = getIntegerRange(cast<IntegerType>(tensor.getElementType()));
  return std::max(max - zero, zero - min);
}

LogicalResult IntMulOp::verify() {
  if (failed(verifyBinary(*this)))
    return failure();
  const int64_t greatest =
      getReach({"lhs", getLhs()}, getLhsZeroPoint()) * getReach({"rhs", getRhs()}, getRhsZeroPoint());
  if (!llvm::isInt<32>(greatest))
    return emitOpError() << "expected products that fit i32, got a magnitude of " << greatest;
  return verify::multiplier(*this, "scale", getScale().convertToFloat(), getRequant());
}

LogicalResult IntAvgPoolOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  const int64_t dilations[] = {1, 1};
  if (failed(verify::rank(*this, input, 4)) || failed(verify::rank(*this, result, 4)) ||
      failed(verify::length(*this, "kernel", getKernel().size(), 2)) ||
      failed(verify::positive(*this, "kernel", getKernel())))
    return failure();
  Window window{SmallVector<int64_t, 2>(getKernel()), getStrides(), getPads(), dilations};
  if (failed(verify::windowAttributes(*this, window)) ||
      failed(verify::windowShape(*this, window, Layout::NHWC, input, result, input.getShape()[3])) ||
      failed(verify::inRange(*this, "input_zero_point", int32_t(getInputZeroPoint()), input)) ||
      failed(verify::clamp(*this, getClamp(), int32_t(getOutputZeroPoint()), result)))
    return failure();
  auto taps = getElementCount(getKernel());
  if (!taps)
    return emitOpError() << "expected a kernel whose taps can be counted, got " << formatShape(getKernel());
  float scale = getScale().convertToFloat();
  if (failed(verify::multiplier(*this, "scale", scale, getRequant())))
    return failure();
  return verify::multiplier(*this, "scale / taps", numerics::averageMultiplier(scale, *taps), getRequant());
}

LogicalResult IntRequantizeOp::verify() {
  if (failed(verify::inRange(*this, "input_zero_point", int32_t(getInputZeroPoint()), {"input", getInput()})) ||
      failed(verify::multiplier(*this, "scale", getScale().convertToFloat(), getRequant())))
    return failure();
  return verify::clamp(*this, getClamp(), int32_t(getOutputZeroPoint()), {"result", getResult()});
}

LogicalResult IntQuantizeOp::verify() {
  if (failed(verifyScale(*this, getScale())))
    return failure();
  return verify::clamp(*this, getClamp(), int32_t(getZeroPoint()), {"result", getResult()});
}

LogicalResult IntDequantizeOp::verify() {
  if (failed(verifyScale(*this, getScale())))
    return failure();
  return verify::inRange(*this, "zero_point", int32_t(getZeroPoint()), {"input", getInput()});
}

LogicalResult IntLookupOp::verify() {
  Named table{"table", getTable()}, result{"result", getResult()};
  if (failed(verify::sameElementType(*this, table, result)))
    return failure();
  return verify::shape(*this, table, {256});
}

LogicalResult IntSoftmaxOp::verify() {
  Named input{"input", getInput()};
  if (failed(verify::axis(*this, getAxis(), input)) || failed(verifyScale(*this, getInputScale(), "input_scale")) ||
      failed(verify::byteSoftmax(*this, getAxis(), "scale", getScale().convertToFloat(), input)))
    return failure();
  return verify::clamp(*this, getClamp(), int32_t(getOutputZeroPoint()), {"result", getResult()});
}
