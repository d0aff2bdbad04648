// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TreeEnsemble of ai.onnx.ml: decision trees, as tables that a scalar program follows.

#include "Generate.h"

#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// Modes of nodes and ways to aggregate, as ONNX numbers them.
enum Mode { LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member };
enum Aggregate { Average, Sum, Min, Max };

/// Columns of the nodes' table. A child is a node, or where it is negative the leaf -1 - child.
enum Column { ModeColumn, Feature, TrueChild, FalseChild, TracksTrue, FirstMember, MemberCount, ColumnCount };

struct Trees {
  std::vector<int64_t> nodes; ///< rows of ColumnCount
  std::vector<int64_t> roots, leafTargets;
  Value splits, weights, members;
  int64_t depth = 0, targets = 0;
  int64_t aggregate = Sum;

  int64_t child(int64_t node, Column column) const { return nodes[node * ColumnCount + column]; }
  int64_t count() const { return int64_t(nodes.size()) / ColumnCount; }
};
} // namespace

/// A tensor attribute as a constant, of floats of type `element`; null if the node has none.
static Value readTensor(Node &node, StringRef name, Type element) {
  const onnx::AttributeProto *found = node.attribute(name);
  if (!found)
    return Value();
  const Bytes data = node.importer.bytes(found->t());
  Type stored = node.importer.elementType(found->t().data_type());
  if (stored != element)
    node.fail("attribute '" + name + "' and input 0 have unlike types");
  auto type = RankedTensorType::get({int64_t(data.data.size()) / *getElementBytes(stored)}, stored);
  return node.importer.constant(node.location(), type, node.importer.attribute(type, data, name));
}

static std::vector<int64_t> readModes(Node &node) {
  const onnx::AttributeProto *found = node.attribute("nodes_modes");
  std::vector<int64_t> modes;
  if (found && found->t().data_type() == onnx::TensorProto::UINT8)
    for (char mode : node.importer.bytes(found->t()).data)
      modes.push_back(uint8_t(mode));
  if (modes.empty() || llvm::any_of(modes, [](int64_t mode) { return mode > Member; }))
    node.fail("attribute 'nodes_modes' holds no modes of nodes");
  return modes;
}

/// An attribute with an entry a node; zeros if it is left out.
static SmallVector<int64_t> readEach(Node &node, StringRef name, size_t count) {
  SmallVector<int64_t> values = node.getInts(name, SmallVector<int64_t>(count, 0));
  if (values.size() != count)
    node.fail("attribute '" + name + "' has " + Twine(values.size()) + " entries, expected " + Twine(count));
  return values;
}

/// Sets which members each node tests: they follow one another in the order of the nodes, a NaN behind each one's.
static void readMembers(Node &node, Trees &trees, ArrayRef<double> members) {
  size_t at = 0;
  for (int64_t n = 0; n < trees.count(); ++n) {
    int64_t *row = &trees.nodes[n * ColumnCount];
    if (row[ModeColumn] != Member)
      continue;
    row[FirstMember] = int64_t(at);
    while (at < members.size() && !std::isnan(members[at]))
      ++at;
    if (at == members.size())
      node.fail("attribute 'membership_values' has too few values, expected those of each node that tests members");
    row[MemberCount] = int64_t(at++) - row[FirstMember];
  }
}

static void readNodes(Node &node, Trees &trees, int64_t features) {
  const std::vector<int64_t> modes = readModes(node);
  const size_t count = modes.size();
  auto feature = readEach(node, "nodes_featureids", count),
       tracks = readEach(node, "nodes_missing_value_tracks_true", count);
  auto isTrueLeaf = readEach(node, "nodes_trueleafs", count), whenTrue = readEach(node, "nodes_truenodeids", count);
  auto isFalseLeaf = readEach(node, "nodes_falseleafs", count), whenFalse = readEach(node, "nodes_falsenodeids", count);
  auto child = [&](int64_t isLeaf, int64_t id) {
    if (id < 0 || id >= (isLeaf ? int64_t(trees.leafTargets.size()) : int64_t(count)))
      node.fail("a node names " + Twine(isLeaf ? "leaf " : "node ") + Twine(id) + ", which there is not");
    return isLeaf ? -1 - id : id;
  };
  for (size_t n = 0; n < count; ++n) {
    if (feature[n] < 0 || feature[n] >= features)
      node.fail("a node reads feature " + Twine(feature[n]) + " of " + Twine(features));
    const int64_t row[ColumnCount] = {
        modes[n], feature[n], child(isTrueLeaf[n], whenTrue[n]), child(isFalseLeaf[n], whenFalse[n]), tracks[n], 0, 0};
    trees.nodes.insert(trees.nodes.end(), std::begin(row), std::end(row));
  }
}

/// Roots; one whose node leads to one leaf either way is that leaf. Sets the depth of the deepest tree.
static void readRoots(Node &node, Trees &trees) {
  for (int64_t root : node.getInts("tree_roots")) {
    if (root < 0 || root >= trees.count())
      node.fail("attribute 'tree_roots' names node " + Twine(root) + ", which there is not");
    trees.roots.push_back(root);
  }
  std::vector<int64_t> level(trees.roots.begin(), trees.roots.end());
  for (; !level.empty(); ++trees.depth) {
    if (trees.depth > trees.count())
      node.fail("the nodes form a cycle");
    llvm::sort(level);
    level.erase(llvm::unique(level), level.end());
    std::vector<int64_t> next;
    for (int64_t n : level)
      for (Column column : {TrueChild, FalseChild})
        if (trees.child(n, column) >= 0)
          next.push_back(trees.child(n, column));
    level = std::move(next);
  }
}

static Value table(Node &node, ArrayRef<int64_t> values, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, node.importer.builder.getI64Type());
  return node.importer.constant(node.location(), type, DenseElementsAttr::get(type, values));
}

static Trees readTrees(Node &node, Type element, int64_t features) {
  Trees trees;
  SmallVector<int64_t> targets = node.getInts("leaf_targetids");
  trees.leafTargets.assign(targets.begin(), targets.end());
  trees.targets = node.getInt("n_targets", 1);
  trees.aggregate = node.getInt("aggregate_function", Sum);
  trees.splits = readTensor(node, "nodes_splits", element);
  trees.weights = readTensor(node, "leaf_weights", element);
  trees.members = readTensor(node, "membership_values", element);
  readNodes(node, trees, features);
  SmallVector<double> members;
  if (trees.members)
    members = toReals(element, node.importer.bytes(node.attribute("membership_values")->t()).data);
  else
    trees.members = trees.splits; // read by no node
  readMembers(node, trees, members);
  readRoots(node, trees);
  const bool areTargetsGood = llvm::all_of(targets, [&](int64_t t) { return t >= 0 && t < trees.targets; });
  if (!areTargetsGood || trees.targets < 1 || trees.roots.empty() || trees.aggregate < Average || trees.aggregate > Max)
    node.fail("attributes 'leaf_targetids', 'n_targets', 'tree_roots' and 'aggregate_function' do not fit each other");
  if (!trees.splits || !trees.weights || node.shapeOf(trees.splits)[0] != trees.count() ||
      node.shapeOf(trees.weights)[0] != int64_t(targets.size()))
    node.fail("attributes 'nodes_splits' and 'leaf_weights' do not fit the nodes and leaves");
  return trees;
}

namespace {
/// The operands of the program.
enum TreeOperand : unsigned { Input, Nodes, Splits, Members, Roots, Targets, Weights };
} // namespace

/// Whether one of the node's members is `x`.
static Scalar isMember(Body &b, Scalar node, Scalar x) {
  Scalar first = b.read(Nodes, {node, b.integer(FirstMember)}), count = b.read(Nodes, {node, b.integer(MemberCount)});
  return b.loop(count, {b.boolean(false)}, [&](Scalar i, ArrayRef<Scalar> found) -> Scalars {
    return {b.or_(found[0], b.equal(x, b.read(Members, {b.add(first, i)})))};
  })[0];
}

/// The node's child for the row of features.
static Scalar step(Body &b, Scalar node) {
  auto column = [&](Column c) { return b.read(Nodes, {node, b.integer(c)}); };
  Scalar x = b.read(Input, {b.index(0), column(Feature)}), split = b.read(Splits, {node}), mode = column(ModeColumn);
  Scalar truths[] = {b.lessOrEqual(x, split), b.less(x, split),  b.greaterOrEqual(x, split),
                     b.greater(x, split),     b.equal(x, split), b.not_(b.equal(x, split)),
                     isMember(b, node, x)};
  Scalar isTrue = b.and_(b.isNaN(x), b.not_(b.equal(column(TracksTrue), b.integer(0))));
  for (auto [m, truth] : llvm::enumerate(truths))
    isTrue = b.or_(isTrue, b.and_(b.equal(mode, b.integer(int64_t(m))), truth));
  return b.select(isTrue, column(TrueChild), column(FalseChild));
}

/// `total` with a leaf's weight.
static Scalar aggregated(Body &b, const Trees &trees, Scalar total, Scalar weight) {
  switch (trees.aggregate) {
  case Min:
    return b.min(total, weight);
  case Max:
    return b.max(total, weight);
  case Average:
    return b.add(total, b.div(weight, b.constant(weight.type, double(trees.roots.size()))));
  default:
    return b.add(total, weight);
  }
}

static Scalar evaluate(Body &b, const Trees &trees) {
  Type element = b.elementOf(Input);
  auto start = [&] {
    bool lost;
    APFloat largest = APFloat::getLargest(cast<FloatType>(element).getFloatSemantics(), trees.aggregate == Max);
    largest.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    return b.constant(element, trees.aggregate < Min ? 0.0 : largest.convertToDouble());
  };
  return b.loop(b.extent(Roots, 0), {start()}, [&](Scalar tree, ArrayRef<Scalar> total) -> Scalars {
    Scalars root = {b.read(Roots, {tree})};
    Scalar end = b.loop(b.integer(trees.depth), root, [&](Scalar, ArrayRef<Scalar> node) -> Scalars {
      Scalar isLeaf = b.less(node[0], b.integer(0));
      return {b.select(isLeaf, node[0], step(b, node[0]))};
    })[0];
    Scalar leaf = b.sub(b.integer(-1), end);
    Scalar isMine = b.equal(b.read(Targets, {leaf}), b.index(1));
    return {b.select(isMine, aggregated(b, trees, total[0], b.read(Weights, {leaf})), total[0])};
  })[0];
}

static void importTreeEnsemble(Node &node) {
  Value input = node.plain(0);
  Shape shape = node.shapeOf(input);
  if (shape.size() != 2 || !shape[1].isStatic() || !isa<FloatType>(node.elementOf(input)))
    node.fail("input 0 has shape " + node.importer.symbols.print(shape) + ", expected rows of floats");
  if (const int64_t function = node.getInt("post_transform", 0))
    node.fail("attribute 'post_transform' is " + Twine(function) + ", expected 0",
              "do it by nodes of its own behind this one");
  const Trees trees = readTrees(node, node.elementOf(input), shape[1].getStatic());
  SmallVector<Value> operands = {input,
                                 table(node, trees.nodes, {trees.count(), ColumnCount}),
                                 trees.splits,
                                 trees.members,
                                 table(node, trees.roots, {int64_t(trees.roots.size())}),
                                 table(node, trees.leafTargets, {int64_t(trees.leafTargets.size())}),
                                 trees.weights};
  node.set(0, node.generate({shape[0], trees.targets}, node.elementOf(input), operands,
                            [&](Body &b) { return evaluate(b, trees); }));
}

void nibble::onnximport::addTrees(TranslatorTable &table) { table["ai.onnx.ml.TreeEnsemble"] = importTreeEnsemble; }
