// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Reference/Interpreter.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-constants"

using namespace mlir;
using namespace nibble;

namespace {

struct FoldConstants : nibble::impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;

  /// Whether `op` computes from constants alone a value that is worth storing.
  bool canFold(Operation *op) {
    if (!isa_and_nonnull<NibbleDialect>(op->getDialect()) || isa<ConstantOp>(op) || !isPure(op) ||
        op->getNumResults() != 1 || (op->getNumOperands() == 0 && !isa<GenerateOp>(op)) || isa<LoopOp, IfOp>(op) ||
        (isa<DequantizeOp>(op) && !dequantize) || readsDims(op))
      return false;
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
      return false;
    int64_t given = 0;
    for (Value operand : op->getOperands()) {
      if (!operand.getDefiningOp<ConstantOp>())
        return false;
      given += cast<ShapedType>(operand.getType()).getNumElements();
    }
    return type.getNumElements() <= std::max<int64_t>(maxElements, given);
  }

  /// The interpreter's result for `op` in a function of its own.
  llvm::Expected<std::vector<reference::Tensor>> evaluate(Operation *op) {
    OpBuilder builder(op->getContext());
    auto type = builder.getFunctionType({}, op->getResultTypes());
    OwningOpRef<func::FuncOp> function = func::FuncOp::create(op->getLoc(), "fold", type);
    builder.setInsertionPointToStart(function->addEntryBlock());
    IRMapping mapping;
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand, builder.clone(*operand.getDefiningOp())->getResult(0));
    func::ReturnOp::create(builder, op->getLoc(), builder.clone(*op, mapping)->getResults());
    return reference::interpret(*function, {});
  }

  void runOnOperation() override {
    SmallVector<Operation *> dead;
    getOperation()->walk([&](Operation *op) {
      if (!canFold(op))
        return;
      auto results = evaluate(op);
      if (!results) { // such as an operation that the interpreter does not know: it stays
        llvm::consumeError(results.takeError());
        return;
      }
      auto type = cast<RankedTensorType>(op->getResult(0).getType());
      StringRef name = getValueName(op->getLoc());
      ElementsAttr value = makeElements(type, results->front().data, name.empty() ? "folded" : name);
      OpBuilder builder(op);
      op->getResult(0).replaceAllUsesWith(ConstantOp::create(builder, op->getLoc(), type, value));
      dead.push_back(op);
      ++folded;
    });
    for (Operation *op : llvm::reverse(dead)) {
      SmallVector<Operation *> operands;
      for (Value operand : op->getOperands())
        if (!llvm::is_contained(operands, operand.getDefiningOp()))
          operands.push_back(operand.getDefiningOp());
      op->erase();
      for (Operation *operand : operands)
        if (isa<ConstantOp>(operand) && operand->use_empty())
          operand->erase();
    }
  }
};

} // namespace
