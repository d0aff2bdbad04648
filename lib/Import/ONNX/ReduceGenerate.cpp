// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions by scalar programs: the axes, which may be values, and the way through what is reduced.

#include "Reduction.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Known to be none: they are not given, or an input without elements.
static bool namesNoAxes(Node &node) {
  if (!node.has(1))
    return true;
  Shape shape = node.shape(1);
  return shape.size() == 1 && shape.front() == 0;
}

SmallVector<int64_t> nibble::onnximport::readReducedAxes(Node &node) {
  SmallVector<int64_t> axes = namesNoAxes(node) ? SmallVector<int64_t>() : node.ints(1, "axes");
  int64_t rank = node.rank(0);
  if (axes.empty() && !node.getInt("noop_with_empty_axes", 0))
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (int64_t &axis : axes)
    axis = node.axis(axis, rank);
  llvm::sort(axes);
  axes.erase(llvm::unique(axes), axes.end());
  return axes;
}

bool nibble::onnximport::hasAxesAtRunTime(Node &node) {
  return !namesNoAxes(node) && !node.content(1) && node.declaredShape(0).has_value();
}

Scalar Path::size(Body &b) const {
  Scalar size = b.integer(1);
  for (Scalar count : counts)
    size = b.mul(size, count);
  return size;
}

Scalar Path::fold(Body &b, Scalar start, Function2 combine, llvm::function_ref<Scalar(Scalar)> term) const {
  return loopNest(b, counts, start, [&](ArrayRef<Scalar> steps, ArrayRef<Scalar> x) {
    return Scalars{(b.*combine)(x[0], term(b.read(0, indices(steps))))};
  })[0];
}

/// Whether `axis` is among the values of operand 1.
static Scalar isNamed(Node &node, Body &b, int64_t axis) {
  Scalar count = b.extent(1, 0), isNamed = b.boolean(false);
  if (!node.getInt("noop_with_empty_axes", 0))
    isNamed = b.equal(count, b.integer(0));
  return b.loop(count, isNamed, [&](Scalar i, ArrayRef<Scalar> x) {
    Scalar value = b.fromEnd(b.read(1, i), b.integer(node.rank(0)));
    return Scalars{b.or_(x[0], b.equal(value, b.integer(axis)))};
  })[0];
}

/// The element's index along dimension `d`, which is a value.
static Scalar indexAt(Body &b, Scalar d) {
  Scalar result = b.integer(0);
  for (int64_t i = 0; i < b.rank(); ++i)
    result = b.select(b.equal(d, b.integer(i)), b.index(i), result);
  return result;
}

/// Along axes that a run knows. The loop of one that is not reduced runs once.
static Path pathAtRunTime(Node &node, Body &b, bool keep) {
  Path path;
  Scalars isReduced, kept;
  Scalar position = b.integer(0);
  for (int64_t axis = 0, rank = node.rank(0); axis < rank; ++axis) {
    isReduced.push_back(isNamed(node, b, axis));
    path.counts.push_back(b.select(isReduced.back(), b.extent(0, axis), b.integer(1)));
    kept.push_back(keep ? b.index(axis) : indexAt(b, position));
    position = b.add(position, b.select(isReduced.back(), b.integer(0), b.integer(1)));
  }
  path.indices = [&b, isReduced, kept](ArrayRef<Scalar> steps) {
    Scalars indices;
    for (size_t axis = 0; axis < steps.size(); ++axis)
      indices.push_back(b.select(isReduced[axis], steps[axis], kept[axis]));
    return indices;
  };
  return path;
}

static Path pathAlong(Body &b, ArrayRef<int64_t> axes, int64_t rank, bool keep) {
  Path path;
  Scalars kept(rank);
  for (int64_t axis = 0, position = 0; axis < rank; ++axis) {
    if (llvm::is_contained(axes, axis))
      path.counts.push_back(b.extent(0, axis));
    else
      kept[axis] = b.index(keep ? axis : position++);
  }
  path.indices = [kept, axes](ArrayRef<Scalar> steps) {
    Scalars indices = kept;
    for (auto [axis, step] : llvm::zip_equal(axes, steps))
      indices[axis] = step;
    return indices;
  };
  return path;
}

Value nibble::onnximport::generateReduction(Node &node, Value input,
                                            llvm::function_ref<Scalar(Body &, const Path &)> program) {
  Type element = node.elementOf(input);
  bool keep = node.getInt("keepdims", 1);
  if (hasAxesAtRunTime(node))
    return node.generate(*node.declaredShape(0), element, {input, node.plain(1)},
                         [&](Body &b) { return program(b, pathAtRunTime(node, b, keep)); });
  SmallVector<int64_t> axes = readReducedAxes(node);
  Shape shape;
  for (auto [axis, dim] : llvm::enumerate(node.shapeOf(input)))
    if (!llvm::is_contained(axes, int64_t(axis)))
      shape.push_back(dim);
    else if (keep)
      shape.push_back(1);
  return node.generate(shape, element, input,
                       [&](Body &b) { return program(b, pathAlong(b, axes, node.rank(0), keep)); });
}
