// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MatMul and Gemm.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Whether products have an operation of their own.
static bool hasProduct(Type element) { return element.isF32() || isa<quant::QuantizedType>(element); }

/// Operand `i`, in the way that products have it: all operands of a node alike.
static Value operand(Node &node, unsigned i) {
  return node.isReal(0) && node.isReal(1) ? node.real(i) : node.numeric(i);
}

/// The bias is null where elements have no product of their own.
Value Node::matmul(Value lhs, Value rhs, Value bias) {
  Shape a = shapeOf(lhs), b = shapeOf(rhs);
  Dim inner = a.back(), rows = a[a.size() - 2], columns = b.back();
  if (inner.isStatic() && b[b.size() - 2].isStatic() && inner != b[b.size() - 2])
    fail("contracted extents " + importer.symbols.print(inner) + " and " + importer.symbols.print(b[b.size() - 2]) +
         " differ");
  Shape shape = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  shape.push_back(rows);
  shape.push_back(columns);
  if (!hasProduct(elementOf(lhs)))
    return generateProduct(*this, lhs, rhs, shape);
  return emit<MatMulOp>(shape, elementOf(lhs), lhs, rhs, bias);
}

static void importMatMul(Node &node) {
  Value lhs = operand(node, 0), rhs = operand(node, 1);
  Shape a = node.shapeOf(lhs), b = node.shapeOf(rhs);
  if (a.empty() || b.empty())
    node.fail("inputs have ranks " + Twine(a.size()) + " and " + Twine(b.size()) + ", expected at least 1");
  if (a.size() == 1)
    lhs = node.reshape(lhs, {1, a[0]});
  if (b.size() == 1)
    rhs = node.reshape(rhs, {b[0], 1});
  Value result = node.matmul(lhs, rhs, Value());
  Shape shape = node.shapeOf(result);
  if (b.size() == 1)
    shape.pop_back();
  if (a.size() == 1)
    shape.erase(shape.end() - (b.size() == 1 ? 1 : 2));
  node.name(result, 0);
  node.set(0, node.reshape(result, shape));
}

/// Multiplies by `factor`: a constant's elements at once, other values by an operation.
static Value scale(Node &node, Value value, float factor) {
  if (factor == 1.0f)
    return value;
  if (Type element = node.elementOf(value); !hasProduct(element)) {
    if (!isa<FloatType>(element) && factor != std::trunc(factor))
      node.fail("attributes 'alpha' and 'beta' must be whole for integers, got " + Twine(std::to_string(factor)));
    return node.elementwise(element, value,
                            [&](Body &b, ArrayRef<Scalar> x) { return b.mul(x[0], b.constant(element, factor)); });
  }
  if (auto constant = value.getDefiningOp<ConstantOp>())
    if (std::optional elements = constant.getValue().tryGetValues<float>()) {
      auto scaled = llvm::map_to_vector(*elements, [&](float element) { return element * factor; });
      return node.floats(scaled, cast<RankedTensorType>(value.getType()).getShape());
    }
  return node.binary<MulOp>(value, node.floats(factor));
}

/// The addend as a bias of one value a column; null if it varies along the rows.
static Value asBias(Node &node, Value addend, const Dim &columns) {
  Shape shape = node.shapeOf(addend);
  bool isRow = llvm::all_of(ArrayRef<Dim>(shape).drop_back(shape.empty() ? 0 : 1), [](Dim d) { return d == 1; });
  if (shape.empty() || !isRow || shape.back() != columns || !columns.isStatic())
    return Value();
  return node.reshape(addend, {columns});
}

static Value add(Node &node, Value lhs, Value rhs) {
  if (hasProduct(node.elementOf(lhs)))
    return node.binary<AddOp>(lhs, rhs);
  return node.elementwise(node.elementOf(lhs), {lhs, rhs},
                          [](Body &b, ArrayRef<Scalar> x) { return b.add(x[0], x[1]); });
}

static void importGemm(Node &node) {
  Value lhs = operand(node, 0), rhs = operand(node, 1);
  if (node.shapeOf(lhs).size() != 2 || node.shapeOf(rhs).size() != 2)
    node.fail("inputs 0 and 1 must have rank 2");
  if (node.getInt("transA", 0))
    lhs = node.transpose(lhs, {1, 0});
  if (node.getInt("transB", 0))
    rhs = node.transpose(rhs, {1, 0});
  rhs = scale(node, rhs, node.getFloat("alpha", 1.0f));
  Value addend = node.has(2) ? scale(node, operand(node, 2), node.getFloat("beta", 1.0f)) : Value();
  Value bias = addend && hasProduct(node.elementOf(lhs)) ? asBias(node, addend, node.shapeOf(rhs)[1]) : Value();
  Value result = node.matmul(lhs, rhs, bias);
  if (addend && !bias)
    result = add(node, result, addend);
  node.set(0, result);
}

void nibble::onnximport::addMatrixProducts(TranslatorTable &table) {
  table["MatMul"] = importMatMul;
  table["Gemm"] = importGemm;
}
