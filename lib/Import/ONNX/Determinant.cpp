// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Determinants of matrices, by elimination of a column at a time.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Each row of a matrix becomes two operations.
constexpr int64_t kLargestMatrix = 64;

/// The element's indices but the last `count`, which are those of its matrix in a stack.
static Scalars stackIndices(Body &b, int64_t count) {
  Scalars indices;
  for (int64_t d = 0; d < b.rank() - count; ++d)
    indices.push_back(b.index(d));
  return indices;
}

static Scalar readAt(Body &b, unsigned operand, Scalars indices, ArrayRef<Scalar> inner) {
  indices.append(inner.begin(), inner.end());
  return b.read(operand, indices);
}

/// The row of operand 0 whose element in column 0 is the largest.
static Scalar findPivot(Body &b, const Scalars &stack, int64_t rows) {
  Scalar zero = b.integer(0);
  Scalars start = {zero, b.abs(readAt(b, 0, stack, {zero, zero}))};
  return b.loop(b.integer(rows), start, [&](Scalar row, ArrayRef<Scalar> best) {
    Scalar size = b.abs(readAt(b, 0, stack, {row, zero})), isLarger = b.less(best[1], size);
    return Scalars{b.select(isLarger, row, best[0]), b.select(isLarger, size, best[1])};
  })[0];
}

/// One pivot a matrix of the stack, with its sign changed where its row is not the first.
static Value pivots(Node &node, Value matrices, const Shape &stack, int64_t rows) {
  return node.generate(stack, node.elementOf(matrices), matrices, [&](Body &b) {
    Scalars at = stackIndices(b, 0);
    Scalar row = findPivot(b, at, rows), pivot = readAt(b, 0, at, {row, b.integer(0)});
    return b.select(b.equal(row, b.integer(0)), pivot, b.neg(pivot));
  });
}

/// The matrices without the pivots' rows and columns, less what takes the columns out: the first row is in the pivot's
/// place.
static Value eliminate(Node &node, Value matrices, const Shape &stack, int64_t rows) {
  Shape shape = stack;
  shape.append(2, Dim(rows - 1));
  return node.generate(shape, node.elementOf(matrices), matrices, [&](Body &b) {
    Scalars at = stackIndices(b, 2);
    Scalar zero = b.integer(0), one = b.integer(1), pivotRow = findPivot(b, at, rows);
    Scalar row = b.add(b.index(b.rank() - 2), one), column = b.add(b.index(b.rank() - 1), one);
    row = b.select(b.equal(row, pivotRow), zero, row);
    Scalar pivot = readAt(b, 0, at, {pivotRow, zero}), none = b.constant(pivot.type, 0);
    // A column of zeros needs no elimination; the determinant is 0.
    Scalar factor = b.select(b.equal(pivot, none), none, b.div(readAt(b, 0, at, {row, zero}), pivot));
    return b.sub(readAt(b, 0, at, {row, column}), b.mul(factor, readAt(b, 0, at, {pivotRow, column})));
  });
}

static Value multiply(Node &node, Value lhs, Value rhs) {
  return node.elementwise(node.elementOf(lhs), {lhs, rhs},
                          [](Body &b, ArrayRef<Scalar> x) { return b.mul(x[0], x[1]); });
}

static void importDet(Node &node) {
  Value matrices = node.numeric(0);
  Shape shape = node.shapeOf(matrices);
  Dim rows = shape.size() < 2 ? Dim(0) : shape.back();
  if (shape.size() < 2 || rows != shape[shape.size() - 2])
    node.fail("input 0 has shape " + node.importer.symbols.print(shape) + ", expected square matrices");
  if (!rows.isStatic() || rows.getStatic() < 1 || rows.getStatic() > kLargestMatrix)
    node.fail("the matrices have " + node.importer.symbols.print(rows) + " rows, expected 1 to " +
              Twine(kLargestMatrix));
  Shape stack(shape.begin(), shape.end() - 2);
  Value result = pivots(node, matrices, stack, rows.getStatic());
  for (int64_t count = rows.getStatic(); count > 1; --count) {
    matrices = eliminate(node, matrices, stack, count);
    result = multiply(node, result, pivots(node, matrices, stack, count - 1));
  }
  node.set(0, result);
}

void nibble::onnximport::addDeterminants(TranslatorTable &table) { table["Det"] = importDet; }
