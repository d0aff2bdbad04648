// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary embeddings: pairs of elements turned by the angles of their positions.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Elements first, first + step, ... of the last dimension, `count` of them.
static Value sliceLast(Node &node, Value input, int64_t first, int64_t step, int64_t count) {
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  starts.back() = first;
  steps.back() = step;
  shape.back() = count;
  return node.slice(input, starts, steps, shape);
}

/// Along the last dimension.
static Value join(Node &node, Value first, Value second) {
  Shape shape = node.shapeOf(first);
  shape.back() += node.shapeOf(second).back();
  return node.emit<ConcatOp>(shape, node.elementOf(first), SmallVector<Value>{first, second},
                             static_cast<int64_t>(shape.size()) - 1);
}

/// The rows of a table of cosines or sines, as they are or those of the positions, for heads in dimension `heads`.
static Value readAngles(Node &node, unsigned operand, unsigned heads) {
  Value table = node.real(operand);
  if (node.has(3) && node.rank(operand) == 2) {
    Value positions = node.plain(3);
    Shape picked = node.shapeOf(positions);
    picked.push_back(node.shapeOf(table).back());
    table = node.emit<GatherRowsOp>(picked, node.elementOf(table), table, positions, Value());
  }
  Shape shape = node.shapeOf(table);
  if (shape.size() != 3)
    node.fail("the angles of input " + Twine(operand) + " have rank " + Twine(shape.size()) + ", expected 3");
  shape.insert(shape.begin() + heads, Dim(1));
  return node.reshape(table, shape);
}

/// Pairs of the last dimension's elements, neighbours where `interleaved` and else one of either half.
static Value rotate(Node &node, Value input, Value cosine, Value sine, int64_t size, bool interleaved) {
  const int64_t half = size / 2;
  Value x = sliceLast(node, input, 0, interleaved ? 2 : 1, half);
  Value y = sliceLast(node, input, interleaved ? 1 : half, interleaved ? 2 : 1, half);
  Value real = node.binary<SubOp>(node.binary<MulOp>(cosine, x), node.binary<MulOp>(sine, y));
  Value imaginary = node.binary<AddOp>(node.binary<MulOp>(sine, x), node.binary<MulOp>(cosine, y));
  if (!interleaved)
    return join(node, real, imaginary);
  Shape shape = node.shapeOf(real), pairs = shape;
  pairs.push_back(1);
  shape.back() = size;
  return node.reshape(join(node, node.reshape(real, pairs), node.reshape(imaginary, pairs)), shape);
}

static void importRotaryEmbedding(Node &node) {
  Value input = node.real(0);
  const Shape shape = node.shapeOf(input);
  const int64_t heads = node.getInt("num_heads", 0);
  const bool isFlat = shape.size() == 3;
  if (!isFlat && shape.size() != 4)
    node.fail("input 0 has rank " + Twine(shape.size()) + ", expected 3 or 4");
  if (isFlat) {
    std::optional<Dim> size = heads > 0 ? divideExactly(shape[2], heads) : std::nullopt;
    if (!size)
      node.fail("attribute 'num_heads' is " + Twine(heads) + ", which does not divide the input's last extent");
    input = node.reshape(input, {shape[0], shape[1], heads, *size});
  }
  const Dim last = node.shapeOf(input).back();
  int64_t size = node.getInt("rotary_embedding_dim", 0);
  if (size == 0 && last.isStatic())
    size = last.getStatic();
  if (!last.isStatic() || size < 2 || size % 2 != 0 || size > last.getStatic())
    node.fail("cannot turn " + Twine(size) + " of " + node.importer.symbols.print(last) + " elements in pairs");
  const unsigned headsDim = isFlat ? 2 : 1;
  Value turned = rotate(node, input, readAngles(node, 1, headsDim), readAngles(node, 2, headsDim), size,
                        node.getInt("interleaved", 0) != 0);
  if (size < last.getStatic())
    turned = join(node, turned, sliceLast(node, input, size, 1, last.getStatic() - size));
  node.set(0, node.reshape(turned, shape));
}

void nibble::onnximport::addRotaryEmbedding(TranslatorTable &table) {
  table["RotaryEmbedding"] = importRotaryEmbedding;
}
