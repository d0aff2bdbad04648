// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of values and of data movement.

#include "Verify.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble::ukernel;
using nibble::Extent;

LogicalResult ConstantOp::verify() {
  auto value = cast<ShapedType>(getValue().getType());
  int64_t bytes = value.getNumElements() * nibble::getElementBytes(value.getElementType()).value_or(0);
  if (!getType().isPlain() || getType().getBytes() != bytes)
    return emitOpError("expected a plain buffer of ") << bytes << " bytes, got " << getType();
  if (StringRef missing = nibble::getMissingResource(getValue()); !missing.empty())
    return emitOpError("expected the bytes of '") << missing << "', got none: weights were left out in printing";
  return success();
}

/// Elements before and behind the dimension that has the capacity.
static std::pair<Extent, Extent> countAround(BufferType type) {
  ArrayRef<Extent> shape = type.getShape();
  return {nibble::product(shape.take_front(type.getAxis())), nibble::product(shape.drop_front(type.getAxis() + 1))};
}

static bool haveSameGaps(BufferType a, BufferType b) {
  if (!a.hasCapacity() || !b.hasCapacity() || a.getCapacity() != b.getCapacity())
    return false;
  const auto [before, behind] = countAround(a);
  const auto [otherBefore, otherBehind] = countAround(b);
  return areCompatible({before, behind, a.getDim(a.getAxis())}, {otherBefore, otherBehind, b.getDim(b.getAxis())});
}

LogicalResult ViewOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  if ((!input.isPlain() || !result.isPlain()) && !haveSameGaps(input, result))
    return emitOpError("expected plain buffers, or such with one capacity, got ") << input << " and " << result;
  if (!areCompatible(input.getNumElements(), result.getNumElements()))
    return emitOpError("expected as many elements in input and result, got ")
           << input.getNumElements().str() << " and " << result.getNumElements().str();
  return verifySameElements(*this, input, result);
}

LogicalResult TransposeOp::verify() {
  if (failed(verifySameElements(*this, getInput().getType(), getType())))
    return failure();
  return verifyPermuted(*this, getInput().getType(), getType(), getPermutation());
}

LogicalResult SliceOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  size_t rank = input.getRank();
  if (failed(verifySameElements(*this, input, result)) ||
      failed(verifyCount(*this, "starts", rank, getStarts().size())) ||
      failed(verifyCount(*this, "steps", rank, getSteps().size())))
    return failure();
  if (result.getRank() != input.getRank())
    return emitOpError("expected input and result of one rank, got ") << input << " and " << result;
  for (unsigned i = 0; i < rank; ++i) {
    if (!result.getDim(i).isStatic() || !input.getDim(i).isStatic())
      continue;
    const int64_t extent = input.getDim(i).getStatic(), first = getStarts()[i],
                  last = first + (result.getDim(i).getStatic() - 1) * getSteps()[i];
    if (std::min(first, last) < 0 || std::max(first, last) >= extent)
      return emitOpError("expected indices in [0, ")
             << extent << ") of dimension " << i << ", got [" << first << ", " << last << "]";
  }
  return success();
}

LogicalResult PadOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  if (failed(verifySameElements(*this, input, result)) ||
      failed(verifyCount(*this, "low", input.getRank(), getLow().size())))
    return failure();
  if (result.getRank() != input.getRank())
    return emitOpError("expected input and result of one rank, got ") << input << " and " << result;
  return success();
}

LogicalResult GatherOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  if (input.getRank() != result.getRank())
    return emitOpError("expected input and result of one rank, got ") << input << " and " << result;
  Extent count = 0;
  for (int64_t axis : getAxes()) {
    if (axis < 0 || axis >= result.getRank())
      return emitOpError("expected axes in [0, ") << result.getRank() << "), got " << axis;
    count += result.getDim(axis);
  }
  for (int64_t i = 0; i < result.getRank(); ++i)
    if (!llvm::is_contained(getAxes(), i) && !areCompatible(input.getDim(i), result.getDim(i)))
      return emitOpError("expected extent ")
             << input.getDim(i).str() << " of dimension " << i << ", got " << result.getDim(i).str();
  if (getIndices().getType().getNumElements() != count || !getIndices().getType().getElementType().isInteger(32))
    return emitOpError("expected ") << count.str() << " indices of type i32, got " << getIndices().getType();
  return verifySameElements(*this, input, result);
}

static RankedTensorType getTensor(BufferType type) {
  return RankedTensorType::get(nibble::toTypeShape(type.getShape()), type.getElementType());
}

LogicalResult GenerateOp::verifyRegions() {
  SmallVector<Type> expected(getType().getRank(), IndexType::get(getContext()));
  for (Value input : getInputs())
    expected.push_back(getTensor(cast<BufferType>(input.getType())));
  if (getBody().getArgumentTypes() == ArrayRef<Type>(expected))
    return verifyScalarProgram(*this, getBody(), getTensor(getType()));
  auto error = emitOpError("expected a body with the arguments (");
  llvm::interleaveComma(expected, error);
  error << "), got (";
  llvm::interleaveComma(getBody().getArgumentTypes(), error);
  return error << ")";
}

LogicalResult GatherRowsOp::verify() {
  BufferType table = getTable().getType(), indices = getIndices().getType(), result = getType();
  for (BufferType type : {table, indices, result})
    if (failed(verifyPlain(*this, type)))
      return failure();
  SmallVector<Extent> shape(indices.getShape());
  llvm::append_range(shape, table.getShape().drop_front());
  if (!areCompatible(result.getShape(), shape))
    return emitOpError("expected the indices' extents and a row's, got ") << result;
  if (!getScale())
    return verifySameElements(*this, table, result);
  BufferType scale = getScale().getType();
  if (table.getElementType().isSignlessInteger(8) && isFloat(result) && isFloat(scale) && scale.isPlain() &&
      scale.getShape() == table.getShape().take_front())
    return success();
  return emitOpError("expected rows of i8, an f32 scale for each, and f32 out, got ")
         << table << ", " << scale << " and " << result;
}

/// Operands that lie one after another along `axis` of the result.
static LogicalResult verifyJoined(Operation *op, BufferType result, int64_t axis) {
  Extent sum = 0;
  if (axis < 0 || axis >= result.getRank())
    return op->emitOpError("expected an axis in [0, ") << result.getRank() << "), got " << axis;
  for (Type type : op->getOperandTypes()) {
    auto input = cast<BufferType>(type);
    if (failed(verifySameElements(op, input, result)))
      return failure();
    for (int64_t i = 0; i < result.getRank(); ++i)
      if (input.getRank() != result.getRank() || (i != axis && !areCompatible(input.getDim(i), result.getDim(i))))
        return op->emitOpError("expected inputs that agree with the result but along the axis, got ")
               << input << " and " << result;
    sum += input.getDim(axis);
  }
  if (!areCompatible(sum, result.getDim(axis)))
    return op->emitOpError("expected extents that add up to ") << result.getDim(axis).str() << ", got " << sum.str();
  return success();
}

LogicalResult ConcatOp::verify() { return verifyJoined(*this, getType(), getAxis()); }

LogicalResult AppendOp::verify() {
  BufferType past = getPast().getType(), result = getType();
  const int64_t axis = getAxis();
  if (past.getAxis() != axis || result.getAxis() != axis || past.getCapacity() != result.getCapacity())
    return emitOpError("expected one capacity along dimension ") << axis << ", got " << past << " and " << result;
  return verifyJoined(*this, result, axis);
}
