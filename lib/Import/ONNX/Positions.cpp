// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors whose elements follow from where they are: ranges, and parts of matrices.

#include "Movement.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The only element of operand `n`.
static Scalar readOnly(Body &b, Node &node, unsigned n, Value operand) {
  return b.read(n, Scalars(node.shapeOf(operand).size(), b.integer(0)));
}

/// Entries of a Range of integers by a step that is known, where the extents of the inputs decide of its ends.
static std::optional<Dim> countDims(Node &node) {
  for (unsigned i = 0; i < 3; ++i)
    if (!node.content(i) || node.content(i)->isReal() || node.content(i)->size() != 1)
      return std::nullopt;
  const Dim start = node.content(0)->ints.front(), limit = node.content(1)->ints.front(),
            delta = node.content(2)->ints.front();
  const int64_t step = delta.getStaticOr(0);
  if (step == 0 || step == INT64_MIN || (start.isStatic() && limit.isStatic()))
    return std::nullopt;
  return nibble::max(step > 0 ? ceilDiv(limit - start, step) : ceilDiv(start - limit, -step), 0);
}

/// Entries of a Range whose operands are known; none otherwise.
static std::optional<Dim> countRange(Node &node) {
  if (std::optional<Dim> count = countDims(node))
    return count;
  double numbers[3];
  for (unsigned i = 0; i < 3; ++i) {
    const Content *content = node.content(i);
    if (!content || content->size() != 1 || (!content->isReal() && !content->ints.front().isStatic()))
      return std::nullopt;
    numbers[i] = content->isReal() ? content->reals.front() : double(content->ints.front().getStatic());
  }
  const double count = std::ceil((numbers[1] - numbers[0]) / numbers[2]);
  if (!(count <= double(kLargestExtent)))
    node.fail("goes from " + std::to_string(numbers[0]) + " to " + std::to_string(numbers[1]) + " by " +
              std::to_string(numbers[2]));
  return Dim(std::max(int64_t(count), int64_t(0)));
}

static void importRange(Node &node) {
  std::optional<Dim> count = countRange(node);
  Shape shape = count ? Shape{*count} : node.resultShape(0, 1, "the limit", 1);
  Value start = node.plain(0), delta = node.plain(2);
  Type element = node.elementOf(start);
  node.set(0, node.generate(shape, element, {start, delta}, [&](Body &b) {
    Scalar step = b.mul(b.cast(b.index(0), element), readOnly(b, node, 1, delta));
    return b.add(readOnly(b, node, 0, start), step);
  }));
}

/// The part of each matrix above its k-th diagonal, or below, with the diagonal.
static void importTrilu(Node &node) {
  SmallVector<Value> operands = {node.plain(0)};
  if (node.has(1))
    operands.push_back(node.plain(1));
  Type element = node.elementOf(operands.front());
  const bool isUpper = node.getInt("upper", 1) != 0;
  if (node.rank(0) < 2)
    node.fail("input 0 has rank " + Twine(node.rank(0)) + ", expected at least 2");
  node.set(0, node.generate(node.shapeOf(operands.front()), element, operands, [&](Body &b) {
    Scalars at;
    for (int64_t d = 0; d < b.rank(); ++d)
      at.push_back(b.index(d));
    Scalar diagonal = b.index(b.rank() - 2), column = b.index(b.rank() - 1);
    if (node.has(1))
      diagonal = b.add(diagonal, readOnly(b, node, 1, operands[1]));
    Scalar keeps = isUpper ? b.lessOrEqual(diagonal, column) : b.lessOrEqual(column, diagonal);
    return b.select(keeps, b.read(0, at), b.constant(element, 0));
  }));
}

void nibble::onnximport::addPositions(TranslatorTable &table) {
  table["Range"] = importRange;
  table["Trilu"] = importTrilu;
}
