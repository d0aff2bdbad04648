// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of ukernel.loop and ukernel.if.

#include "nibble/Dialect/UKernel/Control.h"

#include "Verify.h"

#include "nibble/Support/TypeText.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

#define GET_OP_CLASSES
#include "nibble/Dialect/UKernel/ControlOps.cpp.inc"

/// What a body yields has memory of its own, which a kernel in it writes.
static LogicalResult verifyYielded(Operation *op, Region &body, TypeRange types) {
  auto yield = dyn_cast<RegionYieldOp>(body.front().getTerminator());
  if (!yield || yield.getValues().getTypes() != types)
    return op->emitOpError() << "expected a body that yields " << describe(types);
  llvm::SmallPtrSet<Operation *, 4> producers;
  for (Value value : yield.getValues()) {
    Operation *producer = value.getDefiningOp();
    if (!isa_and_nonnull<KernelOp>(producer) || producer->getBlock() != &body.front() ||
        !producers.insert(producer).second)
      return op->emitOpError("expected a body that yields results of its own kernels, each once");
    if (failed(verifyPlain(op, cast<BufferType>(value.getType()))))
      return failure();
  }
  return success();
}

static BufferType getElementType(Type type) {
  auto buffer = cast<BufferType>(type);
  return BufferType::get(buffer.getShape().drop_front(), buffer.getElementType());
}

static LogicalResult verifyTripCount(LoopOp op) {
  if (Attribute trip = op.getTripAttr(); trip && !isa<IntegerAttr, ExtentAttr>(trip))
    return op.emitOpError() << "expected 'trip' to be an integer or an extent, got " << trip;
  if (!op.getTripAttr() && !op.getCount() && !op.getConditional())
    return op.emitOpError("expected 'trip', a count or 'conditional', got none");
  return success();
}

LogicalResult LoopOp::verifyRegions() {
  const size_t carried = getInits().size(), sequences = getNumResults() - carried;
  if (getNumResults() < carried || TypeRange(getResults()).take_front(carried) != getInits().getTypes())
    return emitOpError() << "expected results that begin with the types of the carried buffers, got "
                         << describe(getResultTypes());
  if (failed(verifyTripCount(*this)))
    return failure();
  if (getReversed().size() != getScanned().size() + sequences)
    return emitOpError() << "expected " << getScanned().size() + sequences << " entries in 'reversed', got "
                         << getReversed().size();
  SmallVector<Value> whole(getScanned());
  llvm::append_range(whole, getResults().drop_front(carried));
  for (Value value : whole)
    if (auto type = cast<BufferType>(value.getType()); type.getRank() == 0 || !type.isPlain())
      return emitOpError() << "expected plain scanned buffers and sequences of rank 1 or more, got " << type;
  SmallVector<Type> arguments = {BufferType::get(ArrayRef<Extent>(), IntegerType::get(getContext(), 64))};
  llvm::append_range(arguments, getInits().getTypes());
  for (Value scanned : getScanned())
    arguments.push_back(::getElementType(scanned.getType()));
  if (getBody().getArgumentTypes() != ArrayRef<Type>(arguments))
    return emitOpError() << "expected a body with the arguments " << describe(arguments) << ", got "
                         << describe(getBody().getArgumentTypes());
  SmallVector<Type> yielded(getInits().getTypes());
  for (Value sequence : getResults().drop_front(carried))
    yielded.push_back(::getElementType(sequence.getType()));
  return verifyYielded(*this, getBody(), yielded);
}

LogicalResult IfOp::verifyRegions() {
  for (Region *body : {&getThenBody(), &getElseBody()})
    if (failed(verifyYielded(*this, *body, getResultTypes())))
      return failure();
  return success();
}
