// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scatters: each element takes the updates that are meant for it, in row-major order.

#include "Movement.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

using Reduction = Scalar (*)(Body &, Scalar old, Scalar update);

static Reduction readReduction(Node &node) {
  std::string name = node.getString("reduction", "none");
  auto reduction = llvm::StringSwitch<Reduction>(name)
                       .Case("none", [](Body &, Scalar, Scalar x) { return x; })
                       .Case("add", [](Body &b, Scalar old, Scalar x) { return b.add(old, x); })
                       .Case("mul", [](Body &b, Scalar old, Scalar x) { return b.mul(old, x); })
                       .Case("max", [](Body &b, Scalar old, Scalar x) { return b.max(old, x); })
                       .Case("min", [](Body &b, Scalar old, Scalar x) { return b.min(old, x); })
                       .Default(nullptr);
  if (!reduction)
    node.fail("attribute 'reduction' is '" + name + "', expected 'none', 'add', 'mul', 'max' or 'min'");
  return reduction;
}

static Scalars allIndices(Body &b) {
  Scalars at;
  for (int64_t d = 0; d < b.rank(); ++d)
    at.push_back(b.index(d));
  return at;
}

/// An element meets the updates along its own row alone, so that each looks at these.
static void importScatterElements(Node &node) {
  Value data = node.plain(0), indices = node.plain(1), updates = node.plain(2);
  const unsigned axis = node.axis(node.getInt("axis", 0), node.rank(0));
  Reduction reduction = readReduction(node);
  if (node.rank(1) != node.rank(0) || node.shape(1) != node.shape(2))
    node.fail("indices and updates have shapes " + node.importer.symbols.print(node.shape(1)) + " and " +
              node.importer.symbols.print(node.shape(2)) + ", expected equal ones of rank " + Twine(node.rank(0)));
  node.set(0, node.generate(node.shapeOf(data), node.elementOf(data), {data, indices, updates}, [&](Body &b) {
    Scalars at = allIndices(b), step = at;
    Scalar isInside = b.boolean(true);
    for (unsigned d = 0; d < at.size(); ++d)
      if (d != axis && node.shape(1)[d] != node.shape(0)[d])
        isInside = b.and_(isInside, b.less(at[d], b.extent(1, d)));
    auto apply = [&](Scalar i, ArrayRef<Scalar> element) -> Scalars {
      step[axis] = i;
      Scalar target = b.fromEnd(b.cast(b.read(1, step), b.getI64Type()), b.extent(0, axis));
      Scalar isMine = b.and_(isInside, b.equal(target, at[axis]));
      return {b.select(isMine, reduction(b, element[0], b.read(2, step)), element[0])};
    };
    return b.loop(b.extent(1, axis), b.read(0, at), apply).front();
  }));
}

namespace {
/// A ScatterND: each of `count` tuples of the indices names one of the positions of the first `tuple` dimensions, whose
/// extents are `places`.
struct Tuples {
  int64_t count, tuple;
  Shape places, rest;
};
} // namespace

/// The number of the place that each tuple names; -1 if there is none.
static Value findPlaces(Node &node, const Tuples &t, Value indices) {
  Value rows = node.reshape(indices, {Dim(t.count), Dim(t.tuple)});
  return node.generate({Dim(t.count)}, node.importer.builder.getI64Type(), rows, [&](Body &b) {
    Scalar place = b.integer(0), isInside = b.boolean(true);
    for (int64_t k = 0; k < t.tuple; ++k) {
      Scalar extent = b.integer(t.places[k].getStatic());
      Scalar at = b.fromEnd(b.cast(b.read(0, {b.index(0), b.integer(k)}), b.getI64Type()), extent);
      isInside = b.and_(isInside, b.and_(b.lessOrEqual(b.integer(0), at), b.less(at, extent)));
      place = b.add(b.mul(place, extent), at);
    }
    return b.select(isInside, place, b.integer(-1));
  });
}

/// Elements as they are scattered to: places, then what is at each of them.
static Value scatterRows(Node &node, const Tuples &t, Reduction reduction, Value data, Value places, Value updates) {
  return node.generate(node.shapeOf(data), node.elementOf(data), {data, places, updates}, [&](Body &b) {
    Scalar place = b.index(0), inner = b.index(1);
    auto apply = [&](Scalar i, ArrayRef<Scalar> element) -> Scalars {
      Scalar isMine = b.equal(b.read(1, i), place);
      return b.branch(
          isMine, [&]() -> Scalars { return {reduction(b, element[0], b.read(2, {i, inner}))}; },
          [&]() -> Scalars { return {element[0]}; });
    };
    return b.loop(b.integer(t.count), b.read(0, {place, inner}), apply).front();
  });
}

/// For each place its last tuple, and the elements of that: the steps of a place are counted once.
static Value scatterLast(Node &node, const Tuples &t, Value data, Value places, Value updates) {
  Type integer = node.importer.builder.getI64Type();
  Value last = node.generate({node.shapeOf(data)[0]}, integer, places, [&](Body &b) {
    return b
        .loop(b.integer(t.count), b.integer(-1),
              [&](Scalar i, ArrayRef<Scalar> last) -> Scalars {
                return {b.select(b.equal(b.read(0, i), b.index(0)), i, last[0])};
              })
        .front();
  });
  return node.generate(node.shapeOf(data), node.elementOf(data), {data, last, updates}, [&](Body &b) {
    Scalar row = b.read(1, b.index(0)), isOld = b.less(row, b.integer(0));
    return b.select(isOld, b.read(0, {b.index(0), b.index(1)}), b.read(2, {row, b.index(1)}));
  });
}

/// The operands' extents, which must be known.
static Tuples readTuples(Node &node) {
  Shape data = node.shape(0), picked = node.shape(1), updates = node.shape(2);
  const bool areKnown = staticExtents(data) && staticExtents(picked) && staticExtents(updates);
  const int64_t tuple = areKnown && !picked.empty() ? picked.pop_back_val().getStatic() : -1;
  Tuples t = {1, tuple, {}, {}};
  if (tuple >= 0 && tuple <= int64_t(data.size())) {
    t.places.assign(data.begin(), data.begin() + tuple);
    t.rest.assign(data.begin() + tuple, data.end());
    t.count = checkedProduct(picked)->getStatic();
    picked.append(t.rest);
  }
  if (tuple < 0 || picked != updates)
    node.fail("data, indices and updates have shapes " + node.importer.symbols.print(data) + ", " +
              node.importer.symbols.print(node.shape(1)) + " and " + node.importer.symbols.print(updates) +
              ", which do not fit or are not known at compile time");
  return t;
}

static void importScatterND(Node &node) {
  Tuples t = readTuples(node);
  Reduction reduction = readReduction(node);
  Value data = node.plain(0), indices = node.plain(1), updates = node.plain(2);
  Dim inner = *checkedProduct(t.rest);
  Value rows = node.reshape(data, {*checkedProduct(t.places), inner}),
        news = node.reshape(updates, {Dim(t.count), inner});
  Value places = findPlaces(node, t, indices);
  Value result = node.getString("reduction", "none") == "none" ? scatterLast(node, t, rows, places, news)
                                                               : scatterRows(node, t, reduction, rows, places, news);
  node.name(result, 0);
  node.set(0, node.reshape(result, node.shape(0)));
}

void nibble::onnximport::addScatters(TranslatorTable &table) {
  table["ScatterElements"] = importScatterElements;
  table["ScatterND"] = importScatterND;
}
