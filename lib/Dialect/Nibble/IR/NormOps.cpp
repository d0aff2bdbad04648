// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the normalizations of rows.

#include "Verify.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using verify::Named;

/// Input and result are alike, and the axis is one of theirs.
template <typename OpTy>
static LogicalResult verifyRows(OpTy op, Named input, Named result) {
  if (failed(verify::axis(op, op.getAxis(), input)) || failed(verify::shape(op, result, input.getShape())) ||
      failed(verify::sameFamily(op, {input, result})))
    return failure();
  return verify::perTensor(op, {input, result});
}

/// f32 beside quantized values, else of the input's type.
static LogicalResult verifyFloat(Operation *op, Named parameter, Named input) {
  if (isQuantized(input.getElementType()) && parameter.getElementType().isF32())
    return success();
  return verify::sameFamily(op, {input, parameter});
}

/// One float for each element of a row.
static LogicalResult verifyRowParameter(NormOp op, Named parameter, Named input) {
  if (failed(verify::shape(op, parameter, input.getShape().drop_front(op.getAxis()))))
    return failure();
  return verifyFloat(op, parameter, input);
}

LogicalResult NormOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  if (failed(verifyRows(*this, input, result)))
    return failure();
  if (getScale() && failed(verifyRowParameter(*this, {"scale", getScale()}, input)))
    return failure();
  if (getBias() && failed(verifyRowParameter(*this, {"bias", getBias()}, input)))
    return failure();
  const APFloat epsilon = getEpsilon();
  if (epsilon.isFinite() && (epsilon.isZero() || !epsilon.isNegative()))
    return success();
  return emitOpError() << "expected 'epsilon' that is finite and not negative, got " << epsilon.convertToFloat();
}

static LogicalResult verifyMask(SoftmaxOp op, Named mask, Named input) {
  ArrayRef<int64_t> shape = input.getShape(), own = mask.getShape();
  bool broadcasts = own.size() <= shape.size();
  for (size_t i = 1; broadcasts && i <= own.size(); ++i) {
    const int64_t extent = own[own.size() - i], full = shape[shape.size() - i];
    broadcasts = extent == 1 || extent == full || ShapedType::isDynamic(extent) || ShapedType::isDynamic(full);
  }
  if (!broadcasts)
    return op.emitOpError() << "expected a mask that broadcasts to " << formatShape(shape) << ", got "
                            << formatShape(own);
  return verifyFloat(op, mask, input);
}

static LogicalResult verifySoftmaxScale(SoftmaxOp op, float scale, StringRef name) {
  if (std::isnormal(scale) && scale > 0)
    return success();
  return op.emitOpError() << "expected " << name << " to be positive, normal and finite, got " << scale;
}

LogicalResult SoftmaxOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  const float scale = getScale().convertToFloat();
  if (failed(verifyRows(*this, input, result)) || failed(verifySoftmaxScale(*this, scale, "'scale'")))
    return failure();
  if (getMask() && failed(verifyMask(*this, {"mask", getMask()}, input)))
    return failure();
  if (!isByteSoftmax())
    return success();
  const float scaled = QuantParams::get(getInput().getType())->getScale() * scale;
  if (failed(verifySoftmaxScale(*this, scaled, "the scaled input's scale")))
    return failure();
  return verify::byteSoftmax(*this, getAxis(), "folded multiplier", 1.0f / QuantParams::get(getType())->getScale(),
                             input);
}

bool SoftmaxOp::isByteSoftmax() {
  return !getMask() && llvm::all_of(std::initializer_list<Type>{getInput().getType(), getType()}, [](Type type) {
    auto quantized = dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(type));
    return quantized && quantized.getStorageTypeIntegralWidth() == 8;
  });
}
