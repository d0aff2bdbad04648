// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops and branches: carried values, elements and results in memory that copies at the ends of bodies write.

#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Control.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult GraphLowering::lowerOps(Block &block) {
  for (Operation &op : block.without_terminator()) {
    current = &op;
    if (!fused.contains(&op) && !isa<nibble::ConstantOp>(op) && failed(lower(&op)))
      return failure();
  }
  return success();
}

/// `value` in plain memory that nothing else reads.
Value GraphLowering::copyPlain(Value value) {
  Value buffer = lookup(value);
  return copy(value.getLoc(), buffer, cast<BufferType>(buffer.getType()).getPlain());
}

/// What a body yields, each written by a copy at its end. These write over the body's arguments, so that what is
/// yielded and lies there is moved out of the way before.
SmallVector<Value> GraphLowering::copyYielded(Operation *yield, Block *body) {
  SmallVector<Value> buffers;
  for (Value value : yield->getOperands()) {
    Value buffer = lookup(value), root = buffer;
    while (auto view = root.getDefiningOp<ViewOp>())
      root = view.getInput();
    auto argument = dyn_cast<BlockArgument>(root);
    buffers.push_back(argument && argument.getOwner() == body ? copyPlain(value) : buffer);
  }
  SmallVector<Value> copies;
  for (auto [value, buffer] : llvm::zip_equal(yield->getOperands(), buffers))
    copies.push_back(copy(value.getLoc(), buffer, cast<BufferType>(buffer.getType()).getPlain()));
  return copies;
}

/// Lowers the body `from` of `control` into `to`, whose arguments have the types `arguments`.
LogicalResult GraphLowering::lowerBody(Operation *control, Block &from, Region &to, ArrayRef<Type> arguments) {
  OpBuilder::InsertionGuard guard(builder);
  // Buffers made inside, padded copies of outer values too, are of this body alone.
  const llvm::DenseMap<Value, Value> outer = buffers;
  const bool isOutermost = !outermost;
  if (isOutermost)
    outermost = control;
  Block *block =
      builder.createBlock(&to, to.end(), arguments, SmallVector<Location>(arguments.size(), control->getLoc()));
  for (auto [argument, buffer] : llvm::zip_equal(from.getArguments(), block->getArguments()))
    define(argument, buffer);
  if (failed(lowerOps(from)))
    return failure();
  Operation *yield = from.getTerminator();
  ukernel::RegionYieldOp::create(builder, yield->getLoc(), copyYielded(yield, block));
  buffers = outer;
  if (isOutermost)
    outermost = nullptr;
  return success();
}

LogicalResult GraphLowering::lower(nibble::LoopOp op) {
  SmallVector<Value> inits = llvm::map_to_vector(op.getInits(), [&](Value init) { return copyPlain(init); });
  SmallVector<Value> scanned = llvm::map_to_vector(op.getScanned(), [&](Value value) { return lookupPlain(value); });
  Value count = op.getCount() ? lookupPlain(op.getCount()) : Value();
  auto plainType = [&](Value value) -> Type { return getPlainType(value); };
  SmallVector<Type> results(ValueRange(inits).getTypes());
  llvm::append_range(results, llvm::map_range(op.getSequences(), plainType));
  Attribute trip = op.getExtentsAttr() ? makeExtentAttr(op.getContext(), op.getTripCount()) : Attribute();
  auto loop = ukernel::LoopOp::create(builder, op.getLoc(), results, inits, scanned, count, trip, op.getReversedAttr(),
                                      op.getConditional());
  SmallVector<Type> arguments = llvm::map_to_vector(op.getBody().getArguments(), plainType);
  if (failed(lowerBody(loop, op.getBody().front(), loop.getBody(), arguments)))
    return failure();
  for (auto [result, buffer] : llvm::zip_equal(op.getResults(), loop.getResults()))
    define(result, buffer);
  return success();
}

LogicalResult GraphLowering::lower(nibble::IfOp op) {
  SmallVector<Type> results =
      llvm::map_to_vector(op.getResults(), [&](Value value) -> Type { return getPlainType(value); });
  auto branch = ukernel::IfOp::create(builder, op.getLoc(), results, lookupPlain(op.getCondition()));
  if (failed(lowerBody(branch, op.getThenBody().front(), branch.getThenBody(), {})) ||
      failed(lowerBody(branch, op.getElseBody().front(), branch.getElseBody(), {})))
    return failure();
  for (auto [result, buffer] : llvm::zip_equal(op.getResults(), branch.getResults()))
    define(result, buffer);
  return success();
}
