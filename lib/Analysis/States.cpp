// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which arguments and results can be one buffer.

#include "nibble/Analysis/States.h"

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/PortAttrs.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace nibble;

namespace {
/// Finds out about one state.
class StateFinder {
public:
  StateFinder(func::FuncOp function, const ExtentAnalysis &extents, State &state)
      : function(function), extents(extents), state(state) {}
  LogicalResult run();

private:
  InFlightDiagnostic refuse() {
    return function.emitError() << "state '" << getPortName(function.getArgAttrDict(state.input)) << "="
                                << getPortName(function.getResultAttrDict(state.output)) << "' ";
  }
  Value getInput() { return function.getArgument(state.input); }
  Value getOutput() { return function.front().getTerminator()->getOperand(state.output); }
  LogicalResult checkMeaning();
  LogicalResult findAxis(ArrayRef<Extent> before, ArrayRef<Extent> after);
  LogicalResult findAppend();
  LogicalResult findCapacity(const Extent &longest);

  func::FuncOp function;
  const ExtentAnalysis &extents;
  State &state;
};
} // namespace

/// Integers that stand for reals must do so alike, and dimensions have one order.
LogicalResult StateFinder::checkMeaning() {
  DictionaryAttr before = function.getArgAttrDict(state.input), after = function.getResultAttrDict(state.output);
  const auto get = [](DictionaryAttr attrs, StringRef name) { return attrs ? attrs.get(name) : Attribute(); };
  for (StringRef name : {"nibble.scale", "nibble.zero_point", "nibble.layout"})
    if (get(before, name) != get(after, name))
      return refuse()
             << "has unlike scales, zero points or layouts in the input and in the output, which cannot be one "
                "buffer; inputs and outputs of the model's own types have none (--io model)";
  return success();
}

/// The one along which the shapes differ.
LogicalResult StateFinder::findAxis(ArrayRef<Extent> before, ArrayRef<Extent> after) {
  SmallVector<int64_t> axes;
  for (auto [axis, pair] : llvm::enumerate(llvm::zip_equal(before, after)))
    if (std::get<0>(pair) != std::get<1>(pair))
      axes.push_back(axis);
  if (axes.size() > 1)
    return refuse() << "has shapes that differ along dimensions " << axes[0] << " and " << axes[1]
                    << ", expected one along which rows are appended";
  if (!axes.empty())
    state.axis = axes.front();
  return success();
}

/// The longer result must be the argument with others behind it: then nothing of it moves.
LogicalResult StateFinder::findAppend() {
  Operation *op = getOutput().getDefiningOp();
  if (auto observe = dyn_cast_or_null<ObserveOp>(op))
    op = observe.getInput().getDefiningOp();
  auto concat = dyn_cast_or_null<ConcatOp>(op);
  if (!concat)
    return refuse() << "is no concatenation of the input and new rows behind it, but "
                    << (op ? op->getName().getStringRef() : "an input") << " (node '"
                    << (op ? getNodeName(op->getLoc()) : "") << "')";
  Value input = getInput();
  if (int64_t(concat.getAxis()) != state.axis || concat.getInputs().front() != input ||
      llvm::is_contained(concat.getInputs().drop_front(), input))
    return refuse() << "is no concatenation of the input and new rows behind it: node '" << getNodeName(concat.getLoc())
                    << "' has them in another order";
  state.append = concat;
  return success();
}

LogicalResult StateFinder::findCapacity(const Extent &longest) {
  auto bounds = function->getAttrOfType<DenseI64ArrayAttr>(kBoundsAttr);
  ArrayRef<std::string> names = extents.getDims().getNames();
  SmallVector<StringRef> unbounded;
  state.capacity = longest.getUpperBound([&](unsigned index) {
    const int64_t bound = bounds && index < unsigned(bounds.size()) ? bounds[index] : 0;
    if (bound <= 0 && !llvm::is_contained(unbounded, names[index]))
      unbounded.push_back(names[index]);
    return bound;
  });
  if (unbounded.empty()) {
    auto known = function.getArgAttrOfType<IntegerAttr>(state.input, kCapacityAttr); // of all codes, for some sizes
    if (known && known.getInt() < state.capacity)
      return refuse() << "gets " << state.capacity << " long, more than its '" << kCapacityAttr << "', "
                      << known.getInt();
    if (known)
      state.capacity = known.getInt();
    return success();
  }
  return refuse() << "needs to know how long it gets: give a bound of '" << llvm::join(unbounded, "' and '")
                  << "' (--bound " << unbounded.front() << "=N)";
}

LogicalResult StateFinder::run() {
  if (getInput().getType() != getOutput().getType() &&
      getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getOutput()))
    return refuse() << "has an input of " << getElementTypeOrSelf(getInput()) << " and an output of "
                    << getElementTypeOrSelf(getOutput()) << ", which cannot be one buffer";
  if (failed(checkMeaning()))
    return failure();
  std::optional<SmallVector<Extent>> before = extents.get(getInput()), after = extents.get(getOutput());
  if (!before || !after)
    return refuse() << "has a shape that is not known when the model begins to run";
  if (before->size() != after->size())
    return refuse() << "has an input of " << before->size() << " dimensions and an output of " << after->size();
  if (failed(findAxis(*before, *after)))
    return failure();
  if (state.axis < 0)
    return success();
  return failed(findAppend()) ? failure() : findCapacity((*after)[state.axis]);
}

FailureOr<SmallVector<State>> nibble::findStates(func::FuncOp function, const ExtentAnalysis &extents) {
  SmallVector<State> states;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    Attribute attr = function.getArgAttr(i, kStateAttr);
    if (!attr)
      continue;
    auto output = dyn_cast<IntegerAttr>(attr);
    if (!output)
      return function.emitError() << "argument " << i << ": expected the number of a result as '" << kStateAttr
                                  << "', got " << attr;
    State state;
    state.input = i;
    state.output = output.getInt();
    if (output.getInt() < 0 || output.getInt() >= function.getNumResults())
      return function.emitError() << "argument " << i << " is the state of result " << output.getInt() << ", of "
                                  << function.getNumResults();
    if (llvm::any_of(states, [&](const State &other) { return other.output == state.output; }))
      return function.emitError() << "result " << state.output << " is the state of two arguments";
    if (failed(StateFinder(function, extents, state).run()))
      return failure();
    states.push_back(state);
  }
  return states;
}
