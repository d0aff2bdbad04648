// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TopK: the first elements of an order.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Whether `x` stands before `y`, where both are numbers; a NaN stands behind all of them.
static Scalar precedes(Body &b, bool largest, Scalar x, Scalar y) {
  Scalar before = largest ? b.less(y, x) : b.less(x, y);
  return x.isFloat() ? b.or_(before, b.and_(b.isNaN(y), b.not_(b.isNaN(x)))) : before;
}

namespace {
/// A row along `axis` of operand 0, at indices of the other dimensions.
struct Row {
  Scalars at;
  unsigned axis;
  bool largest;

  Scalar read(Body &b, Scalar i) const {
    Scalars where = at;
    where[axis] = i;
    return b.read(0, where);
  }
  /// Whether element `i` of value `x` stands before `j` of value `y`; those that compare equal in the order of indices.
  Scalar isBefore(Body &b, Scalar i, Scalar x, Scalar j, Scalar y) const {
    Scalar before = precedes(b, largest, x, y), behind = precedes(b, largest, y, x);
    return b.or_(before, b.and_(b.not_(behind), b.less(i, j)));
  }
};
} // namespace

/// The index of the first element that stands behind the one of index `last`, or, if that is negative, of the first.
static Scalar findNext(Body &b, const Row &row, Scalar last) {
  Scalar previous = row.read(b, last), zero = b.integer(0), isFirst = b.less(last, zero);
  Scalars best = b.loop(b.extent(0, row.axis), b.integer(-1), [&](Scalar i, ArrayRef<Scalar> best) -> Scalars {
    Scalar x = row.read(b, i), isLeft = b.or_(isFirst, row.isBefore(b, last, previous, i, x));
    Scalar isBetter = b.or_(b.less(best[0], zero), row.isBefore(b, i, x, best[0], row.read(b, best[0])));
    return {b.select(b.and_(isLeft, isBetter), i, best[0])};
  });
  return best.front();
}

/// How many elements stand before element `i`.
static Scalar findRank(Body &b, const Row &row, Scalar i) {
  Scalar x = row.read(b, i);
  Scalars rank = b.loop(b.extent(0, row.axis), b.integer(0), [&](Scalar j, ArrayRef<Scalar> rank) -> Scalars {
    return {b.add(rank[0], b.cast(row.isBefore(b, j, row.read(b, j), i, x), b.getI64Type()))};
  });
  return rank.front();
}

/// The number of elements that are wanted.
static Dim readCount(Node &node, int64_t axis) {
  return node.content(1) ? Dim(node.ints(1, "k").front()) : node.resultShape(0, 1, "k", node.rank(0))[axis];
}

static Row rowOf(Body &b, unsigned axis, bool largest) {
  Row row = {{}, axis, largest};
  for (int64_t d = 0; d < b.rank(); ++d)
    row.at.push_back(b.index(d));
  return row;
}

/// The indices of the first elements along `axis`, in order: of few each is searched behind the one before, of many by
/// the elements' ranks. `shape` is the result's.
static Value findOrder(Node &node, Value input, unsigned axis, const Shape &shape, bool largest) {
  Type integer = node.importer.builder.getI64Type();
  const int64_t count = shape[axis].getStatic();
  const Dim extent = node.shapeOf(input)[axis];
  if (!extent.isStatic() || count * count / 2 <= extent.getStatic())
    return node.generate(shape, integer, input, [&](Body &b) {
      Row row = rowOf(b, axis, largest);
      Scalar steps = b.add(row.at[axis], b.integer(1));
      return b
          .loop(steps, b.integer(-1),
                [&](Scalar, ArrayRef<Scalar> last) -> Scalars { return {findNext(b, row, last[0])}; })
          .front();
    });
  Value ranks = node.generate(node.shapeOf(input), integer, input, [&](Body &b) {
    Row row = rowOf(b, axis, largest);
    return findRank(b, row, row.at[axis]);
  });
  return node.generate(shape, integer, ranks, [&](Body &b) {
    Row row = rowOf(b, axis, largest);
    Scalar wanted = row.at[axis];
    return b
        .loop(b.extent(0, axis), b.integer(0),
              [&](Scalar i, ArrayRef<Scalar> found) -> Scalars {
                return {b.select(b.equal(row.read(b, i), wanted), i, found[0])};
              })
        .front();
  });
}

static void importTopK(Node &node) {
  Value input = node.plain(0);
  Shape shape = node.shapeOf(input);
  const unsigned axis = node.axis(node.getInt("axis", -1), shape.size());
  Dim count = readCount(node, axis);
  if (count.getStatic() < 0 || (shape[axis].isStatic() && count.getStatic() > shape[axis].getStatic()))
    node.fail("takes " + Twine(count.getStatic()) + " of " + node.importer.symbols.print(shape[axis]) +
              " elements along axis " + Twine(axis));
  shape[axis] = count;
  Value order = findOrder(node, input, axis, shape, node.getInt("largest", 1) != 0);
  node.set(0, node.generate(shape, node.elementOf(input), {input, order}, [&](Body &b) {
    Scalars at = rowOf(b, axis, false).at;
    at[axis] = b.read(1, at);
    return b.read(0, at);
  }));
  if (node.wants(1))
    node.set(1, order);
}

void nibble::onnximport::addTopK(TranslatorTable &table) { table["TopK"] = importTopK; }
