// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Instrument.h"
#include "UsualExtents.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Locations.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace nibble::driver {

/// What a loop computes in all of its iterations, where `value` is of its body.
static Value collectIterations(Value value) {
  while (auto loop = dyn_cast<LoopOp>(value.getParentBlock()->getParentOp()))
    value = addSequence(loop, value).getResults().back();
  return value;
}

/// Appends `value` to what the function returns, under `name`; of a loop's body all that iterations make of it.
static void addResult(func::FuncOp function, Value value, StringRef name) {
  value = collectIterations(value);
  Builder builder(function.getContext());
  NamedAttribute label = builder.getNamedAttr(kObservedAttr, builder.getStringAttr(name));
  (void)function.insertResult(function.getNumResults(), value.getType(), builder.getDictionaryAttr(label));
  Operation *end = function.getBody().front().getTerminator();
  end->insertOperands(end->getNumOperands(), value);
}

void returnValues(func::FuncOp function, ArrayRef<Value> values) {
  for (Value value : values)
    addResult(function, value, "");
}

void returnObserved(func::FuncOp function) {
  SmallVector<ObserveOp> observes;
  function.walk([&](ObserveOp observe) { observes.push_back(observe); });
  for (ObserveOp observe : observes) {
    addResult(function, observe.getInput(), observe.getName());
    observe.replaceAllUsesWith(observe.getInput());
    observe.erase();
  }
}

namespace {
/// A value that the plan phase gave a type.
struct Pair {
  QuantizeOp quantize;
  DequantizeOp dequantize;
};

class Isolation {
public:
  explicit Isolation(func::FuncOp function) : function(function) {}
  std::vector<IsolatedValue> run();

private:
  Value copy(Pair pair, IsolatedValue &isolated);

  func::FuncOp function;
  llvm::SmallPtrSet<Operation *, 32> copies;
};
} // namespace

static SmallVector<Pair> collectPairs(func::FuncOp function) {
  SmallVector<Pair> pairs;
  function.walk([&](DequantizeOp dequantize) {
    if (auto quantize = dequantize.getInput().getDefiningOp<QuantizeOp>(); quantize && isCounted(dequantize))
      pairs.push_back({quantize, dequantize});
  });
  return pairs;
}

/// Copies what computes `pair` from other pairs and constants, and returns the copy's end; null if nothing does.
Value Isolation::copy(Pair pair, IsolatedValue &isolated) {
  Operation *producer = pair.quantize.getInput().getDefiningOp();
  if (!producer || isa<DequantizeOp, ConstantOp, LoopOp, IfOp>(producer))
    return nullptr;
  BackwardSliceOptions options;
  options.inclusive = true;
  options.omitBlockArguments = true;
  options.filter = [](Operation *op) { return !isa<DequantizeOp, ConstantOp, LoopOp, IfOp>(op); };
  SetVector<Operation *> slice;
  if (failed(getBackwardSlice(producer, &slice, options)))
    return nullptr;
  OpBuilder builder(pair.dequantize);
  IRMapping mapping;
  isolated.name = getValueName(producer->getLoc()).str();
  if (auto type = dyn_cast<quant::UniformQuantizedType>(getElementTypeOrSelf(pair.quantize.getType())))
    std::tie(isolated.scale, isolated.width) = std::pair(type.getScale(), type.getStorageTypeIntegralWidth());
  for (Operation *op : slice) {
    for (Value operand : op->getOperands())
      if (auto dequantize = operand.getDefiningOp<DequantizeOp>())
        if (auto quantize = dequantize.getInput().getDefiningOp<QuantizeOp>();
            quantize && quantize.getInput().getDefiningOp())
          isolated.operands.push_back(getValueName(quantize.getLoc()).str());
    isolated.hasNarrowWeights |= getPlannedWeightBits(op) < 8;
    if (isPlannedQuantized(op))
      isolated.nodes.push_back(getNodeName(op->getLoc()).str());
    copies.insert(builder.clone(*op, mapping));
  }
  copies.insert(builder.clone(*pair.quantize, mapping));
  Operation *end = builder.clone(*pair.dequantize, mapping);
  copies.insert(end);
  return end->getResult(0);
}

std::vector<IsolatedValue> Isolation::run() {
  SmallVector<Pair> pairs = collectPairs(function);
  SmallVector<std::pair<Value, Value>> ends; // of the float graph, and of the copy
  std::vector<IsolatedValue> values;
  for (Pair pair : pairs) {
    IsolatedValue isolated;
    if (Value end = copy(pair, isolated)) {
      ends.emplace_back(pair.quantize.getInput(), end);
      values.push_back(std::move(isolated));
    }
  }
  for (Pair pair : pairs)
    pair.dequantize.getResult().replaceUsesWithIf(pair.quantize.getInput(),
                                                  [&](OpOperand &use) { return !copies.contains(use.getOwner()); });
  // The float graph keeps its weights, only the copies store them rounded.
  function.walk([&](Operation *op) {
    if (!copies.contains(op))
      op->removeAttr(kRoundedAttr);
  });
  for (auto [end, value] : llvm::zip_equal(ends, values)) {
    addResult(function, end.first, value.name);
    addResult(function, end.second, value.name);
  }
  return values;
}

std::vector<IsolatedValue> isolateErrors(func::FuncOp function) { return Isolation(function).run(); }

std::vector<IsolatedValue> isolateDynamic(func::FuncOp function, const llvm::StringSet<> &nodes) {
  SmallVector<Operation *> products;
  function.walk([&](Operation *op) {
    if (nodes.contains(getNodeName(op->getLoc())) && whyNotDynamic(op).empty() && isCounted(op))
      products.push_back(op);
  });
  std::vector<IsolatedValue> values;
  for (Operation *op : products) {
    OpBuilder builder(op);
    Operation *copy = builder.clone(*op);
    copy->setAttr(kPrecisionAttr, builder.getStringAttr("dynamic"));
    IsolatedValue &value = values.emplace_back();
    value.name = getValueName(op->getLoc()).str();
    value.nodes = {getNodeName(op->getLoc()).str()};
    addResult(function, op->getResult(0), value.name);
    addResult(function, copy->getResult(0), value.name);
  }
  return values;
}

/// What `pair` stores in 8 bits, and who would pay for more.
static SwitchedValue describeSwitched(Pair pair, const UsualExtents &extents) {
  SwitchedValue value;
  Value real = pair.quantize.getInput();
  value.name = getValueName(pair.quantize.getLoc()).str();
  value.work = extents.countElements(real);
  if (Operation *producer = real.getDefiningOp(); producer && isPlannedQuantized(producer))
    value.nodes.push_back(getNodeName(producer->getLoc()).str());
  for (Operation *reader : getQuantizedReaders(pair.dequantize.getResult())) {
    value.work += extents.countProducts(reader);
    value.nodes.push_back(getNodeName(reader->getLoc()).str());
  }
  return value;
}

/// The value of `pair` with its rounding as `factor`, of one element, says.
static void switchOne(Pair pair, Value factor) {
  OpBuilder builder(pair.dequantize->getNextNode());
  const Location loc = pair.dequantize.getLoc();
  Value exact = pair.quantize.getInput(), rounded = pair.dequantize.getResult();
  const Type type = exact.getType();
  Value error = SubOp::create(builder, loc, type, rounded, exact);
  Value switched = MulOp::create(builder, loc, type, error, factor);
  auto sum = AddOp::create(builder, loc, type, exact, switched);
  rounded.replaceAllUsesExcept(sum, error.getDefiningOp());
}

std::vector<SwitchedValue> switchRounding(func::FuncOp function) {
  const UsualExtents extents(function->getParentOfType<ModuleOp>());
  SmallVector<Pair> pairs = llvm::filter_to_vector(collectPairs(function), [](Pair pair) {
    auto type = dyn_cast<quant::UniformQuantizedType>(getElementTypeOrSelf(pair.quantize.getType()));
    return type && type.getStorageTypeIntegralWidth() == 8 && !pair.quantize.getInput().getDefiningOp<ConstantOp>();
  });
  std::vector<SwitchedValue> values;
  if (pairs.empty())
    return values;
  for (Pair pair : pairs)
    values.push_back(describeSwitched(pair, extents));
  function.walk([](Operation *op) { op->removeAttr(kRoundedAttr); });
  OpBuilder builder(function.getBody());
  const auto type = RankedTensorType::get(int64_t(pairs.size()), builder.getF32Type());
  const auto name = builder.getNamedAttr("nibble.name", builder.getStringAttr(kSwitchesInput));
  if (failed(function.insertArgument(function.getNumArguments(), type, builder.getDictionaryAttr(name),
                                     function.getLoc())))
    return {};
  Value switches = function.getArguments().back();
  for (auto [index, pair] : llvm::enumerate(pairs)) {
    Value one = SliceOp::create(builder, function.getLoc(), type.clone({1}), switches, int64_t(index), int64_t(1));
    Value factor = ReshapeOp::create(builder, function.getLoc(), type.clone(ArrayRef<int64_t>()), one);
    switchOne(pair, factor);
  }
  return values;
}

} // namespace nibble::driver
