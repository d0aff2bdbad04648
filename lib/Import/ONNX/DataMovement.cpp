// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that move elements.

#include "Importer.h"

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

/// The extents of a Split's parts.
static SmallVector<int64_t> readParts(Node &node, int64_t extent) {
  if (node.has(1))
    return node.ints(1, "split");
  int64_t count = node.getInt("num_outputs", node.proto.output_size());
  if (count < 1 || count != node.proto.output_size())
    node.fail("attribute 'num_outputs' is " + Twine(count) + ", but the node has " + Twine(node.proto.output_size()) +
              " outputs");
  int64_t part = (extent + count - 1) / count;
  SmallVector<int64_t> parts(count, part);
  parts.back() = extent - part * (count - 1);
  return parts;
}

static void importSplit(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  int64_t axis = node.axis(node.getInt("axis", 0), shape.size());
  if (!shape[axis].isStatic())
    node.fail("axis " + Twine(axis) + " has an extent that is unknown at compile time");
  int64_t extent = shape[axis].factor, total = 0;
  SmallVector<int64_t> parts = readParts(node, extent), starts(shape.size(), 0), steps(shape.size(), 1);
  if (int64_t(parts.size()) != node.proto.output_size())
    node.fail("has " + Twine(node.proto.output_size()) + " outputs, expected " + Twine(parts.size()));
  for (auto [i, part] : llvm::enumerate(parts)) {
    if (part < 0 || part > extent - total)
      node.fail("the parts exceed axis " + Twine(axis) + " of extent " + Twine(extent));
    starts[axis] = total;
    shape[axis] = part;
    total += part;
    if (node.wants(i))
      node.set(i, node.slice(input, starts, steps, shape));
  }
}

/// Start and number of elements of a range, as ONNX clamps them.
static std::pair<int64_t, int64_t> clampRange(int64_t start, int64_t end, int64_t step, int64_t extent) {
  auto wrap = [&](int64_t i) { return i < 0 ? std::max(i, -extent - 1) + extent : i; };
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  if (extent == 0)
    return {0, 0};
  start = std::clamp(wrap(start), int64_t(0), high);
  end = std::clamp(wrap(end), low, high);
  int64_t distance = step > 0 ? end - start : start - end, stride = std::abs(step);
  return {start, distance <= 0 ? 0 : (distance - 1) / stride + 1};
}

static void importSlice(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  int64_t rank = shape.size();
  SmallVector<int64_t> from = node.ints(1, "starts"), to = node.ints(2, "ends");
  SmallVector<int64_t> axes = node.has(3) ? node.ints(3, "axes") : llvm::to_vector(llvm::seq<int64_t>(0, from.size()));
  SmallVector<int64_t> by = node.has(4) ? node.ints(4, "steps") : SmallVector<int64_t>(from.size(), 1);
  if (to.size() != from.size() || axes.size() != from.size() || by.size() != from.size())
    node.fail("starts, ends, axes and steps have unlike lengths");
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1);
  for (auto [start, end, axis, step] : llvm::zip(from, to, axes, by)) {
    int64_t dim = node.axis(axis, rank);
    if (step == 0 || step == INT64_MIN)
      node.fail("step " + Twine(step) + " along axis " + Twine(dim));
    bool isWhole = start == 0 && step == 1 && end >= INT32_MAX;
    if (isWhole)
      continue;
    if (!shape[dim].isStatic())
      node.fail("slices axis " + Twine(dim) + ", whose extent is unknown at compile time");
    auto [first, count] = clampRange(start, end, step, shape[dim].factor);
    starts[dim] = count ? first : 0;
    steps[dim] = count ? step : 1;
    shape[dim] = count;
  }
  node.set(0, node.slice(input, starts, steps, shape));
}

static PadMode readPadMode(Node &node) {
  std::string mode = node.getString("mode", "constant");
  if (mode == "constant")
    return PadMode::Constant;
  if (mode == "edge")
    return PadMode::Edge;
  if (mode == "reflect")
    return PadMode::Reflect;
  node.fail("attribute 'mode' is '" + mode + "', expected 'constant', 'edge' or 'reflect'");
}

/// The real number that a padding holds; null for zero, and for the integer that stands for zero.
static FloatAttr readPadValue(Node &node, Type element) {
  if (!node.has(2))
    return FloatAttr();
  double value;
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element))
    value = (node.ints(2, "the padding value").front() - type.getZeroPoint()) * type.getScale();
  else if (isa<IntegerType>(element))
    value = node.ints(2, "the padding value").front();
  else
    value = node.scalar(2, "the padding value");
  return value == 0 ? FloatAttr() : node.importer.builder.getF64FloatAttr(value);
}

static void importPad(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  int64_t rank = shape.size();
  SmallVector<int64_t> pads = node.ints(1, "pads");
  SmallVector<int64_t> axes = node.has(3) ? node.ints(3, "axes") : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (pads.size() != 2 * axes.size())
    node.fail("has " + Twine(pads.size()) + " pads, expected " + Twine(2 * axes.size()));
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    int64_t dim = node.axis(axis, rank);
    low[dim] = pads[i];
    high[dim] = pads[axes.size() + i];
    if (std::max(std::abs(low[dim] / 2), std::abs(high[dim] / 2)) > INT32_MAX)
      node.fail("pads axis " + Twine(dim) + " by " + Twine(low[dim]) + " and " + Twine(high[dim]));
    if (low[dim] || high[dim])
      shape[dim] = node.importer.symbols.add(shape[dim], low[dim] + high[dim]);
    if (shape[dim].isStatic() && shape[dim].factor < 0)
      node.fail("crops more of axis " + Twine(dim) + " than there is");
  }
  FloatAttr value = readPadValue(node, node.elementOf(input));
  PadMode mode = readPadMode(node);
  auto isZero = [](int64_t count) { return count == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return node.set(0, input);
  node.set(0, node.emit<PadOp>(shape, node.elementOf(input), input, low, high, mode, value));
}

/// Gather by indices that are constant: a slice of one element, or an index table.
static void importGather(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input), picked = shape;
  int64_t axis = node.axis(node.getInt("axis", 0), shape.size());
  SmallVector<int64_t> indices = node.ints(1, "indices");
  if (!shape[axis].isStatic())
    node.fail("axis " + Twine(axis) + " has an extent that is unknown at compile time");
  for (int64_t &index : indices) {
    index += index < 0 ? shape[axis].factor : 0;
    if (index < 0 || index >= shape[axis].factor)
      node.fail("an index lies outside axis " + Twine(axis) + " of extent " + Twine(shape[axis].factor));
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
  Symbols &symbols = node.importer.symbols;
  bool isDepthFirst = node.getString("mode", "DCR") == "DCR";
  Shape split =
      isDepthFirst ? Shape{s[0], block, block, *depth, s[2], s[3]} : Shape{s[0], *depth, block, block, s[2], s[3]};
  SmallVector<int64_t> permutation = {0, 1, 4, 2, 5, 3};
  if (isDepthFirst)
    permutation = {0, 3, 4, 1, 5, 2};
  Value swapped = node.transpose(node.reshape(input, split), permutation);
  node.name(swapped, 0);
  node.set(0, node.reshape(swapped, {s[0], *depth, symbols.times(s[2], block), symbols.times(s[3], block)}));
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
  node.set(0, node.reshape(swapped, {s[0], node.importer.symbols.times(s[1], block * block), *height, *width}));
}

void nibble::onnximport::addDataMovement(TranslatorTable &table) {
  table["Transpose"] = importTranspose;
  table["Concat"] = importConcat;
  table["Split"] = importSplit;
  table["Slice"] = importSlice;
  table["Pad"] = importPad;
  table["Gather"] = importGather;
  table["DepthToSpace"] = importDepthToSpace;
  table["SpaceToDepth"] = importSpaceToDepth;
}
