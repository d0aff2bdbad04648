// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums and products of all elements before each one along an axis, which may be a value.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// An axis of operand 0: operand 1's value, perhaps at compile time.
struct Axis {
  std::optional<int64_t> known;
  Scalar value;

  static Axis read(Node &node, Body &b);
  Scalar is(Body &b, int64_t d) const { return b.equal(value, b.integer(d)); }
  Scalar index(Body &b) const {
    return choose(b, [&](int64_t d) { return b.index(d); });
  }
  Scalar extent(Body &b) const {
    return choose(b, [&](int64_t d) { return b.extent(0, d); });
  }
  /// The element's indices, but `i` along the axis.
  Scalars indices(Body &b, Scalar i) const {
    Scalars indices;
    for (int64_t d = 0; d < b.rank(); ++d)
      indices.push_back(known ? (*known == d ? i : b.index(d)) : b.select(is(b, d), i, b.index(d)));
    return indices;
  }

private:
  Scalar choose(Body &b, llvm::function_ref<Scalar(int64_t)> of) const {
    if (known)
      return of(*known);
    Scalar result = of(0);
    for (int64_t d = 1; d < b.rank(); ++d)
      result = b.select(is(b, d), of(d), result);
    return result;
  }
};
} // namespace

Axis Axis::read(Node &node, Body &b) {
  if (node.content(1))
    return {node.axis(node.ints(1, "the axis").front(), b.rank()), Scalar()};
  Scalars first(node.rank(1), b.integer(0));
  return {std::nullopt, b.fromEnd(b.cast(b.read(1, first), b.getI64Type()), b.integer(b.rank()))};
}

/// The elements up to the one at the element's index: from the first one on, or from the last one back.
template <Function2 combine, int start>
static Scalar accumulate(Node &node, Body &b) {
  Axis axis = Axis::read(node, b);
  Scalar last = b.sub(axis.extent(b), b.integer(1)), position = axis.index(b);
  bool isReverse = node.getInt("reverse", 0);
  Scalar count = isReverse ? b.sub(last, position) : position;
  if (!node.getInt("exclusive", 0))
    count = b.add(count, b.integer(1));
  return b.loop(count, b.constant(b.elementOf(0), start), [&](Scalar i, ArrayRef<Scalar> x) {
    Scalar element = b.read(0, axis.indices(b, isReverse ? b.sub(last, i) : i));
    return Scalars{(b.*combine)(x[0], element)};
  })[0];
}

template <Function2 combine, int start>
static void importCumulative(Node &node) {
  Value input = node.numeric(0);
  if (node.rank(0) == 0)
    node.fail("input 0 has rank 0, expected at least 1");
  SmallVector<Value> operands = {input};
  if (!node.content(1))
    operands.push_back(node.plain(1));
  node.set(0, node.generate(node.shapeOf(input), node.elementOf(input), operands,
                            [&](Body &b) { return accumulate<combine, start>(node, b); }));
}

void nibble::onnximport::addCumulatives(TranslatorTable &table) {
  table["CumSum"] = importCumulative<&Body::add, 0>;
  table["CumProd"] = importCumulative<&Body::mul, 1>;
}
