// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of operations element by element.

#include "Verify.h"

using namespace mlir;
using namespace nibble::ukernel;

LogicalResult BinaryOp::verify() {
  BufferType result = getType();
  for (BufferType type : {getLhs().getType(), getRhs().getType()}) {
    if (type.getRank() != result.getRank())
      return emitOpError("expected operands of the result's rank, got ") << type << " and " << result;
    for (int64_t i = 0; i < result.getRank(); ++i)
      if (!areCompatible(type.getDim(i), result.getDim(i)) && type.getDim(i) != 1)
        return emitOpError("expected operands that broadcast to the result, got ") << type << " and " << result;
    if (failed(verifyKind(*this, type, result)))
      return failure();
  }
  if (isFloat(result))
    return success();
  bool add = getKind() == BinaryKind::Add;
  if (!add && getKind() != BinaryKind::Mul)
    return emitOpError("expected integers to be added or multiplied, got ") << stringifyBinaryKind(getKind());
  if (failed(verifyCount(*this, "scales", add ? 2 : 1, getScales().size())) ||
      failed(verifyCount(*this, "zero_points", 3, getZeroPoints().size())))
    return failure();
  return verifyCount(*this, "clamp", 2, getClamp().size());
}

LogicalResult UnaryOp::verify() {
  if (failed(verifySameShape(*this, getInput().getType(), getType())))
    return failure();
  const bool converts = getFunction() == "int_to_float" && getInput().getType().getElementType().isInteger(32);
  if (!(converts && isFloat(getType())) && failed(verifyFloats(*this, getInput().getType(), getType())))
    return failure();
  std::optional<nibble::kernels::UnaryKind> kind = nibble::kernels::lookupFloatFunction(getFunction());
  if (!kind)
    return emitOpError("unknown function '") << getFunction() << "'";
  return verifyCount(*this, "parameters", nibble::kernels::parameterCount(*kind), getParameters().size());
}

LogicalResult LookupOp::verify() {
  BufferType table = getTable().getType();
  if (table.getShape() != ArrayRef(nibble::Extent(256)) || table.getElementType() != getType().getElementType())
    return emitOpError("expected a table of 256 elements of the result's type, got ") << table << " and " << getType();
  if (failed(verifySameShape(*this, getInput().getType(), getType())))
    return failure();
  return verifyBytes(*this, getInput().getType(), getType());
}

LogicalResult QuantizeOp::verify() {
  if (!isFloat(getInput().getType()) || !isStored(getType()))
    return emitOpError("expected f32 in and bytes or i16 out, got ") << getInput().getType() << " and " << getType();
  if (failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  return verifyPermuted(*this, getInput().getType(), getType(), getPermutation());
}

LogicalResult DequantizeOp::verify() {
  if (!isStored(getInput().getType()) || !isFloat(getType()))
    return emitOpError("expected bytes or i16 in and f32 out, got ") << getInput().getType() << " and " << getType();
  return verifyPermuted(*this, getInput().getType(), getType(), getPermutation());
}

LogicalResult RequantizeOp::verify() {
  if (failed(verifySameShape(*this, getInput().getType(), getType())) ||
      failed(verifyCount(*this, "zero_points", 2, getZeroPoints().size())) ||
      failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  if (isStored(getInput().getType()) && isStored(getType()))
    return success();
  return emitOpError("expected bytes or i16 in and out, got ") << getInput().getType() << " and " << getType();
}
