// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of data movement; reshape's and transpose's folders are in ShapeFolds.cpp.

#include "Verify.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/Numerics.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

/// C1 of most operations: the same element type, and if quantized a sound one.
static LogicalResult verifyElementTypes(Operation *op, Named input, Named result) {
  if (failed(verify::sameElementType(op, input, result)))
    return failure();
  if (!isQuantized(input.getElementType()))
    return success();
  if (failed(verify::quantizedType(op, "input", input.getType())))
    return failure();
  return verify::quantizedType(op, "result", result.getType());
}

LogicalResult ReshapeOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  if (failed(verify::sameElementType(*this, input, result)) || failed(verify::perTensor(*this, {input})))
    return failure();
  if (isQuantized(input.getElementType()) && failed(verify::quantizedType(*this, "input", input.getType())))
    return failure();
  int64_t unknown = llvm::count_if(result.getShape(), ShapedType::isDynamic);
  if (unknown > 1 && !getExtentsAttr())
    return emitOpError() << "expected at most one dynamic extent in the result, or 'extents', got " << unknown;
  if (failed(verify::extents(*this, getExtentsAttr(), result)))
    return failure();
  for (const Named &value : {input, result})
    if (value.getType().hasStaticShape() && !getElementCount(value.getShape()))
      return emitOpError() << "expected " << value.name << " to have a number of elements that fits 64 bits, got "
                           << formatShape(value.getShape());
  auto from = getElementCount(input.getShape()), to = getElementCount(result.getShape());
  if (from && to && *from != *to)
    return emitOpError() << "expected a result of " << *from << " elements, got " << *to;
  return success();
}

LogicalResult TransposeOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  int64_t rank = input.getType().getRank();
  ArrayRef<int64_t> permutation = getPermutation();
  if (!isPermutation(permutation, rank))
    return emitOpError() << "expected 'permutation' to be one of [0, " << rank << "), got " << formatShape(permutation);
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(input.getShape()[dim]);
  if (failed(verify::shape(*this, result, shape)))
    return failure();
  auto from = dyn_cast<quant::UniformQuantizedPerAxisType>(input.getElementType());
  if (!from)
    return verifyElementTypes(*this, input, result);
  if (failed(verify::quantizedType(*this, "input", input.getType())))
    return failure();
  int64_t axis = llvm::find(permutation, int64_t(from.getQuantizedDimension())) - permutation.begin();
  auto expected = quant::UniformQuantizedPerAxisType::get(
      from.getFlags(), from.getStorageType(), from.getExpressedType(), from.getScales(), from.getZeroPoints(),
      int32_t(axis), from.getStorageTypeMin(), from.getStorageTypeMax());
  if (result.getElementType() == expected)
    return success();
  return emitOpError() << "expected the result's element type to be " << expected << ", got "
                       << result.getElementType();
}

/// Element types of a concatenation, and that every multiplier has the mode's form.
static LogicalResult verifyConcatTypes(ConcatOp op, Named result) {
  auto y = QuantParams::get(result.getType());
  for (Value value : op.getInputs()) {
    Named input{"every input", value};
    if (!y || !isQuantized(input.getElementType())) {
      if (failed(verify::sameElementType(op, {"the inputs", value}, result)))
        return failure();
      continue;
    }
    if (failed(verify::quantizedType(op, "input", input.getType())) || failed(verify::perTensor(op, {input})))
      return failure();
    float scale = QuantParams::get(input.getType())->getScale() / y->getScale();
    if (failed(verify::multiplier(op, "folded multiplier", scale, op.getRequant())))
      return failure();
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  Named result{"result", getResult()};
  if (getInputs().empty())
    return emitOpError() << "expected at least one input, got none";
  int64_t rank = result.getType().getRank(), axis = getAxis();
  if (axis < 0 || axis >= rank)
    return emitOpError() << "expected 'axis' in [0, " << rank << "), got " << axis;
  if (isQuantized(result.getElementType()) &&
      (failed(verify::quantizedType(*this, "result", result.getType())) || failed(verify::perTensor(*this, {result}))))
    return failure();
  if (failed(verifyConcatTypes(*this, result)))
    return failure();
  std::optional<int64_t> sum = 0;
  SmallVector<int64_t> shape(result.getShape());
  for (Value value : getInputs()) {
    Named input{"every input", value};
    if (failed(verify::rank(*this, input, rank)))
      return failure();
    int64_t extent = input.getShape()[axis];
    shape[axis] = extent;
    if (failed(verify::shape(*this, input, shape)))
      return failure();
    if (sum && !ShapedType::isDynamic(*sum))
      sum = ShapedType::isDynamic(extent) ? extent : llvm::checkedAdd(*sum, extent);
  }
  if (!sum)
    return emitOpError() << "expected extents whose sum fits 64 bits along dimension " << axis;
  shape[axis] = *sum;
  return verify::shape(*this, result, shape);
}

LogicalResult SliceOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  size_t rank = input.getType().getRank();
  if (failed(verifyElementTypes(*this, input, result)) ||
      failed(verify::length(*this, "starts", getStarts().size(), rank)) ||
      failed(verify::length(*this, "steps", getSteps().size(), rank)) || failed(verify::rank(*this, result, rank)) ||
      failed(verify::extents(*this, getExtentsAttr(), result)))
    return failure();
  for (size_t d = 0; d < rank; ++d) {
    int64_t start = getStarts()[d], step = getSteps()[d];
    int64_t from = input.getShape()[d], to = result.getShape()[d];
    if (step == 0)
      return emitOpError() << "expected steps other than 0, got 0 in dimension " << d;
    if (start < 0)
      return emitOpError() << "expected starts of at least 0, got " << start << " in dimension " << d;
    if (ShapedType::isDynamic(from) || ShapedType::isDynamic(to) || to == 0)
      continue;
    auto last = llvm::checkedMulAdd(to - 1, step, start);
    if (!last || start >= from || *last < 0 || *last >= from)
      return emitOpError() << "expected a slice inside [0, " << from << ") in dimension " << d << ", got " << to
                           << " elements from " << start << " by " << step;
  }
  return success();
}

LogicalResult PadOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  size_t rank = input.getType().getRank();
  if (failed(verifyElementTypes(*this, input, result)) || failed(verify::length(*this, "low", getLow().size(), rank)) ||
      failed(verify::length(*this, "high", getHigh().size(), rank)) || failed(verify::perTensor(*this, {input})))
    return failure();
  SmallVector<int64_t> shape;
  for (size_t d = 0; d < rank; ++d) {
    int64_t extent = input.getShape()[d];
    if (ShapedType::isDynamic(extent)) {
      shape.push_back(extent);
      continue;
    }
    auto sum = llvm::checkedAdd(getLow()[d], getHigh()[d]);
    auto padded = sum ? llvm::checkedAdd(*sum, extent) : std::nullopt;
    if (!padded || *padded < 0)
      return emitOpError() << "expected pads that leave an extent of 0 or more in dimension " << d << ", got " << extent
                           << " + " << getLow()[d] << " + " << getHigh()[d];
    int64_t most = std::max(getLow()[d], getHigh()[d]);
    if (getMode() == PadMode::Reflect && most >= extent && most > 0)
      return emitOpError() << "expected a reflection of less than the extent " << extent << " in dimension " << d
                           << ", got " << most;
    if (getMode() == PadMode::Edge && extent == 0 && most > 0)
      return emitOpError() << "expected an edge to repeat in dimension " << d << ", got extent 0";
    shape.push_back(*padded);
  }
  return verify::shape(*this, result, shape);
}

LogicalResult ResizeNearestOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  int64_t rank = input.getType().getRank(), previous = -1;
  if (failed(verifyElementTypes(*this, input, result)) || failed(verify::perTensor(*this, {input})) ||
      failed(verify::rank(*this, result, rank)))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  ArrayRef<int64_t> rest = getIndices();
  for (int64_t axis : getAxes()) {
    if (axis <= previous || axis >= rank)
      return emitOpError() << "expected 'axes' that are sorted, unique and in [0, " << rank << "), got "
                           << formatShape(getAxes());
    previous = axis;
    int64_t from = input.getShape()[axis], to = result.getShape()[axis];
    if (ShapedType::isDynamic(to))
      return emitOpError() << "expected a static extent of the resized dimension " << axis << ", got ?";
    if (int64_t(rest.size()) < to)
      return emitOpError() << "expected a table of " << to << " indices for dimension " << axis << ", got "
                           << rest.size();
    for (int64_t index : rest.take_front(to))
      if (index < 0 || (!ShapedType::isDynamic(from) && index >= from))
        return emitOpError() << "expected indices inside the extent " << formatShape(from) << " of dimension " << axis
                             << ", got " << index;
    rest = rest.drop_front(to);
    shape[axis] = to;
  }
  if (!rest.empty())
    return emitOpError() << "expected one table a resized dimension, got " << rest.size() << " more indices";
  return verify::shape(*this, result, shape);
}
