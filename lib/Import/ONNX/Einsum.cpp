// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Einsum: a matrix product where it is one of floats, else a scalar program.

#include "EinsumEquation.h"
#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

//===----------------------------------------------------------------------===//
// By a matrix product
//===----------------------------------------------------------------------===//

namespace {
/// Labels by what they are to a product: in both operands and the result, in one and the result, in both alone.
struct Roles {
  Labels stack, rows, columns, inner;
};
} // namespace

static bool isDistinct(const Labels &labels) {
  llvm::SmallDenseSet<Label> seen(labels.begin(), labels.end());
  return seen.size() == labels.size();
}

/// None where it is no product: an index on a diagonal, or summed in one operand alone, or broadcast.
static std::optional<Roles> findRoles(const EinsumEquation &equation, ArrayRef<Shape> shapes) {
  if (equation.operands.size() != 2)
    return std::nullopt;
  const Labels &lhs = equation.operands[0], &rhs = equation.operands[1];
  if (!isDistinct(lhs) || !isDistinct(rhs) || equation.shapeOf(lhs) != shapes[0] || equation.shapeOf(rhs) != shapes[1])
    return std::nullopt;
  Roles roles;
  for (Label label : lhs) {
    bool isShared = llvm::is_contained(rhs, label), isKept = llvm::is_contained(equation.result, label);
    if (!isShared && !isKept)
      return std::nullopt;
    (isShared ? (isKept ? roles.stack : roles.inner) : roles.rows).push_back(label);
  }
  for (Label label : rhs) {
    if (llvm::is_contained(lhs, label))
      continue;
    if (!llvm::is_contained(equation.result, label))
      return std::nullopt;
    roles.columns.push_back(label);
  }
  return roles;
}

static Labels concat(const Labels &a, const Labels &b, const Labels &c = {}) {
  Labels labels = a;
  labels.append(b);
  labels.append(c);
  return labels;
}

/// The dimensions of `value`, labelled `from`, in the order of `to`.
static Value arrange(Node &node, Value value, const Labels &from, const Labels &to) {
  auto permutation =
      llvm::map_to_vector(to, [&](Label label) -> int64_t { return llvm::find(from, label) - from.begin(); });
  return llvm::is_sorted(permutation) ? value : node.transpose(value, permutation);
}

/// Null where an extent of the flattened operands is too large, or not known where products need it.
static Value multiply(Node &node, const EinsumEquation &equation, const Roles &roles) {
  std::optional<Dim> rows = checkedProduct(equation.shapeOf(roles.rows)),
                     inner = checkedProduct(equation.shapeOf(roles.inner)),
                     columns = checkedProduct(equation.shapeOf(roles.columns));
  if (!rows || !inner || !columns || !inner->isStatic() || !columns->isStatic())
    return Value();
  Shape stack = equation.shapeOf(roles.stack), left = stack, right = stack, result = stack;
  left.append({*rows, *inner});
  right.append({*inner, *columns});
  result.append({*rows, *columns});
  Value lhs = arrange(node, node.real(0), equation.operands[0], concat(roles.stack, roles.rows, roles.inner));
  Value rhs = arrange(node, node.real(1), equation.operands[1], concat(roles.stack, roles.inner, roles.columns));
  lhs = node.reshape(lhs, left);
  rhs = node.reshape(rhs, right);
  Value flat = node.emit<MatMulOp>(result, node.elementOf(lhs), lhs, rhs, Value());
  node.name(flat, 0);
  Labels labels = concat(roles.stack, roles.rows, roles.columns);
  return arrange(node, node.reshape(flat, equation.shapeOf(labels)), labels, equation.result);
}

static Value importAsProduct(Node &node, const EinsumEquation &equation, ArrayRef<Shape> shapes) {
  if (!llvm::all_of(llvm::seq(node.size()), [&](unsigned i) { return node.isReal(i); }))
    return Value();
  std::optional<Roles> roles = findRoles(equation, shapes);
  return roles ? multiply(node, equation, *roles) : Value();
}

//===----------------------------------------------------------------------===//
// By a program
//===----------------------------------------------------------------------===//

/// How often the loop of `label` runs: the extent of a dimension that is not broadcast.
static Scalar extentOf(Body &b, const EinsumEquation &equation, ArrayRef<Shape> shapes, Label label) {
  for (auto [n, labels] : llvm::enumerate(equation.operands))
    for (auto [d, other] : llvm::enumerate(labels))
      if (other == label && shapes[n][d] == equation.extents.lookup(label))
        return b.extent(n, d);
  llvm_unreachable("each label has its extent from an operand");
}

/// The product of an element of each operand; extents of 1 have their only element at any index.
static Scalar multiplyElements(Body &b, const EinsumEquation &equation, const llvm::DenseMap<Label, Scalar> &indices) {
  std::optional<Scalar> result;
  for (auto [n, labels] : llvm::enumerate(equation.operands)) {
    Scalars at;
    for (Label label : labels)
      at.push_back(indices.lookup(label));
    Scalar element = b.read(n, at);
    result = result ? b.mul(*result, element) : element;
  }
  return *result;
}

static Value importAsProgram(Node &node, const EinsumEquation &equation, ArrayRef<Value> operands,
                             ArrayRef<Shape> shapes) {
  Type element = node.elementOf(operands.front());
  return node.generate(equation.shapeOf(equation.result), element, operands, [&](Body &b) {
    llvm::DenseMap<Label, Scalar> indices;
    for (auto [d, label] : llvm::enumerate(equation.result))
      indices[label] = b.index(d);
    Labels contracted = equation.contracted();
    Scalars counts;
    for (Label label : contracted)
      counts.push_back(extentOf(b, equation, shapes, label));
    if (counts.empty())
      return multiplyElements(b, equation, indices);
    return loopNest(b, counts, b.constant(element, 0), [&](ArrayRef<Scalar> steps, ArrayRef<Scalar> sum) {
      for (auto [label, step] : llvm::zip_equal(contracted, steps))
        indices[label] = step;
      return Scalars{b.add(sum[0], multiplyElements(b, equation, indices))};
    })[0];
  });
}

static void importEinsum(Node &node) {
  SmallVector<Shape> shapes;
  for (unsigned i = 0; i < node.size(); ++i)
    shapes.push_back(node.shape(i));
  EinsumEquation equation = parseEinsum(node, shapes);
  if (Value result = importAsProduct(node, equation, shapes))
    return node.set(0, result);
  SmallVector<Value> operands;
  for (unsigned i = 0; i < node.size(); ++i)
    operands.push_back(node.numeric(i));
  node.set(0, importAsProgram(node, equation, operands, shapes));
}

void nibble::onnximport::addEinsums(TranslatorTable &table) { table["Einsum"] = importEinsum; }
