// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise operations.

#include "GraphLowering.h"

#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult GraphLowering::lowerBinary(Operation *op, BinaryKind kind, ArrayRef<NamedAttribute> attrs) {
  BufferType result = getResultType(op->getResult(0));
  auto operand = [&](Value value) {
    Value buffer = lookup(value);
    auto type = cast<BufferType>(buffer.getType());
    if (type.getRank() == result.getRank())
      return buffer;
    // Leading extents of 1, as numpy adds them.
    SmallVector<Extent> shape(result.getRank() - type.getRank(), 1);
    shape.append(type.getShape().begin(), type.getShape().end());
    return view(op->getLoc(), lookupPlain(value), shape);
  };
  OperationState state(op->getLoc(), BinaryOp::getOperationName());
  state.addOperands({operand(op->getOperand(0)), operand(op->getOperand(1))});
  state.addTypes(result);
  state.addAttributes(attrs);
  state.addAttribute("kind", BinaryKindAttr::get(builder.getContext(), kind));
  define(op->getResult(0), builder.create(state)->getResult(0));
  return success();
}

// The attributes of an operation on bytes.
template <typename Op>
static SmallVector<NamedAttribute> getAttributes(Builder &builder, Op op, ArrayRef<float> scales) {
  SmallVector<int32_t> zeroPoints = {int32_t(op.getLhsZeroPoint()), int32_t(op.getRhsZeroPoint()),
                                     int32_t(op.getOutputZeroPoint())};
  SmallVector<NamedAttribute> attrs = {builder.getNamedAttr("scales", builder.getDenseF32ArrayAttr(scales)),
                                       builder.getNamedAttr("zero_points", builder.getDenseI32ArrayAttr(zeroPoints)),
                                       builder.getNamedAttr("clamp", op.getClampAttr())};
  if (op.getRequant() == RequantMode::Fixed)
    attrs.push_back(builder.getNamedAttr("fixed", builder.getUnitAttr()));
  return attrs;
}

LogicalResult GraphLowering::lower(IntAddOp op) {
  float lhs = op.getLhsScale().convertToFloat(), rhs = op.getRhsScale().convertToFloat();
  assert((op.getRequant() != RequantMode::Fixed || numerics::toFixedAddition(lhs, rhs)) && "C3 of nibble.int_add");
  return lowerBinary(op, BinaryKind::Add, getAttributes(builder, op, {lhs, rhs}));
}

LogicalResult GraphLowering::lower(IntMulOp op) {
  float scale = op.getScale().convertToFloat();
  if (failed(checkFixed(op, op.getRequant() == RequantMode::Fixed, scale)))
    return failure();
  return lowerBinary(op, BinaryKind::Mul, getAttributes(builder, op, scale));
}

LogicalResult GraphLowering::lowerUnary(Operation *op) {
  StringRef name = op->getName().stripDialect();
  BufferType result = getResultType(op->getResult(0));
  assert(kernels::lookupFloatFunction(name) && result.getElementType().isF32() && "every function has a float kernel");
  SmallVector<float> parameters;
  for (StringRef attr : {"alpha", "beta", "min", "max"})
    if (auto value = op->getAttrOfType<FloatAttr>(attr))
      parameters.push_back(value.getValue().convertToFloat());
  define(op->getResult(0), UnaryOp::create(builder, op->getLoc(), result, lookup(op->getOperand(0)), name, parameters));
  return success();
}
