// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MaxUnpool: puts each maximum back where its index says.

#include "Numeric.h"
#include "Window.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The shape that the indices count in: that of a pool's input, without what its window left over.
static Shape countedShape(Node &node, const Shape &pooled, const Window &window) {
  Shape shape = {pooled[0], pooled[1]};
  for (unsigned i = 0; i < window.rank(); ++i) {
    const Dim full = (pooled[2 + i] - 1) * window.strides[i] + window.kernel[i];
    shape.push_back(full - window.low[i] - window.high[i]);
  }
  return shape;
}

/// The result's shape: operand 2, which may ask for more than the indices count in.
static Shape unpooledShape(Node &node, const Shape &counted) {
  if (!node.has(2))
    return counted;
  if (!node.isKnown(2))
    return node.resultShape(0, 2, "the result's shape", counted.size());
  SmallVector<int64_t> wanted = node.ints(2, "the result's shape");
  if (wanted.size() != counted.size())
    node.fail("the result's shape has " + Twine(wanted.size()) + " extents, expected " + Twine(counted.size()));
  return Shape(wanted.begin(), wanted.end());
}

/// All elements of a tensor, one after another.
static Value flatten(Node &node, Value value) {
  std::optional<Dim> size = checkedProduct(node.shapeOf(value));
  if (!size)
    node.fail("the shape " + node.importer.symbols.print(node.shapeOf(value)) + " is too large");
  return node.reshape(value, {*size});
}

/// Number of the program's element in row-major order of `extents`; -1 if it lies outside of them.
static Scalar countedIndex(Body &b, ArrayRef<Dim> extents) {
  Scalar number = b.integer(0), inside = b.boolean(true);
  for (auto [d, extent] : llvm::enumerate(extents)) {
    number = b.add(b.mul(number, b.value(extent)), b.index(d));
    inside = b.and_(inside, b.less(b.index(d), b.value(extent)));
  }
  return b.select(inside, number, b.integer(-1));
}

static void importMaxUnpool(Node &node) {
  Value input = node.plain(0), indices = node.plain(1);
  Shape pooled = node.shapeOf(input);
  if (node.shapeOf(indices) != pooled)
    node.fail("inputs 0 and 1 have shapes " + node.importer.symbols.print(pooled) + " and " +
              node.importer.symbols.print(node.shapeOf(indices)) + ", expected one shape");
  const Window window = readWindow(node, readKernel(node, spatialRank(node, 0)), pooled);
  Shape counted = countedShape(node, pooled, window), shape = unpooledShape(node, counted);
  Value values = flatten(node, input), places = flatten(node, indices);
  node.set(0, node.generate(shape, node.elementOf(values), {values, places}, [&](Body &b) {
    Scalar number = countedIndex(b, counted);
    Scalars none = {b.constant(b.elementOf(0), 0)};
    return b.loop(b.extent(1, 0), none, [&](Scalar k, ArrayRef<Scalar> found) -> Scalars {
      return {b.select(b.equal(b.read(1, {k}), number), b.read(0, {k}), found[0])};
    })[0];
  }));
}

void nibble::onnximport::addUnpools(TranslatorTable &table) { table["MaxUnpool"] = importMaxUnpool; }
