// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of nibble.generate and of the scalar programs in it.

#include "Verify.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace nibble;

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/GenerateOps.cpp.inc"

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

static bool isScalar(Type type) { return type.isIndex() || (isMemoryElement(type) && type == getSignless(type)); }

static LogicalResult verifyScalars(Operation *op, TypeRange types) {
  for (Type type : types)
    if (!isScalar(type))
      return op->emitOpError() << "expected scalars in the body of nibble.generate, got " << type;
  return success();
}

/// Floats of other types than f32 and f64 are only converted and moved, and only products of f32 are fused.
static LogicalResult verifyFloats(Operation *op) {
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (isa<FloatType>(type) && !acceptsFloat(op, type))
      return op->emitOpError() << "expected arithmetic of f32 or f64, got " << type;
  return success();
}

static LogicalResult verifyLoop(scf::ForOp loop) {
  APInt step;
  if (!loop.getInductionVar().getType().isIndex() || !matchPattern(loop.getStep(), m_ConstantInt(&step)) ||
      !step.isStrictlyPositive() || loop.getUnsignedCmp())
    return loop.emitOpError("expected a loop over indices by a constant positive step in the body of nibble.generate");
  return success();
}

static LogicalResult verifyProgram(Region &body) {
  WalkResult result = body.walk([](Operation *op) -> WalkResult {
    if (!isScalarOperation(op))
      return op->emitOpError("expected operations on scalars in the body of nibble.generate, got another one");
    // A read has its tensor as operand.
    TypeRange operands = isa<ReadOp, ExtentOp>(op) ? TypeRange() : TypeRange(op->getOperandTypes());
    if (failed(verifyScalars(op, operands)) || failed(verifyScalars(op, op->getResultTypes())) ||
        failed(verifyFloats(op)))
      return failure();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return verifyLoop(loop);
    return success();
  });
  return failure(result.wasInterrupted());
}

LogicalResult nibble::verifyScalarProgram(Operation *op, Region &body, RankedTensorType result) {
  auto yield = dyn_cast<YieldOp>(body.front().getTerminator());
  Type expected = getSignless(result.getElementType());
  if (!yield || yield.getValue().getType() != expected)
    return op->emitOpError() << "expected a body that yields " << expected;
  return verifyProgram(body);
}

//===----------------------------------------------------------------------===//
// nibble.generate
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(GenerateOp op) {
  SmallVector<Type> expected(op.getType().getRank(), IndexType::get(op.getContext()));
  llvm::append_range(expected, op.getInputs().getTypes());
  if (op.getBody().getArgumentTypes() == ArrayRef<Type>(expected))
    return success();
  auto error = op.emitOpError() << "expected a body with " << op.getType().getRank()
                                << " indices and the inputs as arguments, got (";
  llvm::interleaveComma(op.getBody().getArgumentTypes(), error);
  return error << ")";
}

static LogicalResult verifyElements(GenerateOp op) {
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (Type element = getElementTypeOrSelf(type); !isMemoryElement(element))
      return op.emitOpError() << "expected integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats as elements, got "
                              << element;
  return success();
}

static LogicalResult verifyExtents(GenerateOp op) {
  const bool needed = !op.getType().hasStaticShape();
  if (needed != bool(op.getExtentsAttr()))
    return op.emitOpError() << "expected 'extents' " << (needed ? "for" : "only for")
                            << " a result with dynamic extents, got " << op.getType();
  return verify::extents(op, op.getExtentsAttr(), {"result", op.getResult()});
}

LogicalResult GenerateOp::verifyRegions() {
  if (failed(verifyArguments(*this)) || failed(verifyElements(*this)) || failed(verifyExtents(*this)))
    return failure();
  return verifyScalarProgram(*this, getBody(), getType());
}

//===----------------------------------------------------------------------===//
// Operations of programs
//===----------------------------------------------------------------------===//

/// Of an operation that reads a tensor.
static LogicalResult verifyInput(Operation *op, Value tensor) {
  auto argument = dyn_cast<BlockArgument>(tensor);
  Operation *owner = argument ? argument.getOwner()->getParentOp() : nullptr;
  if (owner && owner->getName().stripDialect() == GenerateOp::getOperationName().drop_front(strlen("nibble.")))
    return success();
  return op->emitOpError("expected a tensor that is an argument of the nibble.generate round it");
}

LogicalResult ReadOp::verify() {
  RankedTensorType tensor = getTensor().getType();
  if (int64_t(getIndices().size()) != tensor.getRank())
    return emitOpError() << "expected " << tensor.getRank() << " indices, got " << getIndices().size();
  if (Type expected = getSignless(tensor.getElementType()); getType() != expected)
    return emitOpError() << "expected a result of type " << expected << ", got " << getType();
  return verifyInput(*this, getTensor());
}

LogicalResult ExtentOp::verify() {
  const int64_t rank = getTensor().getType().getRank();
  if (int64_t(getDimension()) < 0 || int64_t(getDimension()) >= rank)
    return emitOpError() << "expected a dimension in [0, " << rank << "), got " << int64_t(getDimension());
  return verifyInput(*this, getTensor());
}

OpFoldResult ExtentOp::fold(FoldAdaptor) {
  const int64_t extent = getTensor().getType().getDimSize(getDimension());
  return ShapedType::isDynamic(extent) ? OpFoldResult() : Builder(getContext()).getIndexAttr(extent);
}

LogicalResult ExtentValueOp::verify() {
  if (getExtents().getValue().size() != 1)
    return emitOpError() << "expected one extent, got " << getExtents().getValue().size();
  return success();
}

OpFoldResult ExtentValueOp::fold(FoldAdaptor) {
  Extent extent = getExtent();
  return extent.isStatic() ? Builder(getContext()).getIndexAttr(extent.getStatic()) : OpFoldResult();
}

LogicalResult ApplyOp::verify() {
  const ScalarFunction *function = lookupScalarFunction(getFunction());
  if (!function)
    return emitOpError() << "expected the name of a function, got '" << getFunction() << "'";
  if (getOperands().size() != function->variables)
    return emitOpError() << "expected " << function->variables << " operands, got " << getOperands().size();
  return success();
}
