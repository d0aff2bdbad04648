// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scan: unrolled where the scanned axes are short and of a length that is known, else a loop of the compiled model.

#include "RunTimeControl.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// An operand that is read element by element along an axis.
struct Scanned {
  Known whole;
  int64_t axis = 0;
  bool isReversed = false;
};

/// How many values go from one iteration to the next, how many are read and how many written by each.
struct ScanCounts {
  size_t states, reads, writes;
};
} // namespace

/// Entry `i` of an attribute that has one for each operand or result, 0 without the attribute.
static int64_t entry(Node &node, StringRef name, size_t i, size_t count) {
  SmallVector<int64_t> values = node.getInts(name, SmallVector<int64_t>(count, 0));
  if (values.size() != count)
    node.fail("attribute '" + name + "' has " + Twine(values.size()) + " entries, expected " + Twine(count));
  return values[i];
}

static ScanCounts readCounts(Node &node) {
  const int64_t reads = node.getInt("num_scan_inputs", 0), inputs = node.size(), outputs = node.proto.output_size();
  if (reads < 1 || reads > inputs || inputs - reads > outputs)
    node.fail("attribute 'num_scan_inputs' is " + Twine(reads) + ", but the node has " + Twine(inputs) +
              " inputs and " + Twine(outputs) + " outputs");
  return {size_t(inputs - reads), size_t(reads), size_t(outputs - (inputs - reads))};
}

/// Extent of `axis` of operand `i`.
static int64_t extent(Node &node, const Known &operand, int64_t axis, size_t i) {
  const Dim &dim = operand.shape[axis];
  if (!dim.isStatic())
    node.fail("axis " + Twine(axis) + " of input " + Twine(i) + " has an extent that is unknown at compile time",
              "give it a fixed extent by --dim");
  return dim.getStatic();
}

/// The length of the scanned axes.
static Dim readLength(Node &node, ArrayRef<Scanned> operands) {
  const Dim length = operands.front().whole.shape[operands.front().axis];
  for (const Scanned &operand : operands) {
    const Dim &other = operand.whole.shape[operand.axis];
    if (other.isStatic() && length.isStatic() && other != length)
      node.fail("scans axes of unlike extents, " + Twine(length.getStatic()) + " and " + Twine(other.getStatic()));
    if (other != length && node.importer.symbols.areTold({other, length}))
      node.importer.requirements.push_back({other, length});
  }
  return length;
}

/// The parts that the iterations made of scanned output `i`, joined.
static Known write(Node &node, MutableArrayRef<Known> parts, size_t i, size_t count) {
  if (parts.empty())
    node.fail("has no iteration, so that a scanned output is empty");
  const int64_t axis = node.axis(entry(node, "scan_output_axes", i, count), parts.front().shape.size() + 1);
  if (entry(node, "scan_output_directions", i, count))
    std::reverse(parts.begin(), parts.end());
  return node.join(parts, axis, /*isNew=*/true);
}

/// `value` with dimension `from` at the place of dimension `to`.
static Value moveAxis(Node &node, Value value, int64_t from, int64_t to) {
  if (from == to)
    return value;
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, node.shapeOf(value).size()));
  permutation.erase(permutation.begin() + from);
  permutation.insert(permutation.begin() + to, from);
  return node.transpose(value, permutation);
}

/// The results of a scan that is a loop of the compiled model.
static std::vector<Known> loop(Node &node, const onnx::GraphProto &body, ArrayRef<Known> inputs,
                               ArrayRef<Scanned> operands, const ScanCounts &counts) {
  Importer &importer = node.importer;
  RunTimeLoop loop;
  for (size_t i = 0; i < counts.states; ++i) {
    loop.inits.push_back(inMemory(node, inputs[i]));
    loop.names.push_back(importer.uniqueName(body.input(i).name()));
  }
  for (const Scanned &operand : operands) {
    loop.scanned.push_back(moveAxis(node, inMemory(node, operand.whole), operand.axis, 0));
    loop.names.push_back(importer.uniqueName(body.input(loop.names.size()).name()));
    loop.reversed.push_back(operand.isReversed);
  }
  for (size_t k = 0; k < counts.writes; ++k)
    loop.reversed.push_back(entry(node, "scan_output_directions", k, counts.writes) != 0);
  loop.trip = operands.front().whole.shape[operands.front().axis];
  auto iterate = [&](Value, ArrayRef<Value> carried, ArrayRef<Value> elements) {
    std::vector<Known> arguments;
    for (Value value : llvm::concat<const Value>(carried, elements))
      arguments.push_back(node.makeKnown(value));
    SmallVector<Value> values;
    for (const Known &known : importer.translateGraph(body, arguments))
      values.push_back(inMemory(node, known));
    return values;
  };
  loop.body = iterate;
  std::vector<Known> results;
  for (auto [i, value] : llvm::enumerate(buildLoop(node, loop))) {
    const int64_t rank = node.shapeOf(value).size();
    const size_t k = i - counts.states;
    results.push_back(node.makeKnown(
        i < counts.states
            ? value
            : moveAxis(node, value, 0, node.axis(entry(node, "scan_output_axes", k, counts.writes), rank))));
  }
  return results;
}

/// The results of a scan over `inputs`, of which the states come first.
static std::vector<Known> scan(Node &node, ArrayRef<Known> inputs, const ScanCounts &counts) {
  const onnx::GraphProto &body = node.graph("body", inputs.size(), counts.states + counts.writes);
  SmallVector<Scanned> operands;
  for (auto [i, input] : llvm::enumerate(inputs.drop_front(counts.states)))
    operands.push_back({input, node.axis(entry(node, "scan_input_axes", i, counts.reads), input.shape.size()),
                        entry(node, "scan_input_directions", i, counts.reads) != 0});
  std::vector<Known> results(inputs.begin(), inputs.begin() + counts.states);
  std::vector<std::vector<Known>> written(counts.writes);
  const Dim dim = readLength(node, operands);
  if (!dim.isStatic() || dim.getStatic() > kMostUnrolledSteps)
    return loop(node, body, inputs, operands, counts);
  const int64_t length = dim.getStatic();
  for (int64_t i = 0; i < length; ++i) {
    for (Scanned &operand : operands) {
      Known element = node.part(operand.whole, operand.axis, operand.isReversed ? length - 1 - i : i, 1);
      results.push_back(node.dropAxis(element, operand.axis));
    }
    results = node.importer.translateIteration(node, body, results, i);
    for (auto [k, parts] : llvm::enumerate(written))
      parts.push_back(results[counts.states + k]);
    results.resize(counts.states);
  }
  for (auto [k, parts] : llvm::enumerate(written))
    results.push_back(write(node, parts, k, counts.writes));
  return results;
}

static std::vector<Known> readInputs(Node &node) {
  std::vector<Known> inputs;
  for (unsigned i = 0; i < node.size(); ++i) {
    node.known(i);
    inputs.push_back(node.share(i));
  }
  return inputs;
}

static void setResults(Node &node, ArrayRef<Known> results) {
  for (auto [i, result] : llvm::enumerate(results))
    if (node.wants(i))
      node.alias(i, result);
}

static void importScan(Node &node) {
  const ScanCounts counts = readCounts(node);
  setResults(node, scan(node, readInputs(node), counts));
}

/// Opset 8: dimension 0 of all operands and results is a batch, each of whose samples is scanned.
static void importBatchedScan(Node &node) {
  const ScanCounts counts = readCounts(node);
  std::vector<Known> inputs = readInputs(node);
  std::vector<std::vector<Known>> samples(counts.states + counts.writes);
  for (const Known &input : inputs)
    if (input.shape.empty())
      node.fail("an input has rank 0, expected a batch");
  const int64_t batch = extent(node, inputs.front(), 0, 0);
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<Known> sample;
    for (auto [i, input] : llvm::enumerate(inputs)) {
      if (extent(node, input, 0, i) != batch)
        node.fail("scans axes of unlike extents, " + Twine(batch) + " and " + Twine(extent(node, input, 0, i)));
      sample.push_back(node.dropAxis(node.part(input, 0, b, 1), 0));
    }
    for (auto [k, result] : llvm::enumerate(scan(node, sample, counts)))
      samples[k].push_back(result);
  }
  std::vector<Known> results;
  for (std::vector<Known> &parts : samples)
    results.push_back(node.join(parts, 0, /*isNew=*/true));
  setResults(node, results);
}

void nibble::onnximport::addScans(TranslatorTable &table) {
  table["Scan"] = importScan;
  table[operatorName(kLegacyDomain, "Scan")] = importBatchedScan;
}
