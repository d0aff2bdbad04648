// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RNN, GRU and LSTM: one product of all inputs at once, then a small one a step. Short sequences of a length that is
// known are unrolled, the batch being dimension 0 inside; the steps of others are a loop of the compiled model. The
// batch may stay dynamic.

#include "Recurrent.h"
#include "Generate.h"
#include "RunTimeControl.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// What tells the three operators apart.
struct CellKind {
  CellStep step;
  int64_t gates;
  SmallVector<StringRef, 3> activations;
  bool hasCell = false;
};

/// The results of one direction whose steps are a loop.
struct Looped {
  Value outputs; // [length, batch, hidden]
  CellState last;
};

/// The results of one direction.
struct Unrolled {
  SmallVector<Value> outputs; // [batch, hidden] for each element of the sequence
  CellState last;
};

class Recurrence {
public:
  Recurrence(Node &node, CellKind kind);
  void run();

private:
  Value direction(Value operand, int64_t d, const Shape &shape);
  Value initial(unsigned operand, int64_t d);
  Value project(int64_t d, Cell &cell);
  Value mask(int64_t t);
  Value choose(Value mask, Value next, Value before);
  Unrolled unroll(int64_t d, ArrayRef<Activation> activations);
  Cell makeCell(int64_t d, ArrayRef<Activation> activations);
  Value zeros();
  Value masks();
  Looped loop(int64_t d, ArrayRef<Activation> activations);
  void setSequence(ArrayRef<Unrolled> directions);
  void setSequence(ArrayRef<Looped> directions);
  void setLast(unsigned result, ArrayRef<CellState> directions, Value CellState::*which);
  bool isReversed(int64_t d) const { return order == "reverse" || d == 1; }
  /// What ends the names of direction `d`.
  std::string suffix(int64_t d) const { return count == 1 ? "" : "." + std::to_string(d); }

  Node &node;
  CellKind kind;
  bool batchFirst;
  bool isUnrolled;
  Value input; // [batch, length, depth], or if not unrolled [length, batch, depth]
  Dim batch, steps;
  int64_t length = 0, depth = 0, hidden = 0, count = 1;
  std::string order;
};
} // namespace

static int64_t staticDim(Node &node, unsigned operand, int64_t axis) {
  const Dim dim = node.shape(operand)[axis];
  if (!dim.isStatic())
    node.fail("axis " + Twine(axis) + " of input " + Twine(operand) + " has an extent that is unknown at compile time",
              "give it a fixed extent by --dim");
  return dim.getStatic();
}

Recurrence::Recurrence(Node &node, CellKind kind)
    : node(node), kind(kind), batchFirst(node.getInt("layout", 0)), order(node.getString("direction", "forward")) {
  for (unsigned i : {0u, 1u, 2u})
    if (node.rank(i) != 3)
      node.fail("input " + Twine(i) + " has rank " + Twine(node.rank(i)) + ", expected 3");
  if (order != "forward" && order != "reverse" && order != "bidirectional")
    node.fail("attribute 'direction' is '" + order + "', expected 'forward', 'reverse' or 'bidirectional'");
  count = order == "bidirectional" ? 2 : 1;
  steps = node.shape(0)[batchFirst ? 1 : 0];
  isUnrolled = steps.isStatic() && steps.getStatic() <= kMostUnrolledSteps;
  batch = node.shape(0)[batchFirst ? 0 : 1];
  depth = staticDim(node, 0, 2);
  hidden = staticDim(node, 2, 2);
  if (steps == 0)
    node.fail("has a sequence of 0 elements, expected 1 or more");
  if (isUnrolled)
    length = steps.getStatic();
  input = batchFirst == isUnrolled ? node.real(0) : node.transpose(node.real(0), {1, 0, 2});
}

/// Direction `d` of an operand, whose dimension 0 is directions.
Value Recurrence::direction(Value operand, int64_t d, const Shape &shape) {
  Shape whole = shape;
  whole.insert(whole.begin(), Dim(count));
  Shape actual = node.shapeOf(operand), one = whole;
  if (actual != whole)
    node.fail("an operand has shape " + node.importer.symbols.print(actual) + ", expected " +
              node.importer.symbols.print(whole));
  SmallVector<int64_t> starts(whole.size(), 0), steps(whole.size(), 1);
  starts[0] = d;
  one[0] = 1;
  return node.reshape(count == 1 ? operand : node.slice(operand, starts, steps, one), shape);
}

/// The state before the first step; null for zeros.
Value Recurrence::initial(unsigned operand, int64_t d) {
  if (!node.has(operand))
    return Value();
  const Content *content = node.content(operand);
  if (content && content->isReal() && llvm::all_of(content->reals, [](double real) { return real == 0; }))
    return Value();
  Value all = node.real(operand);
  return direction(batchFirst ? node.transpose(all, {1, 0, 2}) : all, d, {batch, hidden});
}

/// The product of all inputs, with the biases: as `input`, but gates * hidden columns.
Value Recurrence::project(int64_t d, Cell &cell) {
  const int64_t columns = kind.gates * hidden;
  Value weights = node.transpose(direction(node.real(1), d, {columns, depth}), {1, 0}), bias;
  if (node.has(3)) {
    Value both = direction(node.real(3), d, {2 * columns});
    Value ofInput = node.sliceAlong(both, 0, 0, columns), ofState = node.sliceAlong(both, 0, columns, columns);
    if (cell.resetsProduct) {
      cell.resetBias = cell.gates(ofState, 2);
      Value zero = node.floats(SmallVector<float>(hidden, 0), {hidden});
      ofState = node.concat({cell.gates(ofState, 0, 2), zero}, 0);
    }
    bias = node.binary<AddOp>(ofInput, ofState);
  }
  Value product = node.matmul(input, weights, bias);
  node.nameStep(product, count == 1 ? ".inputs" : ".inputs" + std::to_string(d));
  return product;
}

/// 1 where a sequence has an element `t`, else 0: [batch, 1]. Null where all are known to have.
Value Recurrence::mask(int64_t t) {
  if (!node.has(4))
    return Value();
  if (const Content *lengths = node.content(4); lengths && !lengths->isReal()) {
    SmallVector<float> flags;
    for (const Dim &dim : lengths->ints)
      flags.push_back(dim.getStatic() > t);
    if (llvm::all_of(flags, [](float flag) { return flag == 1; }))
      return Value();
    return node.floats(flags, {int64_t(flags.size()), 1});
  }
  Value lengths = node.get(4);
  if (!node.elementOf(lengths).isInteger(32))
    node.fail("input 4 is not of type INT32");
  Value reals = node.emit<IntToFloatOp>(node.shapeOf(lengths), node.importer.builder.getF32Type(), lengths);
  Value left = node.binary<SubOp>(node.reshape(reals, {batch, 1}), node.floats(float(t)));
  return node.unary<ClipOp>(left, APFloat(0.0f), APFloat(1.0f));
}

/// `next` where the mask is 1, else `before`. Null is zeros.
Value Recurrence::choose(Value mask, Value next, Value before) {
  if (!mask || !next)
    return next;
  Value chosen = node.binary<MulOp>(next, mask);
  if (!before)
    return chosen;
  Value rest = node.binary<SubOp>(node.floats(1.0f), mask);
  return node.binary<AddOp>(chosen, node.binary<MulOp>(before, rest));
}

Cell Recurrence::makeCell(int64_t d, ArrayRef<Activation> activations) {
  Cell cell{node, hidden, activations, {}, {}, {}, {}};
  cell.couplesForget = node.getInt("input_forget", 0);
  cell.resetsProduct = kind.step == stepGRU && node.getInt("linear_before_reset", 0);
  if (node.hasAttribute("clip"))
    cell.clip = node.getFloat("clip", 0);
  cell.weights = node.transpose(direction(node.real(2), d, {kind.gates * hidden, hidden}), {1, 0});
  if (kind.hasCell && node.has(7))
    cell.peepholes = direction(node.real(7), d, {3 * hidden});
  return cell;
}

Unrolled Recurrence::unroll(int64_t d, ArrayRef<Activation> activations) {
  Cell cell = makeCell(d, activations);
  Value products = project(d, cell);
  Unrolled result;
  result.outputs.resize(length);
  CellState state{initial(5, d), kind.hasCell ? initial(6, d) : Value()};
  for (int64_t k = 0; k < length; ++k) {
    const int64_t t = isReversed(d) ? length - 1 - k : k;
    std::string name = suffix(d) + "." + std::to_string(t);
    Value present = mask(t);
    Value step = node.reshape(node.sliceAlong(products, 1, t, 1), {batch, kind.gates * hidden});
    CellState next = kind.step(cell, state, step, name);
    result.outputs[t] = choose(present, next.hidden, Value());
    state = {choose(present, next.hidden, state.hidden), choose(present, next.cell, state.cell)};
    node.nameStep(state.hidden, ".hidden" + name);
  }
  result.last = state;
  return result;
}

/// [batch, hidden]
Value Recurrence::zeros() {
  Type f32 = node.importer.builder.getF32Type();
  return node.generate({batch, hidden}, f32, {}, [&](Body &b) { return b.constant(f32, 0); });
}

/// 1 where a sequence has an element, else 0: [length, batch, 1]. Null where all have the same length.
Value Recurrence::masks() {
  if (!node.has(4))
    return Value();
  const Content *lengths = node.content(4);
  if (lengths && !lengths->isReal() && llvm::all_of(lengths->ints, [&](const Dim &each) { return each == steps; }))
    return Value();
  Value each = node.get(4);
  Builder &builder = node.importer.builder;
  if (!node.elementOf(each).isInteger(32))
    node.fail("input 4 is not of type INT32");
  return node.generate({steps, batch, 1}, builder.getF32Type(), each, [&](Body &b) {
    Scalar length = b.cast(b.read(0, {b.index(1)}), builder.getI64Type());
    return b.cast(b.less(b.index(0), length), builder.getF32Type());
  });
}

/// What is null is zeros, which a loop carries as such.
Looped Recurrence::loop(int64_t d, ArrayRef<Activation> activations) {
  Cell cell = makeCell(d, activations);
  RunTimeLoop loop;
  loop.scanned = {project(d, cell)};
  if (Value present = masks())
    loop.scanned.push_back(present);
  loop.trip = steps;
  loop.reversed.assign(loop.scanned.size() + 1, isReversed(d));
  for (unsigned operand : {5u, 6u})
    if (operand == 5 || kind.hasCell) {
      Value state = initial(operand, d);
      loop.inits.push_back(state ? state : zeros());
    }
  loop.names = {getStepName(node, ".hidden" + suffix(d))};
  auto step = [&](Value, ArrayRef<Value> carried, ArrayRef<Value> elements) {
    CellState before{carried[0], kind.hasCell ? carried[1] : Value()};
    Value present = elements.size() > 1 ? elements[1] : Value();
    CellState next = kind.step(cell, before, elements[0], suffix(d));
    Value output = choose(present, next.hidden, Value());
    SmallVector<Value> values = {choose(present, next.hidden, before.hidden)};
    if (kind.hasCell)
      values.push_back(choose(present, next.cell, before.cell));
    values.push_back(output);
    return values;
  };
  loop.body = step;
  loop.name = getStepName(node, ".steps" + suffix(d));
  if (kind.hasCell)
    loop.names.push_back(getStepName(node, ".cell" + suffix(d)));
  SmallVector<Value> results = buildLoop(node, loop);
  return {results.back(), {results[0], kind.hasCell ? results[1] : Value()}};
}

/// [length, directions, batch, hidden], or batch first.
void Recurrence::setSequence(ArrayRef<Looped> directions) {
  SmallVector<Value> each;
  for (const Looped &looped : directions)
    each.push_back(node.reshape(looped.outputs, {steps, 1, batch, hidden}));
  Value all = node.concat(each, 1);
  node.set(0, batchFirst ? node.transpose(all, {2, 0, 1, 3}) : all);
}

/// [length, directions, batch, hidden], or batch first.
void Recurrence::setSequence(ArrayRef<Unrolled> directions) {
  SmallVector<Value> each;
  for (const Unrolled &unrolled : directions) {
    SmallVector<Value> steps;
    for (Value output : unrolled.outputs)
      steps.push_back(node.reshape(output, {batch, 1, 1, hidden}));
    each.push_back(node.concat(steps, 1));
  }
  Value all = node.concat(each, 2);
  node.set(0, batchFirst ? all : node.transpose(all, {1, 2, 0, 3}));
}

/// [directions, batch, hidden], or batch first.
void Recurrence::setLast(unsigned result, ArrayRef<CellState> directions, Value CellState::*which) {
  SmallVector<Value> each;
  for (const CellState &last : directions)
    each.push_back(node.reshape(last.*which, {batch, 1, hidden}));
  Value all = node.concat(each, 1);
  node.set(result, batchFirst ? all : node.transpose(all, {1, 0, 2}));
}

void Recurrence::run() {
  SmallVector<Activation> activations = readActivations(node, kind.activations, count);
  SmallVector<Unrolled> unrolled;
  SmallVector<Looped> looped;
  SmallVector<CellState> last;
  for (int64_t d = 0; d < count; ++d) {
    auto own = ArrayRef(activations).slice(d * kind.activations.size(), kind.activations.size());
    if (isUnrolled)
      last.push_back(unrolled.emplace_back(unroll(d, own)).last);
    else
      last.push_back(looped.emplace_back(loop(d, own)).last);
  }
  if (node.wants(0) && isUnrolled)
    setSequence(unrolled);
  else if (node.wants(0))
    setSequence(looped);
  if (node.wants(1))
    setLast(1, last, &CellState::hidden);
  if (node.wants(2))
    setLast(2, last, &CellState::cell);
}

static void importRNN(Node &node) { Recurrence(node, {stepRNN, 1, {"Tanh"}}).run(); }

static void importGRU(Node &node) { Recurrence(node, {stepGRU, 3, {"Sigmoid", "Tanh"}}).run(); }

static void importLSTM(Node &node) { Recurrence(node, {stepLSTM, 4, {"Sigmoid", "Tanh", "Tanh"}, true}).run(); }

void nibble::onnximport::addRecurrences(TranslatorTable &table) {
  table["RNN"] = importRNN;
  table["GRU"] = importGRU;
  table["LSTM"] = importLSTM;
}
