// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unique: the slices along an axis that differ from each other. How many there are must be known at compile time.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The slices of an input: `outer` x `count` x `inner` elements, of which the second dimension numbers slices.
struct Slices {
  Value input;
  int64_t outer, count, inner;
};
} // namespace

/// How slice `x` of operand `n` compares with slice `y`: -1, 0 or 1.
static Scalar compare(Body &b, unsigned n, const Slices &slices, Scalar x, Scalar y) {
  auto read = [&](Scalar slice, Scalar i) {
    Scalar inner = b.integer(slices.inner);
    return b.read(n, {b.div(i, inner), slice, b.rem(i, inner)});
  };
  Scalar zero = b.integer(0), one = b.integer(1);
  return b
      .loop(b.integer(slices.outer * slices.inner), zero,
            [&](Scalar i, ArrayRef<Scalar> order) -> Scalars {
              Scalar left = read(x, i), right = read(y, i);
              Scalar here = b.select(b.less(left, right), b.integer(-1), b.select(b.less(right, left), one, zero));
              return {b.select(b.equal(order[0], zero), here, order[0])};
            })
      .front();
}

/// Whether each slice is the first of those that equal it.
static Value findFirsts(Node &node, const Slices &slices) {
  return node.generate({Dim(slices.count)}, node.importer.builder.getI1Type(), slices.input, [&](Body &b) {
    Scalar own = b.index(0), isFirst = b.boolean(true);
    return b
        .loop(own, isFirst,
              [&](Scalar i, ArrayRef<Scalar> isFirst) -> Scalars {
                Scalar differs = b.not_(b.equal(compare(b, 0, slices, i, own), b.integer(0)));
                return {b.and_(isFirst[0], differs)};
              })
        .front();
  });
}

/// The number of the unique slice that each slice equals: how many unique ones stand before it, by value or by place.
static Value findInverse(Node &node, const Slices &slices, Value firsts, bool isSorted) {
  Type integer = node.importer.builder.getI64Type();
  Value ranks = node.generate({Dim(slices.count)}, integer, {slices.input, firsts}, [&](Body &b) {
    Scalar own = b.index(0), zero = b.integer(0);
    // Counts while the slice itself has not been met.
    return b
        .loop(b.integer(slices.count), {zero, b.boolean(false)},
              [&](Scalar i, ArrayRef<Scalar> carried) -> Scalars {
                Scalar order = compare(b, 0, slices, i, own), isMet = b.or_(carried[1], b.equal(order, zero));
                Scalar isBefore = isSorted ? b.less(order, zero) : b.not_(isMet);
                Scalar counts = b.and_(isBefore, b.read(1, i));
                return {b.add(carried[0], b.cast(counts, integer)), isMet};
              })
        .front();
  });
  return ranks;
}

/// Where each unique slice stands first.
static Value findPlaces(Node &node, const Slices &slices, Value firsts, Value inverse, int64_t unique) {
  return node.generate({Dim(unique)}, node.importer.builder.getI64Type(), {firsts, inverse}, [&](Body &b) {
    return b
        .loop(b.integer(slices.count), b.integer(0),
              [&](Scalar i, ArrayRef<Scalar> found) -> Scalars {
                Scalar isIt = b.and_(b.read(0, i), b.equal(b.read(1, i), b.index(0)));
                return {b.select(isIt, i, found[0])};
              })
        .front();
  });
}

/// How often each number of [0, unique) stands among `numbers`.
static Value countEach(Node &node, Value numbers, int64_t count, int64_t unique) {
  Type integer = node.importer.builder.getI64Type();
  return node.generate({Dim(unique)}, integer, numbers, [&](Body &b) {
    return b
        .loop(b.integer(count), b.integer(0),
              [&](Scalar i, ArrayRef<Scalar> sum) -> Scalars {
                return {b.add(sum[0], b.cast(b.equal(b.read(0, i), b.index(0)), integer))};
              })
        .front();
  });
}

/// The input's slices, and the shape around a slice's number.
static Slices readSlices(Node &node, Shape &shape, unsigned &axis) {
  std::optional<SmallVector<int64_t>> extents = staticExtents(node.shape(0));
  if (!extents)
    node.fail("input 0 has shape " + node.importer.symbols.print(node.shape(0)) +
              ", which is not known at compile time");
  Slices slices = {node.plain(0), 1, 1, 1};
  const bool hasAxis = node.hasAttribute("axis");
  axis = hasAxis ? node.axis(node.getInt("axis", 0), extents->size()) : 0;
  for (auto [d, extent] : llvm::enumerate(*extents))
    (!hasAxis || d == axis ? slices.count : d < axis ? slices.outer : slices.inner) *= extent;
  shape = hasAxis ? node.shape(0) : Shape{slices.count};
  slices.input = node.reshape(slices.input, {slices.outer, slices.count, slices.inner});
  return slices;
}

static void importUnique(Node &node) {
  Shape shape;
  unsigned axis;
  Slices slices = readSlices(node, shape, axis);
  const int64_t unique = node.resultShape(0, 0, "the number of unique elements", shape.size())[axis].getStatic();
  Value firsts = findFirsts(node, slices);
  Value inverse = findInverse(node, slices, firsts, node.getInt("sorted", 1) != 0);
  Value places = findPlaces(node, slices, firsts, inverse, unique);
  shape[axis] = unique;
  Value chosen =
      node.generate({slices.outer, unique, slices.inner}, node.elementOf(slices.input), {slices.input, places},
                    [](Body &b) { return b.read(0, {b.index(0), b.read(1, b.index(1)), b.index(2)}); });
  node.name(chosen, 0);
  node.set(0, node.reshape(chosen, shape));
  if (node.wants(1))
    node.set(1, places);
  if (node.wants(2))
    node.set(2, inverse);
  if (node.wants(3))
    node.set(3, countEach(node, inverse, slices.count, unique));
}

void nibble::onnximport::addUnique(TranslatorTable &table) { table["Unique"] = importUnique; }
