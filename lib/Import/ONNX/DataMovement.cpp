// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that move elements.

#include "Movement.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static void importTranspose(Node &node) {
  Value input = node.get(0);
  int64_t rank = node.shapeOf(input).size();
  SmallVector<int64_t> reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  SmallVector<int64_t> permutation = node.getInts("perm", reversed);
  if (int64_t(permutation.size()) != rank || !isPermutationVector(permutation))
    node.fail("attribute 'perm' is no permutation of " + Twine(rank) + " dimensions");
  node.set(0, node.transpose(input, permutation));
}

static void importConcat(Node &node) {
  SmallVector<Value> inputs = node.alike();
  node.set(0, node.concat(inputs, node.axis(node.getInt("axis", 0), node.shapeOf(inputs.front()).size())));
}

/// The extents of parts that are found at run time, as the results' shapes tell them.
static Shape declaredParts(Node &node, int64_t axis) {
  Shape parts;
  for (int i = 0; i < node.proto.output_size(); ++i)
    parts.push_back(node.resultShape(i, 1, "split", node.rank(0))[axis]);
  return parts;
}

/// The extents of a Split's parts.
static Shape readParts(Node &node, int64_t axis, const Dim &extent) {
  if (node.has(1) && !node.content(1))
    return declaredParts(node, axis);
  if (node.has(1))
    return Shape(ArrayRef<Dim>(node.content(1)->ints));
  int64_t count = node.getInt("num_outputs", node.proto.output_size());
  if (count < 1 || count != node.proto.output_size())
    node.fail("attribute 'num_outputs' is " + Twine(count) + ", but the node has " + Twine(node.proto.output_size()) +
              " outputs");
  const Dim part = ceilDiv(extent, count);
  Shape parts(count, part);
  parts.back() = count == 2 ? floorDiv(extent, 2) : extent - part * (count - 1);
  return parts;
}

static void importSplit(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  int64_t axis = node.axis(node.getInt("axis", 0), shape.size());
  const Dim extent = shape[axis];
  Shape parts = readParts(node, axis, extent), starts(shape.size(), 0);
  if (int64_t(parts.size()) != node.proto.output_size())
    node.fail("has " + Twine(node.proto.output_size()) + " outputs, expected " + Twine(parts.size()));
  for (auto [i, part] : llvm::enumerate(parts)) {
    Dim &start = starts[axis];
    if (isLess(part, 0) == true || isLess(extent, start + part) == true)
      node.fail("the parts exceed axis " + Twine(axis) + " of extent " + node.importer.symbols.print(extent));
    shape[axis] = part;
    if (node.wants(i))
      node.set(i, node.sliceFrom(input, starts, SmallVector<int64_t>(shape.size(), 1), shape));
    start += part;
  }
}

/// Rows of a table whose numbers the program finds.
static void importGatherRows(Node &node, Value table, const Shape &shape) {
  Value indices = node.plain(1);
  Shape picked = node.shapeOf(indices);
  llvm::append_range(picked, ArrayRef<Dim>(shape).drop_front());
  node.set(0, node.emit<GatherRowsOp>(picked, node.elementOf(table), table, indices, Value()));
}

/// Gather by indices that are constant: a slice of one element, or an index table; else of rows, or of anything.
static void importGather(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input), picked = shape;
  int64_t axis = node.axis(node.getInt("axis", 0), shape.size());
  if (!node.content(1) && axis == 0 && shape[0].isStatic() && shape[0].getStatic() > 0)
    return importGatherRows(node, input, shape);
  if (!node.content(1))
    return importGatherAt(node);
  SmallVector<int64_t> indices = node.ints(1, "indices");
  // From the end of an unknown extent it is for the program to count.
  if (!shape[axis].isStatic() && (indices.size() != 1 || indices.front() < 0))
    return importGatherAt(node);
  for (int64_t &index : indices) {
    if (!shape[axis].isStatic())
      break;
    index += index < 0 ? shape[axis].getStatic() : 0;
    if (index < 0 || index >= shape[axis].getStatic())
      node.fail("an index lies outside axis " + Twine(axis) + " of extent " + Twine(shape[axis].getStatic()));
  }
  picked[axis] = indices.size();
  Value result;
  if (indices.size() == 1) {
    SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
    starts[axis] = indices.front();
    result = node.slice(input, starts, steps, picked);
  } else {
    result = node.emit<ResizeNearestOp>(picked, node.elementOf(input), input, ArrayRef<int64_t>{axis}, indices);
  }
  Shape indexShape = node.shape(1);
  picked.erase(picked.begin() + axis);
  picked.insert(picked.begin() + axis, indexShape.begin(), indexShape.end());
  node.name(result, 0);
  node.set(0, node.reshape(result, picked));
}

/// Splits the image's extents or channels by the attribute `blocksize`, and permutes.
static void importDepthToSpace(Node &node) {
  Value input = node.get(0);
  Shape s = node.shapeOf(input);
  int64_t block = node.getInt("blocksize", 0);
  std::optional<Dim> depth =
      s.size() == 4 && block > 0 && block <= INT16_MAX ? divideExactly(s[1], block * block) : std::nullopt;
  if (!depth)
    node.fail("attribute 'blocksize' is " + Twine(block) + ", which does not divide the channels");
  bool isDepthFirst = node.getString("mode", "DCR") == "DCR";
  Shape split =
      isDepthFirst ? Shape{s[0], block, block, *depth, s[2], s[3]} : Shape{s[0], *depth, block, block, s[2], s[3]};
  SmallVector<int64_t> permutation = {0, 1, 4, 2, 5, 3};
  if (isDepthFirst)
    permutation = {0, 3, 4, 1, 5, 2};
  Value swapped = node.transpose(node.reshape(input, split), permutation);
  node.name(swapped, 0);
  node.set(0, node.reshape(swapped, {s[0], *depth, s[2] * block, s[3] * block}));
}

static void importSpaceToDepth(Node &node) {
  Value input = node.get(0);
  Shape s = node.shapeOf(input);
  int64_t block = node.getInt("blocksize", 0);
  std::optional<Dim> height, width;
  if (s.size() == 4 && block > 0 && block <= INT16_MAX) {
    height = divideExactly(s[2], block);
    width = divideExactly(s[3], block);
  }
  if (!height || !width)
    node.fail("attribute 'blocksize' is " + Twine(block) + ", which does not divide the image");
  Value split = node.reshape(input, {s[0], s[1], *height, block, *width, block});
  const bool isDepthFirst = node.getString("mode", "DCR") == "DCR";
  Value swapped =
      node.transpose(split, isDepthFirst ? ArrayRef<int64_t>{0, 3, 5, 1, 2, 4} : ArrayRef<int64_t>{0, 1, 3, 5, 2, 4});
  node.name(swapped, 0);
  node.set(0, node.reshape(swapped, {s[0], s[1] * (block * block), *height, *width}));
}

void nibble::onnximport::addDataMovement(TranslatorTable &table) {
  table["Transpose"] = importTranspose;
  table["Concat"] = importConcat;
  table["Split"] = importSplit;
  table["Gather"] = importGather;
  table["DepthToSpace"] = importDepthToSpace;
  table["SpaceToDepth"] = importSpaceToDepth;
}
