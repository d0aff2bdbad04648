// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Headroom.h"
#include "nibble/Quantization/Types.h"
#include "nibble/Support/Locations.h"

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

/// Whether `use` is by an operation that will read quantized values there.
bool isQuantized(OpOperand &use) { return isPlannedQuantized(use.getOwner()) && isStoredOperand(use); }

bool hasReaders(Value value) { return !getQuantizedReaders(value).empty(); }

/// Whether something but quantized operations reads `value`, perhaps behind operations that only move elements.
bool hasFloatUser(Value value) {
  SmallVector<Value> worklist{value};
  while (!worklist.empty())
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      if (!keepsElements(use.getOwner()) && !isQuantized(use))
        return true;
      if (keepsElements(use.getOwner()))
        worklist.push_back(use.getOwner()->getResult(0));
    }
  return false;
}

/// Gives quantized operations that read `value` its rounded form `rounded`, and all others the exact one: an output of
/// the model that is an input, or a part of one, is not rounded. Moves that both read are made twice.
void divideUses(Value value, Value exact, Value rounded) {
  for (OpOperand &use : llvm::make_early_inc_range(value.getUses())) {
    Operation *user = use.getOwner();
    const bool moves = keepsElements(user);
    if (moves && hasReaders(user->getResult(0)) && hasFloatUser(user->getResult(0))) {
      OpBuilder builder(user);
      IRMapping mapping;
      mapping.map(value, exact);
      Operation *copy = builder.clone(*user, mapping);
      divideUses(user->getResult(0), copy->getResult(0), user->getResult(0));
    }
    use.set(isQuantized(use) || (moves && hasReaders(user->getResult(0))) ? rounded : exact);
  }
}

/// The quantized operations that make an observed value: the first one, and behind it the clamps that it may absorb.
SmallVector<Operation *> getProducers(ObserveOp op) {
  SmallVector<Operation *> producers;
  Value value = op.getInput();
  for (; value.getDefiningOp() && getClampBounds(value.getDefiningOp()) &&
         value.getDefiningOp()->getOperand(0).hasOneUse();
       value = value.getDefiningOp()->getOperand(0))
    producers.insert(producers.begin(), value.getDefiningOp());
  if (absorbsClamp(value.getDefiningOp()))
    producers.insert(producers.begin(), value.getDefiningOp());
  else if (Operation *own = op.getInput().getDefiningOp())
    producers = {own};
  // Clamps of a float result stay in float with it.
  if (!producers.empty() && !isPlannedQuantized(producers.front()))
    return {};
  return producers;
}

/// What an observe becomes.
struct Choice {
  ActivationKind kind = ActivationKind::Float;
  RealRange range;
  int64_t largest = kLargestInt16; // of the stored values of Int16
  bool isExact = false;            // no quantized operation makes the value
};

struct AssignTypes : nibble::impl::AssignTypesBase<AssignTypes> {
  using AssignTypesBase::AssignTypesBase;
  using Classes = llvm::EquivalenceClasses<Operation *>;

  ActivationKind standard = ActivationKind::UInt8;

  /// What the plan says of `op` itself.
  static std::optional<ActivationKind> getPlanned(Operation *op) {
    auto planned = op->getAttrOfType<StringAttr>(kActivationsAttr);
    return planned ? symbolizeActivationKind(planned) : std::nullopt;
  }
  ActivationKind getKind(Operation *op) { return getPlanned(op).value_or(standard); }

  /// 16 bits where an operation beside the value wants them, else what its producer, or its first reader, has.
  ActivationKind chooseKind(ObserveOp op) {
    SmallVector<Operation *> beside = getProducers(op);
    llvm::append_range(beside, getQuantizedReaders(op));
    if (beside.empty())
      return ActivationKind::Float;
    if (auto planned = getPlanned(op))
      return *planned;
    if (llvm::any_of(beside, [&](Operation *each) { return getKind(each) == ActivationKind::Int16; }))
      return ActivationKind::Int16;
    return getKind(beside.front());
  }

  /// A concat's result and those of its operands that nothing else reads.
  static Classes groupConcats(ArrayRef<ObserveOp> observes) {
    Classes classes;
    for (ObserveOp op : observes) {
      auto concat = op.getInput().getDefiningOp<ConcatOp>();
      if (!concat || !isPlannedQuantized(concat) || !concat->hasOneUse())
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
    return classes;
  }

  using Choices = llvm::MapVector<Operation *, Choice>;

  /// Gives each class one type, so that the concatenation moves stored values.
  void unifyConcats(const Classes &classes, Choices &choices) {
    for (const auto *leader : classes) {
      if (!leader->isLeader())
        continue;
      Choice all;
      for (Operation *member : classes.members(*leader)) {
        const Choice &choice = choices[member];
        all.range.min = std::min(all.range.min, choice.range.min);
        all.range.max = std::max(all.range.max, choice.range.max);
        all.largest = std::min(all.largest, choice.largest);
      }
      for (Operation *member : classes.members(*leader)) {
        choices[member].range = all.range;
        choices[member].largest = all.largest;
      }
    }
  }

  /// The kinds of a class: 16 bits for all where one has them.
  static void unifyKinds(const Classes &classes, Choices &choices) {
    for (const auto *leader : classes) {
      if (!leader->isLeader())
        continue;
      const bool wide = llvm::any_of(classes.members(*leader),
                                     [&](Operation *member) { return choices[member].kind == ActivationKind::Int16; });
      for (Operation *member : classes.members(*leader))
        if (wide && choices[member].kind != ActivationKind::Float)
          choices[member].kind = ActivationKind::Int16;
    }
  }

  /// 16 bits have steps enough for all that was seen; of 8 bits the calibration's method has made the most.
  static RealRange getRange(ObserveOp op, ActivationKind kind) {
    ArrayRef<float> range = *op.getRange();
    if (auto extremes = op->getAttrOfType<DenseF32ArrayAttr>(kExtremesAttr);
        extremes && extremes.size() == 2 && kind == ActivationKind::Int16)
      range = extremes;
    return {std::min(range[0], 0.0f), std::max(range[1], 0.0f)};
  }

  /// The largest stored value that leaves room in the accumulators of all that read the value.
  int64_t getLargest(ObserveOp op, RealRange range) {
    int64_t largest = kLargestInt16;
    for (Operation *reader : getQuantizedReaders(op)) {
      const int64_t own = getLargestStored(reader, std::max(-range.min, range.max), perTensor);
      if (own < kLargestInt16 && own < largest)
        op.emitRemark() << "value '" << op.getName() << "' is stored in [" << -own << ", " << own
                        << "], so that the 32-bit accumulators of node '" << getNodeName(reader->getLoc())
                        << "' cannot overflow";
      largest = std::min(largest, own);
    }
    narrowed += largest < kLargestInt16;
    return largest;
  }

  quant::UniformQuantizedType chooseType(ObserveOp op, const Choice &choice) {
    quant::UniformQuantizedType type = chooseActivationType(&getContext(), choice.range, choice.kind, choice.largest);
    if (auto bounds = getClampBounds(op.getInput().getDefiningOp()))
      type = narrowType(type, *bounds);
    return type;
  }

  void reportRange(ObserveOp op, const Choice &choice) {
    const RealRange range = choice.range;
    if (range.min == 0 && range.max == 0)
      op.emitRemark() << "value '" << op.getName() << "' was 0 in all calibration samples: scale 1 is assumed";
    if (getScale(chooseActivationType(&getContext(), range, choice.kind, choice.largest)) == kSmallestActivationScale)
      op.emitRemark() << "value '" << op.getName() << "' has the tiny range [" << range.min << ", " << range.max
                      << "]: its scale is raised to 2^-40";
  }

  /// Whether `reader` takes a 16-bit value in 8 bits: products and functions, which are much faster so. The result of
  /// an operation of 16 bits has them for all readers, unless these have an entry of their own.
  bool wantsBytes(Operation *reader, bool isWideResult) {
    const ActivationKind kind = getKind(reader);
    return isPlannedQuantized(reader) && isa<ConvOp, ConvTransposeOp, MatMulOp, UnaryFunction>(reader) &&
           kind != ActivationKind::Int16 && kind != ActivationKind::Float && (!isWideResult || getPlanned(reader));
  }

  /// `wide` as its reader in 8 bits takes it.
  Value createSeam(ObserveOp op, Value wide, ActivationKind kind, OpBuilder &builder) {
    builder.setInsertionPointAfterValue(wide);
    auto tensor = cast<RankedTensorType>(wide.getType());
    auto type = chooseType(op, {kind, getRange(op, kind)});
    Value bytes = QuantizeOp::create(builder, op.getLoc(), tensor.clone(type), wide);
    ++seams;
    return DequantizeOp::create(builder, op.getLoc(), tensor, bytes);
  }

  /// Puts a requantization between a value of 16 bits, perhaps moved, and those that read it in 8.
  void addSeams(ObserveOp op, Value wide, OpBuilder &builder) {
    const bool isWideResult =
        llvm::any_of(getProducers(op), [&](Operation *producer) { return getKind(producer) == ActivationKind::Int16; });
    SmallVector<Value> worklist{wide};
    while (!worklist.empty()) {
      Value value = worklist.pop_back_val(), seam;
      for (OpOperand &use : llvm::make_early_inc_range(value.getUses())) {
        Operation *user = use.getOwner();
        if (keepsElements(user))
          worklist.push_back(user->getResult(0));
        if (!wantsBytes(user, isWideResult))
          continue;
        if (!seam)
          seam = createSeam(op, value, getKind(user), builder);
        use.set(seam);
      }
    }
  }

  /// observe -> quantize, dequantize
  void assign(ObserveOp op, const Choice &choice) {
    reportRange(op, choice);
    OpBuilder builder(op);
    auto tensor = cast<RankedTensorType>(op.getType());
    Value quantized = QuantizeOp::create(builder, op.getLoc(), tensor.clone(chooseType(op, choice)), op.getInput());
    auto dequantized = DequantizeOp::create(builder, op.getLoc(), tensor, quantized);
    if (choice.isExact)
      divideUses(op.getResult(), op.getInput(), dequantized.getResult());
    else
      op.replaceAllUsesWith(dequantized.getResult());
    if (choice.kind == ActivationKind::Int16 && !getPlanned(op))
      addSeams(op, dequantized.getResult(), builder);
    op.erase();
    ++assigned;
  }

  /// The kind of values that the plan says nothing of.
  bool findStandard() {
    std::optional<ActivationKind> given = symbolizeActivationKind(activations);
    if (!given) {
      getOperation()->emitError() << "unknown activations '" << activations
                                  << "': expected uint8, int8, int8-symmetric, int16 or float";
      return false;
    }
    standard = getPlanned(getOperation()).value_or(*given);
    getOperation()->removeAttr(kActivationsAttr);
    return true;
  }

  /// Decided for all before any changes, as observes stand between the operations.
  Choices choose(ArrayRef<ObserveOp> observes) {
    Choices choices;
    const Classes classes = groupConcats(observes);
    for (ObserveOp op : observes)
      choices[op] = {chooseKind(op), {}, kLargestInt16, getProducers(op).empty()};
    unifyKinds(classes, choices);
    for (auto &[op, choice] : choices) {
      if (choice.kind != ActivationKind::Float)
        choice.range = getRange(cast<ObserveOp>(op), choice.kind);
      if (choice.kind == ActivationKind::Int16)
        choice.largest = getLargest(cast<ObserveOp>(op), choice.range);
    }
    unifyConcats(classes, choices);
    unified += std::distance(classes.begin(), classes.end());
    return choices;
  }

  void runOnOperation() override {
    if (!findStandard())
      return signalPassFailure();
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
    for (auto &[op, choice] : choose(observes)) {
      auto observe = cast<ObserveOp>(op);
      if (choice.kind != ActivationKind::Float) {
        assign(observe, choice);
        continue;
      }
      observe.replaceAllUsesWith(observe.getInput());
      observe.erase();
      ++dropped;
    }
  }
};

} // namespace
