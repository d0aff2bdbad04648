// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that repeat elements, as index tables.

#include "Broadcast.h"
#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The same where an extent is not known at compile time, by a program.
static Value repeatAt(Node &node, Value input, const Shape &extents) {
  Shape from = node.shapeOf(input);
  if (isa<quant::QuantizedType>(node.elementOf(input)))
    input = node.emit<DequantizeOp>(from, node.importer.builder.getF32Type(), input);
  return node.generate(extents, node.elementOf(input), input, [&](Body &b) {
    Scalars at;
    for (auto [d, dim] : llvm::enumerate(from))
      at.push_back(dim == 1 ? b.integer(0) : dim == extents[d] ? b.index(d) : b.mod(b.index(d), b.value(dim)));
    return b.read(0, at);
  });
}

/// The input with each axis of extent e replaced by `extents`, element i being element i mod e.
static Value repeat(Node &node, Value input, const Shape &extents) {
  Shape from = node.shapeOf(input);
  SmallVector<int64_t> axes, indices;
  for (auto [axis, dim] : llvm::enumerate(extents)) {
    if (dim == from[axis])
      continue;
    if (!from[axis].isStatic() || !dim.isStatic())
      return repeatAt(node, input, extents);
    if (from[axis].getStatic() < 1 || dim.getStatic() > 1 << 24)
      node.fail("repeats " + node.importer.symbols.print(from) + " to " + node.importer.symbols.print(extents));
    axes.push_back(axis);
    for (int64_t i = 0; i < dim.getStatic(); ++i)
      indices.push_back(i % from[axis].getStatic());
  }
  if (axes.empty())
    return input;
  return node.emit<ResizeNearestOp>(extents, node.elementOf(input), input, axes, indices);
}

static void importExpand(Node &node) {
  Value input = node.get(0);
  const Content *wanted = node.content(1);
  Shape shape =
      broadcastOpen(node, node.shapeOf(input),
                    wanted ? Shape(wanted->ints.begin(), wanted->ints.end()) : node.resultShape(0, 1, "the shape"));
  Shape leading(shape.size() - node.shapeOf(input).size(), Dim(1));
  llvm::append_range(leading, node.shapeOf(input));
  node.set(0, repeat(node, node.reshape(input, leading), shape));
}

/// The shape of repeats that are found at run time.
static Shape readDeclared(Node &node, const Shape &from) {
  Shape shape = node.resultShape(0, 1, "repeats", from.size());
  for (auto [extent, dim] : llvm::zip_equal(shape, from))
    if (!divideExactly(extent, dim))
      node.fail("the declared shape " + node.importer.symbols.print(shape) + " does not repeat " +
                node.importer.symbols.print(from));
  return shape;
}

static void importTile(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  if (!node.content(1))
    return node.set(0, repeat(node, input, readDeclared(node, shape)));
  SmallVector<int64_t> repeats = node.ints(1, "repeats");
  if (repeats.size() != shape.size())
    node.fail("has " + Twine(repeats.size()) + " repeats, expected " + Twine(shape.size()));
  for (auto [dim, count] : llvm::zip(shape, repeats)) {
    if (count < 1)
      node.fail("repeats an axis " + Twine(count) + " times, expected at least once");
    dim *= count;
  }
  node.set(0, repeat(node, input, shape));
}

void nibble::onnximport::addRepeats(TranslatorTable &table) {
  table["Expand"] = importExpand;
  table["Tile"] = importTile;
}
