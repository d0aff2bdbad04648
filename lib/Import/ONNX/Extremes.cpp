// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where along an axis the largest and the least elements are.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The position along `axis` of an element that is `isBetter` than all before it; the result has extent 1 there.
static Value findExtreme(Node &node, Value input, int64_t axis, Function2 isBetter) {
  Shape shape = node.shapeOf(input);
  shape[axis] = 1;
  return node.generate(shape, node.importer.builder.getI64Type(), input, [&](Body &b) {
    Scalars indices;
    for (int64_t d = 0; d < b.rank(); ++d)
      indices.push_back(d == axis ? b.integer(0) : b.index(d));
    Scalars start = {b.integer(0), b.read(0, indices)};
    return b.loop(b.extent(0, axis), start, [&](Scalar i, ArrayRef<Scalar> best) {
      indices[axis] = i;
      Scalar element = b.read(0, indices), found = (b.*isBetter)(element, best[1]);
      return Scalars{b.select(found, i, best[0]), b.select(found, element, best[1])};
    })[0];
  });
}

/// The first of equals, or the last.
template <Function2 isBetter, Function2 isNotWorse>
static void importArgExtreme(Node &node) {
  Value input = node.numeric(0);
  int64_t axis = node.axis(node.getInt("axis", 0), node.rank(0));
  Value position = findExtreme(node, input, axis, node.getInt("select_last_index", 0) ? isNotWorse : isBetter);
  if (node.getInt("keepdims", 1))
    return node.set(0, position);
  Shape shape = node.shapeOf(position);
  shape.erase(shape.begin() + axis);
  node.name(position, 0);
  node.set(0, node.reshape(position, shape));
}

/// 1 at the first of the largest elements along an axis, else 0.
static Value hardmax(Node &node, Value input, int64_t axis) {
  Value position = findExtreme(node, input, axis, &Body::greater);
  return node.generate(node.shapeOf(input), node.elementOf(input), {position, input}, [&](Body &b) {
    Scalars indices;
    for (int64_t d = 0; d < b.rank(); ++d)
      indices.push_back(b.index(d));
    Type element = b.elementOf(1);
    return b.select(b.equal(b.read(0, indices), b.index(axis)), b.constant(element, 1), b.constant(element, 0));
  });
}

static void importHardmax(Node &node) {
  node.set(0, hardmax(node, node.numeric(0), node.axis(node.getInt("axis", -1), node.rank(0))));
}

/// Before opset 13: of all dimensions from the axis on, taken for one.
static void importLegacyHardmax(Node &node) {
  Shape shape = node.shape(0);
  int64_t axis = node.axis(node.getInt("axis", 1), shape.size());
  std::optional<Dim> outer = checkedProduct(ArrayRef<Dim>(shape).take_front(axis)),
                     inner = checkedProduct(ArrayRef<Dim>(shape).drop_front(axis));
  if (!outer || !inner)
    node.fail("the shape " + node.importer.symbols.print(shape) + " is too large");
  Value flat = node.reshape(node.plain(0), {*outer, *inner});
  node.set(0, node.reshape(hardmax(node, flat, 1), shape));
}

void nibble::onnximport::addExtremes(TranslatorTable &table) {
  table["ArgMax"] = importArgExtreme<&Body::greater, &Body::greaterOrEqual>;
  table["ArgMin"] = importArgExtreme<&Body::less, &Body::lessOrEqual>;
  table["Hardmax"] = importHardmax;
  table[operatorName(kLegacyDomain, "Hardmax")] = importLegacyHardmax;
}
