// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the ukernel dialect's operations.

#include "nibble/Dialect/UKernel/UKernel.h"
#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/Traits.h"

using namespace mlir;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static bool isByte(BufferType type) { return type.getElementType().isInteger(8); }
/// A byte or a 16-bit value.
static bool isStored(BufferType type) { return isByte(type) || type.getElementType().isInteger(16); }
static bool isFloat(BufferType type) { return type.getElementType().isF32(); }

static LogicalResult verifySameShape(Operation *op, BufferType input, BufferType result) {
  if (input.getShape() == result.getShape())
    return success();
  return op->emitOpError("expected input and result of one shape, got ") << input << " and " << result;
}

static LogicalResult verifySameElements(Operation *op, BufferType input, BufferType result) {
  if (input.getElementType() == result.getElementType())
    return success();
  return op->emitOpError("expected input and result of one element type, got ") << input << " and " << result;
}

static LogicalResult verifyImage(Operation *op, BufferType type, StringRef what) {
  if (type.getRank() == 4)
    return success();
  return op->emitOpError("expected ") << what << " of four dimensions, got " << type;
}

static LogicalResult verifySame(Operation *op, BufferType input, BufferType result) {
  return failed(verifySameShape(op, input, result)) ? failure() : verifySameElements(op, input, result);
}

static LogicalResult verifyFloats(Operation *op, BufferType input, BufferType result) {
  if (isFloat(input) && isFloat(result))
    return success();
  return op->emitOpError("expected f32 in and out, got ") << input << " and " << result;
}

static LogicalResult verifyBytes(Operation *op, BufferType input, BufferType result) {
  if (isByte(input) && isByte(result))
    return success();
  return op->emitOpError("expected bytes in and out, got ") << input << " and " << result;
}

static LogicalResult verifyKind(Operation *op, BufferType input, BufferType result) {
  if ((isFloat(input) && isFloat(result)) || (isStored(input) && isStored(result)))
    return success();
  return op->emitOpError("expected f32 or integers, one of them in and out, got ") << input << " and " << result;
}

static LogicalResult verifyPermuted(Operation *op, BufferType input, BufferType result, ArrayRef<int64_t> permutation) {
  if (permutation.empty())
    return verifySameShape(op, input, result);
  SmallVector<bool> seen(input.getRank(), false);
  bool valid = permutation.size() == seen.size() && result.getRank() == input.getRank();
  for (unsigned i = 0; valid && i < permutation.size(); ++i) {
    int64_t from = permutation[i];
    valid = from >= 0 && from < input.getRank() && !seen[from] && input.getDim(from) == result.getDim(i);
    if (valid)
      seen[from] = true;
  }
  if (valid)
    return success();
  return op->emitOpError("expected the result's shape to be the input's permuted, got ") << input << " and " << result;
}

static LogicalResult verifyCount(Operation *op, StringRef name, size_t expected, size_t actual) {
  if (expected == actual)
    return success();
  return op->emitOpError("expected ") << expected << " values in '" << name << "', got " << actual;
}

/// Input and result are images under a window of two extents, strides and, where the operation has them, dilations.
template <typename OpTy>
static LogicalResult verifyWindow(OpTy op) {
  if (failed(verifyImage(op, op.getInput().getType(), "an input")) ||
      failed(verifyImage(op, op.getType(), "a result")) ||
      failed(verifyCount(op, "kernel", 2, op.getKernel().size())) ||
      failed(verifyCount(op, "strides", 2, op.getStrides().size())))
    return failure();
  return verifyCount(op, "pads", 4, op.getPads().size());
}

template <typename OpTy>
static LogicalResult verifyDilatedWindow(OpTy op) {
  return failed(verifyWindow(op)) ? failure() : verifyCount(op, "dilations", 2, op.getDilations().size());
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::verify() {
  auto value = cast<ShapedType>(getValue().getType());
  int64_t bytes = value.getNumElements() * value.getElementTypeBitWidth() / 8;
  if (!getType().isPlain() || getType().getBytes() != bytes)
    return emitOpError("expected a plain buffer of ") << bytes << " bytes, got " << getType();
  if (StringRef missing = nibble::getMissingResource(getValue()); !missing.empty())
    return emitOpError("expected the bytes of '") << missing << "', got none: weights were left out in printing";
  return success();
}

LogicalResult ViewOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  if (!input.isPlain() || !result.isPlain())
    return emitOpError("expected plain buffers, got ") << input << " and " << result;
  if (input.getNumElements() != result.getNumElements())
    return emitOpError("expected as many elements in input and result, got ")
           << input.getNumElements() << " and " << result.getNumElements();
  return verifySameElements(*this, input, result);
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static LogicalResult verifyScaled(ConvOp op) {
  if (!isFloat(op.getType()) || op.getAddend())
    return op.emitOpError("expected a scaled result of f32 without an addend, got ") << op.getType();
  BufferType input = op.getInput().getType();
  if (isByte(input) != bool(op.getRows()))
    return op.emitOpError("expected 'rows' exactly where the input holds bytes, got ") << input;
  const int64_t pixels = op.getType().getDim(0) * op.getType().getDim(1) * op.getType().getDim(2);
  int64_t rows = op.getRows() ? op.getRows().getType().getNumElements() : 1;
  if (rows == 1 || rows == pixels)
    return success();
  return op.emitOpError("expected 1 scale or ") << pixels << " in 'rows', got " << rows;
}

static LogicalResult verifyEncoding(Operation *op, BufferType type);

static LogicalResult verifySums(ConvOp op) {
  BufferType input = op.getInput().getType();
  if (!isByte(input) || !op.getType().getElementType().isInteger(32) || op.getAddend() || op.getScaled())
    return op.emitOpError("expected bytes in and i32 out where there are sums, got ")
           << input << " and " << op.getType();
  return op.getRows() ? verifyEncoding(op, op.getRows().getType()) : success();
}

LogicalResult ConvOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  if (failed(verifyDilatedWindow(*this)) || failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  int64_t halo[] = {input.getTop(), input.getLeft(), input.getBottom(), input.getRight()};
  for (unsigned i = 0; i < 4; ++i)
    if (halo[i] < getPads()[i])
      return emitOpError("expected the input's halo to hold the padding, got ")
             << halo[i] << " for a padding of " << getPads()[i];
  size_t integers = getAddend() ? 4 : 0, scales = getAddend() ? 2 : 0;
  if (failed(verifyCount(*this, "residual_integers", integers, getResidualIntegers().size())) ||
      failed(verifyCount(*this, "residual_scales", scales, getResidualScales().size())) ||
      (getAddend() && failed(verifySame(*this, getAddend().getType(), result))))
    return failure();
  if (int64_t bits = getWeightBits(); bits != 8 && bits != 4 && bits != 2)
    return emitOpError("expected weights of 8, 4 or 2 bits, got ") << bits;
  if (getSums())
    return verifySums(*this);
  return getScaled() ? verifyScaled(*this) : success();
}

static LogicalResult verifyColumns(Operation *op, BufferType result, Value bias, Value multiplier) {
  if (isFloat(result) || (bias && multiplier))
    return success();
  return op->emitOpError("expected a bias and multipliers for an integer result, got ")
         << (bias ? "no multipliers" : "no bias");
}

LogicalResult ConvTransposeOp::verify() {
  if (failed(verifyDilatedWindow(*this)) || failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  return verifyColumns(*this, getType(), getBias(), getMultiplier());
}

LogicalResult MatMulOp::verify() {
  BufferType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getType();
  if (lhs.getRank() < 2 || rhs.getRank() < 2 || result.getRank() < 2)
    return emitOpError("expected at least two dimensions, got ") << lhs << ", " << rhs << " and " << result;
  if (lhs.getShape().back() != rhs.getDim(rhs.getRank() - 2))
    return emitOpError("expected equal contracted extents, got ")
           << lhs.getShape().back() << " and " << rhs.getDim(rhs.getRank() - 2);
  SmallVector<int64_t> shape;
  ArrayRef<int64_t> rows = lhs.getShape().drop_back(2), columns = rhs.getShape().drop_back(2);
  bool broadcast = OpTrait::util::getBroadcastedShape(rows, columns, shape);
  shape.append({lhs.getDim(lhs.getRank() - 2), rhs.getShape().back()});
  if (!broadcast || ArrayRef<int64_t>(shape) != result.getShape())
    return emitOpError("expected a result of the operands' rows, columns and leading dimensions, got ")
           << lhs << ", " << rhs << " and " << result;
  if (failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  const bool sums = result.getElementType().isInteger(32) && !getBias() && !getMultiplier();
  for (Value encoding : {getLhsEncoding(), getRhsEncoding()})
    if (encoding && (!sums || failed(verifyEncoding(*this, cast<BufferType>(encoding.getType())))))
      return sums ? failure() : LogicalResult(emitOpError("expected encodings of sums alone, got ") << result);
  return sums ? success() : verifyColumns(*this, result, getBias(), getMultiplier());
}

LogicalResult BinaryOp::verify() {
  BufferType result = getType();
  for (BufferType type : {getLhs().getType(), getRhs().getType()}) {
    if (type.getRank() != result.getRank())
      return emitOpError("expected operands of the result's rank, got ") << type << " and " << result;
    for (int64_t i = 0; i < result.getRank(); ++i)
      if (type.getDim(i) != result.getDim(i) && type.getDim(i) != 1)
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
  if (table.getShape() != ArrayRef<int64_t>(256) || table.getElementType() != getType().getElementType())
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

/// The scales of `input`'s rows: plain f32 of its leading extents.
static LogicalResult verifyRowScales(Operation *op, BufferType input, BufferType scale) {
  const int64_t rows = scale.getRank();
  if (rows >= 1 && rows < input.getRank() && isFloat(input) && isFloat(scale) && scale.isPlain() &&
      scale.getShape() == input.getShape().take_front(rows))
    return success();
  return op->emitOpError("expected f32 rows, and plain f32 scales of their leading extents, got ")
         << input << " and " << scale;
}

/// An encoding: plain, a scale and a zero point.
static LogicalResult verifyEncoding(Operation *op, BufferType type) {
  if (type.isPlain() && type.getNumElements() == 2 && isFloat(type))
    return success();
  return op->emitOpError("expected an encoding of two f32, got ") << type;
}

static LogicalResult verifyPlain(Operation *op, BufferType type) {
  if (type.isPlain())
    return success();
  return op->emitOpError("expected a plain buffer, got ") << type;
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
  return isByte(getType()) ? success() : LogicalResult(emitOpError("expected bytes out, got ") << getType());
}

LogicalResult MaxPoolOp::verify() {
  if (failed(verifyDilatedWindow(*this)))
    return failure();
  return verifySameElements(*this, getInput().getType(), getType());
}

LogicalResult AvgPoolOp::verify() {
  if (failed(verifyWindow(*this)) || failed(verifyCount(*this, "zero_points", 2, getZeroPoints().size())) ||
      failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  return verifyKind(*this, getInput().getType(), getType());
}

static LogicalResult verifyAxis(Operation *op, int64_t axis, BufferType type) {
  if (axis >= 0 && axis < type.getRank())
    return success();
  return op->emitOpError("expected an axis in [0, ") << type.getRank() << "), got " << axis;
}

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getType())) ||
      failed(verifySameShape(*this, getInput().getType(), getType())))
    return failure();
  return verifyFloats(*this, getInput().getType(), getType());
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
    int64_t expected = llvm::is_contained(getAxes(), i) ? 1 : input.getDim(i);
    if (getType().getDim(i) != expected)
      return emitOpError("expected extent ") << expected << " of dimension " << i << ", got " << getType().getDim(i);
  }
  if (!nibble::kernels::lookupReductionKind(getKind()))
    return emitOpError("expected kind sum, mean, max, min or prod, got ") << getKind();
  return verifyFloats(*this, input, getType());
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

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
    int64_t first = getStarts()[i], last = first + (result.getDim(i) - 1) * getSteps()[i];
    if (std::min(first, last) < 0 || std::max(first, last) >= input.getDim(i))
      return emitOpError("expected indices in [0, ")
             << input.getDim(i) << ") of dimension " << i << ", got [" << first << ", " << last << "]";
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
  int64_t count = 0;
  for (int64_t axis : getAxes()) {
    if (axis < 0 || axis >= result.getRank())
      return emitOpError("expected axes in [0, ") << result.getRank() << "), got " << axis;
    count += result.getDim(axis);
  }
  for (int64_t i = 0; i < result.getRank(); ++i)
    if (!llvm::is_contained(getAxes(), i) && input.getDim(i) != result.getDim(i))
      return emitOpError("expected extent ")
             << input.getDim(i) << " of dimension " << i << ", got " << result.getDim(i);
  if (getIndices().getType().getNumElements() != count || !getIndices().getType().getElementType().isInteger(32))
    return emitOpError("expected ") << count << " indices of type i32, got " << getIndices().getType();
  return verifySameElements(*this, input, result);
}

LogicalResult ConcatOp::verify() {
  BufferType result = getType();
  int64_t axis = getAxis(), sum = 0;
  if (axis < 0 || axis >= result.getRank())
    return emitOpError("expected an axis in [0, ") << result.getRank() << "), got " << axis;
  for (Value value : getInputs()) {
    auto input = cast<BufferType>(value.getType());
    if (failed(verifySameElements(*this, input, result)))
      return failure();
    for (int64_t i = 0; i < result.getRank(); ++i)
      if (input.getRank() != result.getRank() || (i != axis && input.getDim(i) != result.getDim(i)))
        return emitOpError("expected inputs that agree with the result but along the axis, got ")
               << input << " and " << result;
    sum += input.getDim(axis);
  }
  if (sum != result.getDim(axis))
    return emitOpError("expected extents that add up to ") << result.getDim(axis) << ", got " << sum;
  return success();
}
