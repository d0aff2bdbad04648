// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sequences: lists of tensors during import, of which nothing remains in the function.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

using Elements = std::vector<Known>;

static const Elements &elements(Node &node, unsigned i) {
  Known &known = node.item(i);
  if (!known.sequence)
    node.fail("input " + Twine(i) + " ('" + node.proto.input(i) + "') is " +
              (known.isEmpty ? "an empty optional" : "a tensor") + ", expected a sequence");
  return *known.sequence;
}

static void setSequence(Node &node, Elements elements) {
  Known known;
  known.sequence = std::make_shared<const Elements>(std::move(elements));
  node.alias(0, std::move(known));
}

static void importSequenceEmpty(Node &node) { setSequence(node, {}); }

static void importSequenceConstruct(Node &node) {
  Elements list;
  for (unsigned i = 0; i < node.size(); ++i) {
    node.known(i);
    list.push_back(node.share(i));
  }
  setSequence(node, std::move(list));
}

/// The position in operand `i`, counted from the front; it is at most `last`. Without the operand it is `otherwise`.
static size_t position(Node &node, unsigned i, size_t count, size_t last, size_t otherwise) {
  if (!node.has(i))
    return otherwise;
  SmallVector<int64_t> values = node.ints(i, "the position");
  const int64_t value = values.size() == 1 ? values.front() : INT64_MAX, extent = count;
  const int64_t wrapped = value < 0 ? value + extent : value;
  if (wrapped < 0 || wrapped > int64_t(last))
    node.fail("position " + Twine(value) + " lies outside a sequence of " + Twine(count) + " elements");
  return wrapped;
}

/// The position of an element that there is.
static size_t existing(Node &node, const Elements &list, size_t otherwise) {
  if (list.empty())
    node.fail("the sequence is empty");
  return position(node, 1, list.size(), list.size() - 1, otherwise);
}

static void importSequenceInsert(Node &node) {
  Elements list = elements(node, 0);
  node.known(1);
  const size_t at = position(node, 2, list.size(), list.size(), list.size());
  list.insert(list.begin() + at, node.share(1));
  setSequence(node, std::move(list));
}

static void importSequenceErase(Node &node) {
  Elements list = elements(node, 0);
  list.erase(list.begin() + existing(node, list, list.empty() ? 0 : list.size() - 1));
  setSequence(node, std::move(list));
}

static void importSequenceAt(Node &node) {
  const Elements &list = elements(node, 0);
  node.alias(0, list[existing(node, list, 0)]);
}

static void importSequenceLength(Node &node) {
  node.alias(0, makeScalar(onnx::TensorProto::INT64, elements(node, 0).size()));
}

/// The extents of the parts that a SplitToSequence makes of `extent` elements.
static SmallVector<int64_t> readParts(Node &node, int64_t extent) {
  if (!node.has(1))
    return SmallVector<int64_t>(extent, 1);
  SmallVector<int64_t> parts = node.ints(1, "split");
  if (node.rank(1) == 0) {
    const int64_t part = parts.front();
    if (part < 1)
      node.fail("splits into parts of " + Twine(part) + " elements, expected at least 1");
    parts.assign(extent / part, part);
    if (extent % part)
      parts.push_back(extent % part);
  }
  int64_t total = 0;
  for (int64_t part : parts)
    total = part < 0 || part > extent - total ? extent + 1 : total + part;
  if (total != extent)
    node.fail("the parts do not add up to the axis' extent, " + Twine(extent));
  return parts;
}

static void importSplitToSequence(Node &node) {
  const int64_t axis = node.axis(node.getInt("axis", 0), node.rank(0));
  const Dim extent = node.shape(0)[axis];
  if (!extent.isStatic())
    node.fail("axis " + Twine(axis) + " has an extent that is unknown at compile time");
  const bool drops = !node.has(1) && !node.getInt("keepdims", 1);
  Elements list;
  int64_t start = 0;
  for (int64_t part : readParts(node, extent.getStatic())) {
    Known piece = node.part(node.known(0), axis, start, part);
    list.push_back(drops ? node.dropAxis(piece, axis) : piece);
    start += part;
  }
  setSequence(node, std::move(list));
}

static void importConcatFromSequence(Node &node) {
  Elements list = elements(node, 0);
  if (list.empty() || !list.front().isTensor())
    node.fail("the sequence has no tensors to join");
  const bool isNew = node.getInt("new_axis", 0);
  const int64_t rank = list.front().shape.size() + isNew;
  Known joined = node.join(list, node.axis(node.getInt("axis", 0), rank), isNew);
  if (joined.value)
    return node.set(0, joined.value);
  node.alias(0, joined);
}

static void importOptional(Node &node) {
  if (node.has(0))
    return node.alias(0, node.share(0));
  Known known;
  known.isEmpty = true;
  node.alias(0, known);
}

static void importOptionalHasElement(Node &node) {
  node.alias(0, makeScalar(onnx::TensorProto::BOOL, node.has(0) && !node.item(0).isEmpty));
}

static void importOptionalGetElement(Node &node) {
  if (node.item(0).isEmpty)
    node.fail("input 0 ('" + node.proto.input(0) + "') is an empty optional");
  node.alias(0, node.share(0));
}

void nibble::onnximport::addSequences(TranslatorTable &table) {
  table["SequenceEmpty"] = importSequenceEmpty;
  table["SequenceConstruct"] = importSequenceConstruct;
  table["SequenceInsert"] = importSequenceInsert;
  table["SequenceErase"] = importSequenceErase;
  table["SequenceAt"] = importSequenceAt;
  table["SequenceLength"] = importSequenceLength;
  table["SplitToSequence"] = importSplitToSequence;
  table["ConcatFromSequence"] = importConcatFromSequence;
  table["Optional"] = importOptional;
  table["OptionalHasElement"] = importOptionalHasElement;
  table["OptionalGetElement"] = importOptionalGetElement;
}
