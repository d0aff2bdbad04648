// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop: unrolled where its trip count and its conditions are known at compile time, else a loop of the compiled model.

#include "RunTimeControl.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The values that go from one iteration to the next, and those that each adds to the results.
struct LoopState {
  Known condition;
  std::vector<Known> carried;
  std::vector<std::vector<Known>> scans;
};
} // namespace

/// Whether the loop goes on behind `iteration` iterations.
static bool goesOn(Node &node, Known &condition, int64_t iteration) {
  const Content *content = node.importer.contentOf(condition);
  if (!content || content->size() != 1 || content->isReal() || !content->ints.front().isStatic())
    node.fail("the condition of iteration " + Twine(iteration) + " is not known at compile time", "loops are unrolled");
  return content->ints.front().getStatic() != 0;
}

/// The most iterations, if the node bounds them by what is known or by extents.
static std::optional<Dim> readTripCount(Node &node) {
  const Content *count = node.has(0) ? node.content(0) : nullptr;
  if (!count || count->isReal() || count->size() != 1)
    return std::nullopt;
  return count->ints.front();
}

static void run(Node &node, const onnx::GraphProto &body, LoopState &state) {
  std::optional<Dim> trip = readTripCount(node);
  std::optional<int64_t> count = trip ? std::optional(trip->getStatic()) : std::nullopt;
  const size_t carried = state.carried.size();
  for (int64_t i = 0; (!count || i < *count) && goesOn(node, state.condition, i); ++i) {
    std::vector<Known> inputs = {makeScalar(onnx::TensorProto::INT64, i), state.condition};
    llvm::append_range(inputs, state.carried);
    std::vector<Known> outputs = node.importer.translateIteration(node, body, inputs, i);
    state.condition = outputs.front();
    state.carried.assign(outputs.begin() + 1, outputs.begin() + 1 + carried);
    for (auto [k, scan] : llvm::enumerate(state.scans))
      scan.push_back(outputs[1 + carried + k]);
  }
}

/// Whether the loop goes on in all iterations that its trip count gives: each hands on the condition that it gets,
/// which is true, or says so.
static bool goesOnAlways(Node &node, const onnx::GraphProto &body, Known &condition) {
  const Content *first = node.importer.contentOf(condition);
  if (!first || first->size() != 1 || first->isReal() || first->ints.front() != Dim(1))
    return false;
  StringRef name = body.output(0).name();
  for (const onnx::NodeProto &each : llvm::reverse(body.node()))
    if (each.op_type() == "Identity" && each.output(0) == name)
      name = each.input(0);
  if (name == body.input(1).name())
    return true;
  for (const onnx::NodeProto &each : body.node())
    if (each.op_type() == "Constant" && each.output(0) == name)
      return true;
  return llvm::any_of(body.initializer(), [&](const onnx::TensorProto &tensor) { return tensor.name() == name; }) ||
         (llvm::none_of(body.node(),
                        [&](const onnx::NodeProto &each) { return llvm::is_contained(each.output(), name.str()); }) &&
          llvm::none_of(body.input(), [&](const onnx::ValueInfoProto &each) { return each.name() == name; }) &&
          node.importer.isConstant(name));
}

/// What the names in a graph and in those within it stand for.
static void addReads(const onnx::NodeProto &node, llvm::StringSet<> &reads) {
  for (const std::string &input : node.input())
    reads.insert(input);
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    for (const onnx::NodeProto &inner : attribute.g().node())
      addReads(inner, reads);
    for (const onnx::ValueInfoProto &output : attribute.g().output())
      reads.insert(output.name());
  }
}

/// Whether each condition of an unrolled loop would be known: it depends on no value that is not. What is computed of
/// the number, of constants and of known carried values is.
static bool hasKnownConditions(Node &node, const onnx::GraphProto &body, LoopState &state) {
  llvm::StringSet<> unknown;
  const int carried = state.carried.size();
  for (auto [i, known] : llvm::enumerate(state.carried))
    if (known.isTensor() && !node.importer.contentOf(known))
      unknown.insert(body.input(2 + i).name());
  llvm::StringSet<> inner;
  for (const onnx::ValueInfoProto &input : body.input())
    inner.insert(input.name());
  for (const onnx::TensorProto &tensor : body.initializer())
    inner.insert(tensor.name());
  for (const onnx::NodeProto &each : body.node())
    for (const std::string &output : each.output())
      inner.insert(output);
  for (size_t before = unknown.size() + 1; before != unknown.size();) {
    before = unknown.size();
    for (const onnx::NodeProto &each : body.node()) {
      llvm::StringSet<> reads;
      addReads(each, reads);
      const bool isKnown =
          each.op_type() == "Shape" || each.op_type() == "Size" || llvm::none_of(reads, [&](const auto &entry) {
            StringRef name = entry.getKey();
            return unknown.contains(name) ||
                   (!name.empty() && !inner.contains(name) && !node.importer.isConstant(name));
          });
      if (!isKnown)
        for (const std::string &output : each.output())
          unknown.insert(output);
    }
    for (int i = 0; i < carried; ++i)
      if (unknown.contains(body.output(1 + i).name()))
        unknown.insert(body.input(2 + i).name());
  }
  return !unknown.contains(body.output(0).name()) && node.importer.contentOf(state.condition);
}

static bool isUnrolled(Node &node, const onnx::GraphProto &body, LoopState &state) {
  std::optional<Dim> count = readTripCount(node);
  const bool isShort = count ? count->isStatic() && count->getStatic() <= kMostIterations : !node.has(0);
  return isShort && hasKnownConditions(node, body, state);
}

/// The loop of the compiled model that `node` becomes. A condition that may end it is the first carried value.
static void importRunTimeLoop(Node &node, const onnx::GraphProto &body, LoopState &state) {
  Importer &importer = node.importer;
  const size_t carried = state.carried.size(), outputs = node.proto.output_size();
  RunTimeLoop loop;
  loop.trip = readTripCount(node);
  if (loop.trip && !importer.symbols.areTold(*loop.trip))
    loop.trip.reset();
  if (!loop.trip && node.has(0))
    loop.count = scalarOf(node, 0, "the trip count");
  loop.isConditional = !goesOnAlways(node, body, state.condition);
  SmallVector<size_t> sequences;
  for (size_t i = carried; i < outputs; ++i)
    if (node.wants(i))
      sequences.push_back(i);
  if (!sequences.empty() && (!loop.trip || loop.isConditional))
    node.fail("output " + Twine(sequences.front()) +
                  " has an element for each iteration, and how many there are is "
                  "known only when the loop has run",
              "an extent or a constant as the trip count, without another condition, tells it before");
  if (loop.trip)
    loop.trip = nibble::max(*loop.trip, 0);
  loop.reversed.assign(sequences.size(), false);
  if (loop.isConditional) {
    loop.inits.push_back(node.has(1) ? scalarOf(node, 1, "the condition") : inMemory(node, state.condition));
    loop.names.push_back(importer.uniqueName(body.input(1).name()));
  }
  for (size_t i = 0; i < carried; ++i) {
    loop.inits.push_back(inMemory(node, state.carried[i]));
    loop.names.push_back(importer.uniqueName(body.input(2 + i).name()));
  }
  auto iterate = [&](Value number, ArrayRef<Value> values, ArrayRef<Value>) {
    std::vector<Known> inputs = {node.makeKnown(number),
                                 loop.isConditional ? node.makeKnown(values.front()) : state.condition};
    for (Value value : values.drop_front(loop.isConditional))
      inputs.push_back(node.makeKnown(value));
    std::vector<Known> results = importer.translateGraph(body, inputs);
    SmallVector<Value> yielded;
    if (loop.isConditional) {
      Value goesOn = inMemory(node, results.front());
      yielded.push_back(node.shapeOf(goesOn).empty() ? goesOn : node.reshape(goesOn, {}));
    } else if (!goesOn(node, results.front(), 0)) {
      node.fail("ends behind the first iteration, as its condition is always false");
    }
    for (size_t i = 0; i < carried; ++i)
      yielded.push_back(inMemory(node, results[1 + i]));
    for (size_t i : sequences)
      yielded.push_back(inMemory(node, results[1 + i]));
    return yielded;
  };
  loop.body = iterate;
  SmallVector<Value> results = buildLoop(node, loop);
  ArrayRef<Value> rest = ArrayRef(results).drop_front(loop.isConditional);
  for (size_t i = 0; i < carried; ++i)
    if (node.wants(i))
      node.alias(i, node.makeKnown(rest[i]));
  for (auto [i, value] : llvm::zip_equal(sequences, rest.drop_front(carried)))
    node.alias(i, node.makeKnown(value));
}

static void importLoop(Node &node) {
  LoopState state;
  state.condition = node.has(1) ? node.item(1) : makeScalar(onnx::TensorProto::BOOL, 1);
  for (unsigned i = 2; i < node.size(); ++i)
    state.carried.push_back(node.share(i));
  const size_t carried = state.carried.size(), outputs = node.proto.output_size();
  const onnx::GraphProto &body = node.graph("body", carried + 2, outputs + 1);
  if (!isUnrolled(node, body, state))
    return importRunTimeLoop(node, body, state);
  state.scans.resize(outputs - carried);
  run(node, body, state);
  for (size_t i = 0; i < outputs; ++i) {
    if (!node.wants(i))
      continue;
    if (i >= carried && state.scans[i - carried].empty())
      node.fail("has no iteration, so that output " + Twine(i) + " is empty");
    node.alias(i, i < carried ? state.carried[i] : node.join(state.scans[i - carried], 0, /*isNew=*/true));
  }
}

void nibble::onnximport::addLoops(TranslatorTable &table) { table["Loop"] = importLoop; }
