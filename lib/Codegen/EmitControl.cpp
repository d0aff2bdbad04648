// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops and branches of the function for one sample.

#include "SampleEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult SampleEmitter::emitBlock(Block &block) {
  for (Operation &op : block) {
    LogicalResult result = success();
    if (auto kernel = dyn_cast<KernelOp>(op))
      result = emitCall(kernel);
    else if (auto loop = dyn_cast<LoopOp>(op))
      result = loop.getConditional() ? emitConditionalLoop(loop) : emitLoop(loop);
    else if (auto branch = dyn_cast<IfOp>(op))
      result = emitIf(branch);
    if (failed(result))
      return failure();
  }
  return success();
}

/// Calls of a branch: what they compute of extents is not there behind it.
LogicalResult SampleEmitter::emitBranch(Block &block) {
  const size_t known = extents.size();
  LogicalResult result = emitBlock(block);
  extents.truncate(known);
  return result;
}

/// The most iterations; null where a condition alone ends the loop.
Value SampleEmitter::countIterations(LoopOp loop) {
  if (Attribute trip = loop.getTripAttr())
    return valueOf(getExtent(trip));
  return loop.getCount() ? Value(LLVM::LoadOp::create(b, loc, b.getI64Type(), getPointer(loop.getCount()))) : Value();
}

Value SampleEmitter::isTrue(Value flag) {
  Value byte = LLVM::LoadOp::create(b, loc, b.getI8Type(), flag);
  Value zero = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, byte, zero);
}

LogicalResult SampleEmitter::emitIteration(LoopOp loop, Value number) {
  const size_t known = extents.size();
  numbers[loop] = number;
  if (!loop.getNumber().use_empty())
    LLVM::StoreOp::create(b, loc, number, getPointer(loop.getNumber()));
  LogicalResult result = emitBlock(loop.getBody().front());
  extents.truncate(known); // which are not there behind the loop
  return result;
}

LogicalResult SampleEmitter::emitLoop(LoopOp loop) {
  auto iterations = scf::ForOp::create(b, loc, constant(0), countIterations(loop), constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(iterations.getBody());
  return emitIteration(loop, iterations.getInductionVar());
}

LogicalResult SampleEmitter::emitConditionalLoop(LoopOp loop) {
  Value count = countIterations(loop), zero = constant(0);
  auto iterations = scf::WhileOp::create(b, loc, b.getI64Type(), zero);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&iterations.getBefore(), {}, b.getI64Type(), loc);
  const size_t known = extents.size();
  Value goesOn = isTrue(getPointer(loop.getResult(0)));
  extents.truncate(known);
  if (count) {
    Value isLeft = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), count);
    goesOn = arith::AndIOp::create(b, loc, goesOn, isLeft);
  }
  scf::ConditionOp::create(b, loc, goesOn, before->getArgument(0));
  Block *after = b.createBlock(&iterations.getAfter(), {}, b.getI64Type(), loc);
  if (failed(emitIteration(loop, after->getArgument(0))))
    return failure();
  Value next = arith::AddIOp::create(b, loc, after->getArgument(0), constant(1));
  scf::YieldOp::create(b, loc, next);
  return success();
}

LogicalResult SampleEmitter::emitIf(IfOp branch) {
  auto taken = scf::IfOp::create(b, loc, isTrue(getPointer(branch.getCondition())), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(taken.thenBlock());
  if (failed(emitBranch(branch.getThenBody().front())))
    return failure();
  b.setInsertionPointToStart(taken.elseBlock());
  return emitBranch(branch.getElseBody().front());
}
