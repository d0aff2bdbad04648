// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of operations on rows: run-time scales, softmax, reductions.

#include "Verify.h"

using namespace mlir;
using namespace nibble::ukernel;

/// The scales of `input`'s rows: plain f32 of its leading extents.
static LogicalResult verifyRowScales(Operation *op, BufferType input, BufferType scale) {
  const int64_t rows = scale.getRank();
  if (rows >= 1 && rows < input.getRank() && isFloat(input) && isFloat(scale) && scale.isPlain() &&
      areCompatible(scale.getShape(), input.getShape().take_front(rows)))
    return success();
  return op->emitOpError("expected f32 rows, and plain f32 scales of their leading extents, got ")
         << input << " and " << scale;
}

LogicalResult RowScaleOp::verify() {
  if (getLevels() != 127 && getLevels() != 255)
    return emitOpError("expected 127 or 255 levels, got ") << int32_t(getLevels());
  if (getRowDims() == 0)
    return failed(verifyPlain(*this, getInput().getType())) ? failure() : verifyEncoding(*this, getType());
  if (int64_t(getRowDims()) != getType().getRank())
    return emitOpError("expected a result of rank ") << int64_t(getRowDims()) << ", got " << getType();
  return verifyRowScales(*this, getInput().getType(), getType());
}

LogicalResult RowQuantizeOp::verify() {
  if (getAffine()) {
    if (failed(verifyPlain(*this, getInput().getType())) || failed(verifyPlain(*this, getType())) ||
        failed(verifyEncoding(*this, getScale().getType())))
      return failure();
  } else if (failed(verifyRowScales(*this, getInput().getType(), getScale().getType()))) {
    return failure();
  }
  if (failed(verifySameShape(*this, getInput().getType(), getType())))
    return failure();
  if (getCentered()) {
    if (getAffine() || !getType().getElementType().isUnsignedInteger(8))
      return emitOpError("expected a centered result of ui8 without an encoding, got ") << getType();
    return verifyPlain(*this, getType());
  }
  return isByte(getType()) ? success() : LogicalResult(emitOpError("expected bytes out, got ") << getType());
}

static LogicalResult verifyAxis(Operation *op, int64_t axis, BufferType type) {
  if (axis >= 0 && axis < type.getRank())
    return success();
  return op->emitOpError("expected an axis in [0, ") << type.getRank() << "), got " << axis;
}

/// Of an operation between reals that may be stored values.
template <typename OpTy>
static LogicalResult verifyRealRows(OpTy op) {
  BufferType input = op.getInput().getType(), result = op.getType();
  if (failed(verifyAxis(op, op.getAxis(), result)) || failed(verifySameShape(op, input, result)))
    return failure();
  for (BufferType type : {input, result})
    if (!isFloat(type) && !isStored(type))
      return op.emitOpError("expected f32, bytes or i16, got ") << type;
  if (failed(verifyCount(op, "scales", 2, op.getScales().size())) ||
      failed(verifyCount(op, "zero_points", 2, op.getZeroPoints().size())))
    return failure();
  return verifyCount(op, "clamp", 2, op.getClamp().size());
}

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyRealRows(*this)))
    return failure();
  if (!getMask())
    return success();
  BufferType mask = getMask().getType();
  bool fits = isFloat(mask) && mask.isPlain() && mask.getRank() == getType().getRank();
  for (int64_t i = 0; fits && i < mask.getRank(); ++i)
    fits = mask.getDim(i) == 1 || areCompatible(mask.getDim(i), getType().getDim(i));
  return fits ? success()
              : LogicalResult(emitOpError("expected a plain f32 mask that broadcasts to ")
                              << getType() << ", got " << mask);
}

LogicalResult NormOp::verify() {
  if (failed(verifyRealRows(*this)))
    return failure();
  BufferType input = getInput().getType();
  if (int64_t(getAxis()) + 1 != input.getRank() &&
      (failed(verifyPlain(*this, input)) || failed(verifyPlain(*this, getType()))))
    return failure();
  for (TypedValue<BufferType> parameter : {getScale(), getBias()}) {
    if (!parameter)
      continue;
    BufferType type = parameter.getType();
    if (!isFloat(type) || !type.isPlain() || !areCompatible(type.getShape(), input.getShape().drop_front(getAxis())))
      return emitOpError("expected plain f32 of the elements of a row of ") << input << ", got " << type;
  }
  return success();
}

LogicalResult IntSoftmaxOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getType())) ||
      failed(verifySameShape(*this, getInput().getType(), getType())) ||
      failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  BufferType table = getTable().getType();
  if (!table.isPlain() || table.getNumElements() != 256 || !table.getElementType().isInteger(32))
    return emitOpError("expected a table of 256 integers of 32 bits, got ") << table;
  return verifyBytes(*this, getInput().getType(), getType());
}

LogicalResult ReduceOp::verify() {
  BufferType input = getInput().getType();
  if (input.getRank() != getType().getRank())
    return emitOpError("expected input and result of one rank, got ") << input << " and " << getType();
  for (int64_t i = 0; i < input.getRank(); ++i) {
    const nibble::Extent expected = llvm::is_contained(getAxes(), i) ? nibble::Extent(1) : input.getDim(i);
    if (!areCompatible(getType().getDim(i), expected))
      return emitOpError("expected extent ")
             << expected.str() << " of dimension " << i << ", got " << getType().getDim(i).str();
  }
  if (!nibble::kernels::lookupReductionKind(getKind()))
    return emitOpError("expected kind sum, mean, max, min or prod, got ") << getKind();
  return verifyFloats(*this, input, getType());
}
