// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parts of tensors, with bounds known at compile time or found at run time.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// `bound` counted from the front; none where its sign depends on the extents of the inputs.
static std::optional<Dim> fromFront(const Dim &bound, const Dim &extent) {
  std::optional<bool> isNegative = isLess(bound, 0);
  return isNegative ? std::optional(*isNegative ? bound + extent : bound) : std::nullopt;
}

/// Start and number of elements of a range, as ONNX clamps them.
static std::optional<std::pair<Dim, Dim>> clampRange(const Dim &start, const Dim &end, int64_t step,
                                                     const Dim &extent) {
  // What is known to lie outside.
  auto isBeyond = [](const Dim &bound) { return bound.getStaticOr(0) >= kLargestExtent; };
  auto isBefore = [](const Dim &bound) { return bound.getStaticOr(0) <= -kLargestExtent; };
  std::optional<Dim> from = isBeyond(start) ? extent : isBefore(start) ? Dim(0) : fromFront(start, extent);
  std::optional<Dim> to = isBeyond(end) ? extent : isBefore(end) ? Dim(-1) : fromFront(end, extent);
  if (!from || !to)
    return std::nullopt;
  // Extents are not negative, whatever they are computed from.
  if (step > 0) {
    from = nibble::max(*from, 0); // beyond the end there are none anyway
    const bool isInside = *to == extent || isAtLeast(extent, *to);
    to = *to == extent ? extent : isInside ? nibble::max(*to, 0) : nibble::min(nibble::max(*to, 0), extent);
    Dim distance = nibble::max(*to - *from, 0);
    if (*from == 0)
      distance = *to;
    else if (isLess(start, 0) == true && *to == extent) // the last ones, if there are as many
      distance = nibble::min(Dim(0) - start, extent);
    return std::pair(*from, ceilDiv(distance, step));
  }
  // The end is -1 in front of the first; a tensor without elements has the last one there.
  const Dim last = extent - 1;
  from = *from == last ? last : nibble::min(nibble::max(*from, 0), last);
  to = *to == -1 ? -1 : nibble::min(nibble::max(*to, -1), last);
  const Dim distance = nibble::max(*from - *to, 0);
  return std::pair(*from, ceilDiv(distance == extent ? extent : nibble::min(distance, extent), -step));
}

namespace {
/// Where a Slice with bounds found at run time begins along one dimension, and its step.
struct Bounds {
  Scalar start, step;
};
} // namespace

/// Entry `i` of operand `n`.
static Scalar readEntry(Body &b, unsigned n, int64_t i) { return b.cast(b.read(n, b.integer(i)), b.getI64Type()); }

/// `start` as ONNX clamps it.
static Scalar clampStart(Body &b, Scalar start, Scalar step, Scalar extent) {
  Scalar last = b.sub(extent, b.integer(1)), zero = b.integer(0);
  Scalar high = b.select(b.less(step, zero), last, extent);
  return b.max(b.min(b.fromEnd(start, extent), high), zero);
}

/// The range of dimension `d`. Operands: the input, starts, and axes and steps where they have a number.
static Bounds findRange(Body &b, unsigned d, int64_t count, unsigned axes, unsigned steps) {
  Bounds range = {b.integer(0), b.integer(1)};
  for (int64_t i = 0; i < count; ++i) {
    if (!axes && i != int64_t(d))
      continue;
    Scalar step = steps ? readEntry(b, steps, i) : b.integer(1);
    Scalar start = clampStart(b, readEntry(b, 1, i), step, b.extent(0, d));
    if (!axes)
      return {start, step};
    Scalar isMine = b.equal(b.fromEnd(readEntry(b, axes, i), b.integer(b.rank())), b.integer(d));
    range = {b.select(isMine, start, range.start), b.select(isMine, step, range.step)};
  }
  return range;
}

/// Bounds that the program finds: the result's shape says how many elements there are.
static void importSliceAt(Node &node, unsigned unknown) {
  SmallVector<Value> operands = {node.plain(0), node.plain(1)};
  unsigned axes = 0, steps = 0;
  if (node.has(3))
    axes = operands.size(), operands.push_back(node.plain(3));
  if (node.has(4))
    steps = operands.size(), operands.push_back(node.plain(4));
  static constexpr StringLiteral names[] = {"starts", "ends", "axes", "steps"};
  Shape starts = node.shape(1), shape = node.resultShape(0, unknown, names[unknown - 1], node.rank(0));
  if (starts.size() != 1 || !starts.front().isStatic())
    node.fail("the number of starts is not known at compile time");
  node.set(0, node.generate(shape, node.elementOf(operands.front()), operands, [&](Body &b) {
    Scalars at;
    for (unsigned d = 0; d < shape.size(); ++d) {
      Bounds range = findRange(b, d, starts.front().getStatic(), axes, steps);
      at.push_back(b.add(range.start, b.mul(b.index(d), range.step)));
    }
    return b.read(0, at);
  }));
}

/// The first bound that is found at run time; 0 if there is none.
static unsigned firstUnknown(Node &node) {
  for (unsigned i = 1; i < 5; ++i)
    if (node.has(i) && !node.content(i))
      return i;
  return 0;
}

static void importSlice(Node &node) {
  if (unsigned unknown = firstUnknown(node))
    return importSliceAt(node, unknown);
  Value input = node.get(0);
  const Shape whole = node.shapeOf(input);
  Shape shape = whole;
  int64_t rank = shape.size();
  ArrayRef<Dim> from = node.content(1)->ints, to = node.content(2)->ints;
  SmallVector<int64_t> axes = node.has(3) ? node.ints(3, "axes") : llvm::to_vector(llvm::seq<int64_t>(0, from.size()));
  SmallVector<int64_t> by = node.has(4) ? node.ints(4, "steps") : SmallVector<int64_t>(from.size(), 1);
  if (to.size() != from.size() || axes.size() != from.size() || by.size() != from.size())
    node.fail("starts, ends, axes and steps have unlike lengths");
  Shape starts(rank, 0);
  SmallVector<int64_t> steps(rank, 1);
  for (auto [start, end, axis, step] : llvm::zip(from, to, axes, by)) {
    int64_t dim = node.axis(axis, rank);
    if (step == 0 || step == INT64_MIN)
      node.fail("step " + Twine(step) + " along axis " + Twine(dim));
    auto range = clampRange(start, end, step, whole[dim]);
    if (!range)
      node.fail("slices axis " + Twine(dim) + " from " + node.importer.symbols.print(start) + " to " +
                    node.importer.symbols.print(end) + ", and which of them count from the end is not known",
                "give the input a fixed shape");
    auto [first, count] = *range;
    starts[dim] = count == 0 ? Dim(0) : first;
    steps[dim] = count == 0 ? 1 : step;
    shape[dim] = count;
  }
  node.set(0, node.sliceFrom(input, starts, steps, shape));
}

void nibble::onnximport::addSlices(TranslatorTable &table) { table["Slice"] = importSlice; }
