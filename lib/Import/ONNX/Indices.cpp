// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that pick elements by indices found at run time. An index outside counts as the nearest one inside.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// An index that operand 1 holds, of dimension `axis` of operand 0.
static Scalar readIndex(Body &b, ArrayRef<Scalar> where, unsigned axis) {
  return b.fromEnd(b.cast(b.read(1, where), b.getI64Type()), b.extent(0, axis));
}

static void appendIndices(Body &b, Scalars &at, unsigned first, unsigned end) {
  for (unsigned d = first; d < end; ++d)
    at.push_back(b.index(d));
}

void nibble::onnximport::importGatherAt(Node &node) {
  Value data = node.plain(0), indices = node.plain(1);
  Shape from = node.shapeOf(data), picked = node.shapeOf(indices);
  const unsigned axis = node.axis(node.getInt("axis", 0), from.size()), end = axis + picked.size();
  Shape result(from.begin(), from.begin() + axis);
  llvm::append_range(result, picked);
  result.append(from.begin() + axis + 1, from.end());
  node.set(0, node.generate(result, node.elementOf(data), {data, indices}, [&](Body &b) {
    Scalars at, where;
    appendIndices(b, where, axis, end);
    appendIndices(b, at, 0, axis);
    at.push_back(readIndex(b, where, axis));
    appendIndices(b, at, end, b.rank());
    return b.read(0, at);
  }));
}

static void importGatherElements(Node &node) {
  Value data = node.plain(0), indices = node.plain(1);
  const unsigned axis = node.axis(node.getInt("axis", 0), node.rank(0));
  node.set(0, node.generate(node.shapeOf(indices), node.elementOf(data), {data, indices}, [&](Body &b) {
    Scalars at;
    appendIndices(b, at, 0, b.rank());
    at[axis] = readIndex(b, at, axis);
    return b.read(0, at);
  }));
}

static void importGatherND(Node &node) {
  Value data = node.plain(0), indices = node.plain(1);
  Shape from = node.shapeOf(data), picked = node.shapeOf(indices);
  const int64_t batch = node.getInt("batch_dims", 0), rank = from.size();
  if (picked.empty() || !picked.back().isStatic())
    node.fail("the indices have shape " + node.importer.symbols.print(picked) +
              ", expected a last extent that is known at compile time");
  const int64_t tuple = picked.pop_back_val().getStatic();
  if (batch < 0 || batch > int64_t(picked.size()) || tuple < 1 || batch + tuple > rank)
    node.fail("indices of " + Twine(tuple) + " dimensions behind " + Twine(batch) +
              " of a batch, of a tensor of rank " + Twine(rank));
  Shape result = picked;
  result.append(from.begin() + batch + tuple, from.end());
  node.set(0, node.generate(result, node.elementOf(data), {data, indices}, [&](Body &b) {
    Scalars at, where;
    appendIndices(b, where, 0, picked.size());
    appendIndices(b, at, 0, batch);
    for (int64_t k = 0; k < tuple; ++k) {
      where.push_back(b.integer(k));
      at.push_back(readIndex(b, where, batch + k));
      where.pop_back();
    }
    appendIndices(b, at, picked.size(), b.rank());
    return b.read(0, at);
  }));
}

/// The extent of a OneHot's new axis.
static Dim readDepth(Node &node, int64_t rank, int64_t axis) {
  const Content *depth = node.content(1);
  if (!depth)
    return node.resultShape(0, 1, "the depth", rank)[axis];
  return depth->isReal() ? Dim(int64_t(node.scalar(1, "the depth"))) : Dim(node.ints(1, "the depth").front());
}

static void importOneHot(Node &node) {
  Value indices = node.plain(0), values = node.plain(2);
  Shape shape = node.shapeOf(indices);
  const int64_t rank = shape.size() + 1, axis = node.axis(node.getInt("axis", -1), rank);
  Dim depth = readDepth(node, rank, axis);
  shape.insert(shape.begin() + axis, depth);
  node.set(0, node.generate(shape, node.elementOf(values), {indices, values}, [&](Body &b) {
    Scalars at;
    appendIndices(b, at, 0, axis);
    appendIndices(b, at, axis + 1, rank);
    Scalar hot = b.fromEnd(b.cast(b.read(0, at), b.getI64Type()), b.integer(depth.getStatic()));
    return b.read(1, b.select(b.equal(hot, b.index(axis)), b.integer(1), b.integer(0)));
  }));
}

static void importReverseSequence(Node &node) {
  Value input = node.plain(0), lengths = node.plain(1);
  const unsigned batch = node.axis(node.getInt("batch_axis", 1), node.rank(0)),
                 time = node.axis(node.getInt("time_axis", 0), node.rank(0));
  node.set(0, node.generate(node.shapeOf(input), node.elementOf(input), {input, lengths}, [&](Body &b) {
    Scalars at;
    appendIndices(b, at, 0, b.rank());
    Scalar length = b.cast(b.read(1, at[batch]), b.getI64Type()), last = b.sub(length, b.integer(1));
    at[time] = b.select(b.less(at[time], length), b.sub(last, at[time]), at[time]);
    return b.read(0, at);
  }));
}

/// A cache whose entries from a sample's first index on are replaced; circular, they go on at the front.
static void importTensorScatter(Node &node) {
  Value cache = node.plain(0), update = node.plain(1);
  const unsigned axis = node.axis(node.getInt("axis", -2), node.rank(0));
  const bool isCircular = node.getString("mode", "linear") == "circular", hasStart = node.has(2);
  SmallVector<Value> operands = {cache, update};
  if (hasStart)
    operands.push_back(node.plain(2));
  node.set(0, node.generate(node.shapeOf(cache), node.elementOf(cache), operands, [&](Body &b) {
    Scalars at;
    appendIndices(b, at, 0, b.rank());
    Scalar old = b.read(0, at);
    Scalar start = hasStart ? b.cast(b.read(2, at[0]), b.getI64Type()) : b.integer(0);
    at[axis] = b.sub(at[axis], start);
    if (isCircular)
      at[axis] = b.mod(at[axis], b.extent(0, axis));
    Scalar isNew = b.and_(b.lessOrEqual(b.integer(0), at[axis]), b.less(at[axis], b.extent(1, axis)));
    return b.select(isNew, b.read(1, at), old);
  }));
}

void nibble::onnximport::addIndices(TranslatorTable &table) {
  table["GatherElements"] = importGatherElements;
  table["GatherND"] = importGatherND;
  table["OneHot"] = importOneHot;
  table["ReverseSequence"] = importReverseSequence;
  table["TensorScatter"] = importTensorScatter;
}
