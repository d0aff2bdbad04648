// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parts of tensors, with bounds known at compile time or found at run time.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Start and number of elements of a range, as ONNX clamps them.
static std::pair<int64_t, int64_t> clampRange(int64_t start, int64_t end, int64_t step, int64_t extent) {
  auto wrap = [&](int64_t i) { return i < 0 ? std::max(i, -extent - 1) + extent : i; };
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  if (extent == 0)
    return {0, 0};
  start = std::clamp(wrap(start), int64_t(0), high);
  end = std::clamp(wrap(end), low, high);
  int64_t distance = step > 0 ? end - start : start - end, stride = std::abs(step);
  return {start, distance <= 0 ? 0 : (distance - 1) / stride + 1};
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
      Bounds range = findRange(b, d, starts.front().factor, axes, steps);
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
  Shape shape = node.shapeOf(input);
  int64_t rank = shape.size();
  SmallVector<int64_t> from = node.ints(1, "starts"), to = node.ints(2, "ends");
  SmallVector<int64_t> axes = node.has(3) ? node.ints(3, "axes") : llvm::to_vector(llvm::seq<int64_t>(0, from.size()));
  SmallVector<int64_t> by = node.has(4) ? node.ints(4, "steps") : SmallVector<int64_t>(from.size(), 1);
  if (to.size() != from.size() || axes.size() != from.size() || by.size() != from.size())
    node.fail("starts, ends, axes and steps have unlike lengths");
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1);
  for (auto [start, end, axis, step] : llvm::zip(from, to, axes, by)) {
    int64_t dim = node.axis(axis, rank);
    if (step == 0 || step == INT64_MIN)
      node.fail("step " + Twine(step) + " along axis " + Twine(dim));
    bool isWhole = start == 0 && step == 1 && end >= INT32_MAX;
    if (isWhole)
      continue;
    if (!shape[dim].isStatic())
      node.fail("slices axis " + Twine(dim) + ", whose extent is unknown at compile time");
    auto [first, count] = clampRange(start, end, step, shape[dim].factor);
    starts[dim] = count ? first : 0;
    steps[dim] = count ? step : 1;
    shape[dim] = count;
  }
  node.set(0, node.slice(input, starts, steps, shape));
}

void nibble::onnximport::addSlices(TranslatorTable &table) { table["Slice"] = importSlice; }
