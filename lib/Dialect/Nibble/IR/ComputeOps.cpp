// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the operations with weights or windows.

#include "Verify.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

/// The filter, quantized per axis, has its scales along the output channels.
static LogicalResult verifyFilterAxis(Operation *op, Named filter, int64_t axis) {
  auto params = QuantParams::get(filter.value.getType());
  if (!params || !params->isPerAxis() || params->getAxis() == axis)
    return success();
  return op->emitOpError() << "expected " << filter.name << " to be quantized along dimension " << axis << ", got "
                           << params->getAxis();
}

template <typename OpTy>
static LogicalResult verifyConvolution(OpTy op, bool transposed) {
  Named input{"input", op.getInput()}, filter{"filter", op.getFilter()}, result{"result", op.getResult()};
  verify::Convolution conv{
      input,          filter,    result, op.getStrides(), op.getPads(), op.getDilations(), int64_t(op.getGroups()),
      op.getLayout(), transposed};
  if (failed(verify::sameFamily(op, {input, filter, result})) || failed(verify::convolution(op, conv)) ||
      failed(verify::perTensor(op, {input, result})) || failed(verifyFilterAxis(op, filter, 0)))
    return failure();
  if (Value value = op.getBias()) {
    Named bias{"bias", value};
    if (failed(verify::onePer(op, bias, "output channel", conv.getChannels())) ||
        failed(verify::bias(op, bias, input, filter)))
      return failure();
  }
  return verify::productMultipliers(op, input, filter, result, op.getRequant());
}

LogicalResult ConvOp::verify() { return verifyConvolution(*this, false); }
LogicalResult ConvTransposeOp::verify() { return verifyConvolution(*this, true); }

LogicalResult MatMulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, result{"result", getResult()};
  if (failed(verify::sameFamily(*this, {lhs, rhs, result})))
    return failure();
  if (failed(verify::matmul(*this, lhs, rhs, result)) || failed(verify::perTensor(*this, {lhs, result})) ||
      failed(verifyFilterAxis(*this, rhs, rhs.getType().getRank() - 1)))
    return failure();
  if (getBias()) {
    Named bias{"bias", getBias()};
    if (failed(verify::onePer(*this, bias, "column", rhs.getShape().back())) ||
        failed(verify::bias(*this, bias, lhs, rhs)))
      return failure();
  }
  return verify::productMultipliers(*this, lhs, rhs, result, getRequant());
}

/// Ranks, the window's attributes and the result's shape.
static LogicalResult verifyPool(Operation *op, Window window, ArrayRef<int64_t> kernel, Layout layout, Named input,
                                Named result) {
  if (failed(verify::rank(op, input, 4)) || failed(verify::rank(op, result, 4)) ||
      failed(verify::length(op, "kernel", kernel.size(), 2)) || failed(verify::positive(op, "kernel", kernel)))
    return failure();
  window.kernel.assign(kernel.begin(), kernel.end());
  if (failed(verify::windowAttributes(op, window)))
    return failure();
  return verify::windowShape(op, window, layout, input, result, input.getShape()[getImageDims(layout).c]);
}

LogicalResult MaxPoolOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  if (failed(verify::sameElementType(*this, input, result)))
    return failure();
  return verifyPool(*this, {{}, getStrides(), getPads(), getDilations()}, getKernel(), getLayout(), input, result);
}

LogicalResult AvgPoolOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  const int64_t dilations[] = {1, 1};
  if (failed(verify::sameFamily(*this, {input, result})) || failed(verify::perTensor(*this, {input, result})) ||
      failed(verifyPool(*this, {{}, getStrides(), getPads(), dilations}, getKernel(), getLayout(), input, result)))
    return failure();
  auto x = QuantParams::get(input.value.getType());
  if (!x)
    return success();
  float scale = x->getScale() / QuantParams::get(result.value.getType())->getScale();
  auto taps = getElementCount(getKernel());
  if (!taps)
    return emitOpError() << "expected a kernel whose taps can be counted, got " << formatShape(getKernel());
  if (failed(verify::multiplier(*this, "folded multiplier", scale, getRequant())))
    return failure();
  return verify::multiplier(*this, "folded multiplier", numerics::averageMultiplier(scale, *taps), getRequant());
}

LogicalResult BatchNormOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  if (input.getType().getRank() < 2)
    return emitOpError() << "expected input to have rank 2 or more, got " << input.getType().getRank();
  if (failed(verify::shape(*this, result, input.getShape())))
    return failure();
  for (Named value : {Named{"scale", getScale()}, Named{"bias", getBias()}, Named{"mean", getMean()},
                      Named{"variance", getVariance()}})
    if (failed(verify::onePer(*this, value, "channel", input.getShape()[1])) ||
        failed(verify::sameFamily(*this, {input, value})))
      return failure();
  return verify::sameFamily(*this, {input, result});
}

LogicalResult ReduceOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  int64_t previous = -1, rank = input.getType().getRank();
  for (int64_t axis : getAxes()) {
    if (axis <= previous || axis >= rank)
      return emitOpError() << "expected 'axes' that are sorted, unique and in [0, " << rank << "), got "
                           << formatShape(getAxes());
    previous = axis;
  }
  if (failed(verify::sameFamily(*this, {input, result})))
    return failure();
  return verify::shape(*this, result, getReducedShape(input.getShape(), getAxes(), getKeepDims()));
}
