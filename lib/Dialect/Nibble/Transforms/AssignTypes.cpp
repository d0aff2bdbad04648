// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Types.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

namespace nibble {
#define GEN_PASS_DEF_ASSIGNTYPES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-assign-types"

using namespace mlir;
using namespace nibble;

namespace {

/// Whether `op` will compute on quantized values.
bool isQuantized(Operation *op) { return hasQuantizedForm(op) && !isPlannedFloat(op); }

/// Whether a quantized operation reads `value`, perhaps behind operations that only move elements.
bool hasQuantizedUser(Value value) {
  SmallVector<Value> worklist{value};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers()) {
      if (isQuantized(user))
        return true;
      if (keepsElements(user))
        worklist.push_back(user->getResult(0));
    }
  return false;
}

/// Whether something but quantized operations reads `value`, perhaps behind operations that only move elements.
bool hasFloatUser(Value value) {
  SmallVector<Value> worklist{value};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers()) {
      if (!keepsElements(user) && !isQuantized(user))
        return true;
      if (keepsElements(user))
        worklist.push_back(user->getResult(0));
    }
  return false;
}

/// Gives quantized operations that read `value` its rounded form `rounded`, and all others the exact one: an output of
/// the model that is an input, or a part of one, is not rounded. Moves that both read are made twice.
void divideUses(Value value, Value exact, Value rounded) {
  for (OpOperand &use : llvm::make_early_inc_range(value.getUses())) {
    Operation *user = use.getOwner();
    const bool moves = keepsElements(user);
    if (moves && hasQuantizedUser(user->getResult(0)) && hasFloatUser(user->getResult(0))) {
      OpBuilder builder(user);
      IRMapping mapping;
      mapping.map(value, exact);
      Operation *copy = builder.clone(*user, mapping);
      divideUses(user->getResult(0), copy->getResult(0), user->getResult(0));
    }
    use.set(isQuantized(user) || (moves && hasQuantizedUser(user->getResult(0))) ? rounded : exact);
  }
}

/// The operation that makes an observed value, before the clamps that it may absorb.
Operation *getProducer(ObserveOp op) {
  Value value = op.getInput();
  while (value.getDefiningOp() && getClampBounds(value.getDefiningOp()) &&
         value.getDefiningOp()->getOperand(0).hasOneUse())
    value = value.getDefiningOp()->getOperand(0);
  Operation *producer = value.getDefiningOp();
  return absorbsClamp(producer) ? producer : op.getInput().getDefiningOp();
}

struct AssignTypes : nibble::impl::AssignTypesBase<AssignTypes> {
  using AssignTypesBase::AssignTypesBase;

  ActivationKind getKind(ObserveOp op, ActivationKind standard) {
    auto planned = op->getAttrOfType<StringAttr>(kActivationsAttr);
    std::optional<ActivationKind> kind = planned ? symbolizeActivationKind(planned) : standard;
    return kind.value_or(standard);
  }

  /// Makes the ranges of a concat's result and of the operands that nothing else reads one range, so that the
  /// concatenation moves bytes.
  void unifyConcats(ArrayRef<ObserveOp> observes) {
    llvm::EquivalenceClasses<Operation *> classes;
    for (ObserveOp op : observes) {
      auto concat = op.getInput().getDefiningOp<ConcatOp>();
      if (!concat || !isQuantized(concat) || !concat->hasOneUse())
        continue;
      for (Value operand : concat.getInputs()) {
        bool alone = true;
        for (; alone && keepsElements(operand.getDefiningOp()); operand = operand.getDefiningOp()->getOperand(0))
          alone = operand.hasOneUse();
        auto source = operand.getDefiningOp<ObserveOp>();
        if (alone && source && llvm::all_equal(operand.getUsers()))
          classes.unionSets(op, source);
      }
    }
    for (const auto *leader : classes) {
      if (!leader->isLeader())
        continue;
      float min = 0, max = 0;
      for (Operation *member : classes.members(*leader)) {
        min = std::min(min, (*cast<ObserveOp>(member).getRange())[0]);
        max = std::max(max, (*cast<ObserveOp>(member).getRange())[1]);
      }
      for (Operation *member : classes.members(*leader)) {
        cast<ObserveOp>(member).setRange(ArrayRef<float>{min, max});
        ++unified;
      }
    }
  }

  /// observe -> quantize, dequantize
  void assign(ObserveOp op, ActivationKind kind, bool isExact) {
    ArrayRef<float> range = *op.getRange();
    if (range[0] == 0 && range[1] == 0)
      op.emitRemark() << "value '" << op.getName() << "' was 0 in all calibration samples: scale 1 is assumed";
    quant::UniformQuantizedType type = chooseActivationType(&getContext(), {range[0], range[1]}, kind);
    if (getScale(type) == kSmallestActivationScale)
      op.emitRemark() << "value '" << op.getName() << "' has the tiny range [" << range[0] << ", " << range[1]
                      << "]: its scale is raised to 2^-40";
    if (auto bounds = getClampBounds(op.getInput().getDefiningOp()))
      type = narrowType(type, *bounds);
    OpBuilder builder(op);
    auto tensor = cast<RankedTensorType>(op.getType());
    Value quantized = QuantizeOp::create(builder, op.getLoc(), tensor.clone(type), op.getInput());
    Value rounded = DequantizeOp::create(builder, op.getLoc(), tensor, quantized);
    if (isExact)
      divideUses(op.getResult(), op.getInput(), rounded);
    else
      op.replaceAllUsesWith(rounded);
    op.erase();
    ++assigned;
  }

  void runOnOperation() override {
    std::optional<ActivationKind> standard = symbolizeActivationKind(activations);
    if (!standard) {
      getOperation()->emitError() << "unknown activations '" << activations
                                  << "': expected uint8, int8, int8-symmetric or float";
      return signalPassFailure();
    }
    SmallVector<ObserveOp> observes;
    bool missing = false;
    getOperation()->walk([&](ObserveOp op) {
      observes.push_back(op);
      if (!op.getRange()) {
        op.emitError() << "value '" << op.getName() << "' has no range: run --nibble-read-calibration before";
        missing = true;
      }
    });
    if (missing)
      return signalPassFailure();
    unifyConcats(observes);
    // Decided for all before any changes, as observes stand between the operations.
    SmallVector<std::tuple<ObserveOp, ActivationKind, bool>> kinds;
    for (ObserveOp op : observes) {
      Operation *producer = getProducer(op);
      const bool isExact = !producer || !isQuantized(producer);
      const bool needed = !isExact || hasQuantizedUser(op);
      kinds.emplace_back(op, needed ? getKind(op, *standard) : ActivationKind::Float, isExact);
    }
    for (auto [op, kind, isExact] : kinds) {
      if (kind != ActivationKind::Float) {
        assign(op, kind, isExact);
        continue;
      }
      op.replaceAllUsesWith(op.getInput());
      op.erase();
      ++dropped;
    }
  }
};

} // namespace
