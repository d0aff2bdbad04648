// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of nibble.loop and nibble.if.

#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/ShapeUtils.h"
#include "nibble/Support/TypeText.h"

using namespace mlir;
using namespace nibble;

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/ControlOps.cpp.inc"

/// The values that the bodies yield; null where one ends otherwise.
static RegionYieldOp getYield(Region &body) { return dyn_cast<RegionYieldOp>(body.front().getTerminator()); }

/// `type` without its dimension 0.
static RankedTensorType getElementType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType());
}

//===----------------------------------------------------------------------===//
// nibble.loop
//===----------------------------------------------------------------------===//

static LogicalResult verifyTripCount(LoopOp op) {
  ExtentsAttr extents = op.getExtentsAttr();
  if (extents && extents.getValue().size() != 1)
    return op.emitOpError() << "expected one extent in 'extents', got " << extents.getValue().size();
  if (extents && op.getCount())
    return op.emitOpError("expected 'extents' or a count, got both");
  if (!extents && !op.getCount() && !op.getConditional())
    return op.emitOpError("expected 'extents', a count or 'conditional', got none");
  if (!op.getConditional())
    return success();
  auto type = op.getInits().empty() ? RankedTensorType() : cast<RankedTensorType>(op.getInits().front().getType());
  if (type && type.getRank() == 0 && type.getElementType().isInteger(1))
    return success();
  return op.emitOpError("expected a tensor<i1> as the first carried value of a conditional loop, got ")
         << (type ? describe(Type(type)) : "none");
}

/// What is read and written element by element.
static LogicalResult verifySequences(LoopOp op) {
  SmallVector<Value> whole(op.getScanned());
  llvm::append_range(whole, op.getSequences());
  if (op.getReversed().size() != whole.size())
    return op.emitOpError() << "expected " << whole.size() << " entries in 'reversed', got " << op.getReversed().size();
  if (!whole.empty() && !op.isCounted())
    return op.emitOpError("expected 'extents', and no condition, of a loop with scanned values or sequences");
  for (Value value : whole) {
    auto type = cast<RankedTensorType>(value.getType());
    const int64_t known = op.getTripCount().getStaticOr(ShapedType::kDynamic);
    if (type.getRank() == 0 || !areCompatible({type.getDimSize(0)}, {known}))
      return op.emitOpError() << "expected scanned values and sequences of " << op.getTripCount().str()
                              << " elements, got " << type;
  }
  return success();
}

LogicalResult LoopOp::verifyRegions() {
  if (getNumResults() < getInits().size() ||
      TypeRange(getResults()).take_front(getInits().size()) != getInits().getTypes())
    return emitOpError() << "expected results that begin with the types of the carried values, got "
                         << describe(getResultTypes());
  if (failed(verifyTripCount(*this)) || failed(verifySequences(*this)))
    return failure();
  SmallVector<Type> arguments = {RankedTensorType::get({}, IntegerType::get(getContext(), 64))};
  llvm::append_range(arguments, getInits().getTypes());
  for (Value scanned : getScanned())
    arguments.push_back(::getElementType(scanned.getType()));
  if (getBody().getArgumentTypes() != ArrayRef<Type>(arguments))
    return emitOpError() << "expected a body with the arguments " << describe(arguments) << ", got "
                         << describe(getBody().getArgumentTypes());
  SmallVector<Type> yielded(getInits().getTypes());
  for (Value sequence : getSequences())
    yielded.push_back(::getElementType(sequence.getType()));
  RegionYieldOp yield = getYield(getBody());
  if (yield && yield.getValues().getTypes() == TypeRange(yielded))
    return success();
  return emitOpError() << "expected a body that yields " << describe(yielded);
}

//===----------------------------------------------------------------------===//
// nibble.if
//===----------------------------------------------------------------------===//

LogicalResult IfOp::verifyRegions() {
  for (Region *body : {&getThenBody(), &getElseBody()}) {
    if (body->getNumArguments() != 0)
      return emitOpError() << "expected bodies without arguments, got " << body->getNumArguments();
    RegionYieldOp yield = getYield(*body);
    if (!yield || yield.getValues().getTypes() != getResultTypes())
      return emitOpError() << "expected bodies that yield " << describe(getResultTypes());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Utilities
//===----------------------------------------------------------------------===//

bool nibble::isCounted(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent; parent = parent->getParentOp()) {
    auto loop = dyn_cast<LoopOp>(parent);
    if (isa<IfOp>(parent) || (loop && !loop.isCounted()))
      return false;
  }
  return true;
}

LoopOp nibble::addSequence(LoopOp loop, Value inner) {
  auto element = cast<RankedTensorType>(inner.getType());
  SmallVector<int64_t> shape = {loop.getTripCount().getStaticOr(ShapedType::kDynamic)};
  llvm::append_range(shape, element.getShape());
  SmallVector<Type> types(loop.getResultTypes());
  types.push_back(RankedTensorType::get(shape, element.getElementType()));
  SmallVector<bool> reversed(loop.getReversed());
  reversed.push_back(false);
  OpBuilder builder(loop);
  auto wider = LoopOp::create(builder, loop.getLoc(), types, loop.getInits(), loop.getScanned(), loop.getCount(),
                              loop.getExtentsAttr(), builder.getDenseBoolArrayAttr(reversed), loop.getConditional());
  wider.getBody().takeBody(loop.getBody());
  wider.getBody().front().getTerminator()->insertOperands(wider.getYielded().size(), inner);
  loop.replaceAllUsesWith(wider.getResults().drop_back());
  loop.erase();
  return wider;
}
