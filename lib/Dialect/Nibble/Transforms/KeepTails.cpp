// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/Iterators.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Roles.h"

namespace nibble {
#define GEN_PASS_DEF_KEEPTAILS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-keep-tails"

using namespace mlir;
using namespace nibble;

namespace {

/// The operations whose integer forms repay a quantization.
bool isHeavy(Operation *op) { return isa<ConvOp, ConvTransposeOp, MatMulOp, AvgPoolOp, MaxPoolOp>(op); }

/// A loop that reads a value may have one in its body.
bool holdsHeavy(Operation *op) {
  const auto stopAtHeavy = [](Operation *inner) {
    return isHeavy(inner) ? WalkResult::interrupt() : WalkResult::advance();
  };
  return isa<LoopOp>(op) && op->walk(stopAtHeavy).wasInterrupted();
}

struct KeepTails : nibble::impl::KeepTailsBase<KeepTails> {
  /// Operations with a heavy operation behind them.
  llvm::SmallPtrSet<Operation *, 16> findLeading() {
    llvm::SmallPtrSet<Operation *, 16> leading;
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
      if (llvm::any_of(op->getUses(), [&](OpOperand &use) {
            return isStoredOperand(use) &&
                   (isHeavy(use.getOwner()) || holdsHeavy(use.getOwner()) || leading.contains(use.getOwner()));
          }))
        leading.insert(op);
    });
    return leading;
  }

  /// Whether an operand comes from an operation that stays in float.
  static bool readsFloat(Operation *op) {
    return llvm::any_of(getStoredOperands(op), [](Value operand) {
      while (operand.getDefiningOp() &&
             (keepsElements(operand.getDefiningOp()) || isa<ObserveOp>(operand.getDefiningOp())))
        operand = operand.getDefiningOp()->getOperand(0);
      Operation *source = operand.getDefiningOp();
      return source && !isa<ConstantOp>(source) && (!hasQuantizedForm(source) || isPlannedFloat(source));
    });
  }

  void runOnOperation() override {
    const auto leading = findLeading();
    getOperation()->walk([&](Operation *op) {
      if (!hasQuantizedForm(op) || isHeavy(op) || leading.contains(op) || op->hasAttr(kPrecisionAttr))
        return;
      if (!isa<AddOp, SubOp, MulOp, SoftmaxOp, NormOp>(op) && !readsFloat(op))
        return;
      op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), "float"));
      ++kept;
    });
  }
};

} // namespace
