// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The extents of values in and behind loops and branches.

#include "nibble/Analysis/Extents.h"

#include "nibble/Dialect/Nibble/Control.h"

using namespace mlir;
using namespace nibble;

using Extents = SmallVector<Extent>;

void ExtentAnalysis::visit(Block &block) {
  for (Operation &op : block)
    if (auto loop = dyn_cast<LoopOp>(op))
      visitLoop(loop);
    else if (auto branch = dyn_cast<IfOp>(op))
      visitIf(branch);
    else if (op.getNumResults() == 1 && isa<RankedTensorType>(op.getResult(0).getType()))
      visit(&op);
}

void ExtentAnalysis::require(const Extent &lhs, const Extent &rhs, Operation *op) {
  if (lhs != rhs)
    requirements.push_back({lhs, rhs, op});
}

/// `to` has the extents of `from`, or is as unknown as that.
void ExtentAnalysis::copy(Value from, Value to) {
  if (std::optional<Extents> shape = get(from))
    extents[to] = std::move(*shape);
  else
    reasons[to] = whyUnknown(from);
}

/// Where both are known, they must be equal when the model runs.
void ExtentAnalysis::requireSame(Value a, Value b, Operation *op) {
  std::optional<Extents> x = get(a), y = get(b);
  if (!x || !y)
    return;
  for (auto [lhs, rhs] : llvm::zip_equal(*x, *y))
    require(lhs, rhs, op);
}

/// What a carried value is before the first iteration it stays.
void ExtentAnalysis::visitLoop(LoopOp loop) {
  const size_t carried = loop.getInits().size();
  extents[loop.getNumber()] = {};
  for (auto [i, init] : llvm::enumerate(loop.getInits())) {
    copy(init, loop.getCarried(i));
    copy(init, loop.getResult(i));
  }
  for (auto [i, scanned] : llvm::enumerate(loop.getScanned())) {
    std::optional<Extents> shape = get(scanned);
    if (!shape) {
      reasons[loop.getElement(i)] = whyUnknown(scanned);
      continue;
    }
    require(shape->front(), loop.getTripCount(), loop);
    extents[loop.getElement(i)] = Extents(ArrayRef(*shape).drop_front());
  }
  visit(loop.getBody().front());
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    requireSame(init, loop.getYielded()[i], loop);
  for (auto [i, sequence] : llvm::enumerate(loop.getSequences())) {
    Value element = loop.getYielded()[carried + i];
    std::optional<Extents> shape = get(element);
    if (!shape) {
      reasons[sequence] = whyUnknown(element);
      continue;
    }
    shape->insert(shape->begin(), loop.getTripCount());
    extents[sequence] = std::move(*shape);
  }
}

/// Both branches make values of one shape.
void ExtentAnalysis::visitIf(IfOp branch) {
  visit(branch.getThenBody().front());
  visit(branch.getElseBody().front());
  Operation *then = branch.getThenBody().front().getTerminator(), *other = branch.getElseBody().front().getTerminator();
  for (auto [i, result] : llvm::enumerate(branch.getResults())) {
    copy(then->getOperand(i), result);
    requireSame(then->getOperand(i), other->getOperand(i), branch);
  }
}
