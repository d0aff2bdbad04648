// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape arithmetic at import: functions of elements.

#include "Evaluate.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static EvaluatedContent evaluateCast(Node &node) {
  Content result = *node.content(0);
  int32_t from = result.type, to = node.getInt("to", 0);
  bool fromReal = from == onnx::TensorProto::FLOAT, toReal = to == onnx::TensorProto::FLOAT;
  bool toInt = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
  const bool toTruth = to == onnx::TensorProto::BOOL && !fromReal;
  if (!toReal && !toInt && !toTruth)
    return std::nullopt;
  result.type = to;
  for (Dim &dim : result.ints) {
    if (!toTruth || from == to)
      break;
    if (!dim.isStatic())
      return std::nullopt;
    dim = dim != 0;
  }
  if (fromReal && toInt) {
    for (double real : result.reals)
      result.ints.push_back(std::isnan(real) ? 0 : static_cast<int64_t>(std::clamp(real, -9e18, 9e18)));
    result.reals.clear();
  } else if (!fromReal && toReal) {
    std::optional<SmallVector<int64_t>> ints = staticExtents(result.ints);
    if (!ints)
      return std::nullopt;
    for (int64_t i : *ints)
      result.reals.push_back(static_cast<float>(i));
    result.ints.clear();
  }
  return result;
}

/// Applies a function to the elements of two tensors: scalars, or of equal shapes.
static EvaluatedContent zip(Node &node, std::optional<Dim> (*onInts)(const Dim &, const Dim &),
                            double (*onReals)(double, double)) {
  const Content &lhs = *node.content(0), &rhs = *node.content(1);
  if (lhs.type != rhs.type || (lhs.size() != 1 && rhs.size() != 1 && lhs.shape != rhs.shape))
    return std::nullopt;
  bool takeLeft = lhs.size() != 1 || (rhs.size() == 1 && lhs.shape.size() >= rhs.shape.size());
  Content result = emptyLike(lhs, takeLeft ? lhs.shape : rhs.shape);
  size_t count = elementCount(result.shape);
  for (size_t i = 0; i < count; ++i) {
    if (lhs.isReal()) {
      result.reals.push_back(static_cast<float>(onReals(lhs.reals[wrap(lhs, i)], rhs.reals[wrap(rhs, i)])));
      continue;
    }
    std::optional<Dim> dim = onInts(lhs.ints[wrap(lhs, i)], rhs.ints[wrap(rhs, i)]);
    if (!dim)
      return std::nullopt;
    result.ints.push_back(*dim);
  }
  return result;
}

static EvaluatedContent evaluateAdd(Node &node) {
  return zip(
      node, [](const Dim &a, const Dim &b) { return std::optional(a + b); }, [](double a, double b) { return a + b; });
}
static EvaluatedContent evaluateSub(Node &node) {
  return zip(
      node, [](const Dim &a, const Dim &b) { return std::optional(a - b); }, [](double a, double b) { return a - b; });
}
static EvaluatedContent evaluateMul(Node &node) {
  return zip(
      node, [](const Dim &a, const Dim &b) { return std::optional(a * b); }, [](double a, double b) { return a * b; });
}
static EvaluatedContent evaluateDiv(Node &node) {
  return zip(node, divide, [](double a, double b) { return a / b; });
}

/// Applies a function to the elements of a float tensor.
static EvaluatedContent mapReals(Node &node, double (*function)(double)) {
  Content result = *node.content(0);
  if (!result.isReal())
    return std::nullopt;
  for (double &real : result.reals)
    real = function(real);
  return result;
}
static EvaluatedContent evaluateFloor(Node &node) { return mapReals(node, std::floor); }
static EvaluatedContent evaluateCeil(Node &node) { return mapReals(node, std::ceil); }

static EvaluatedContent evaluateWhere(Node &node) {
  const Content &which = *node.content(0), &yes = *node.content(1), &no = *node.content(2);
  if (yes.type != no.type || which.isReal() || !staticExtents(which.ints))
    return std::nullopt;
  const Content *largest = &which;
  for (const Content *content : {&yes, &no})
    if (content->shape.size() > largest->shape.size() || content->size() > largest->size())
      largest = content;
  Content result = emptyLike(yes, largest->shape);
  for (const Content *content : {&which, &yes, &no})
    if (content->size() != 1 && content->shape != largest->shape)
      return std::nullopt;
  for (int64_t i = 0, e = elementCount(result.shape); i < e; ++i) {
    const Content &from = which.ints[wrap(which, i)].getStatic() ? yes : no;
    append(result, from, wrap(from, i));
  }
  return result;
}

static EvaluatedContent evaluateNeg(Node &node) {
  if (EvaluatedContent reals = mapReals(node, [](double real) { return -real; }))
    return reals;
  Content result = *node.content(0);
  for (Dim &dim : result.ints)
    dim = dim == INT64_MIN ? dim : Dim(0) - dim;
  return result;
}

static EvaluatedContent evaluateAbs(Node &node) {
  if (EvaluatedContent reals = mapReals(node, [](double real) { return std::abs(real); }))
    return reals;
  Content result = *node.content(0);
  for (Dim &dim : result.ints)
    dim = dim == INT64_MIN ? dim : nibble::max(dim, Dim(0) - dim);
  return result;
}

static EvaluatedContent evaluateReduceProd(Node &node) {
  const Content &data = *node.content(0);
  std::optional<Dim> result = checkedProduct(data.ints);
  if (data.isReal() || data.shape.size() != 1 || !result)
    return std::nullopt;
  Content content = fromInts(*result);
  if (!node.getInt("keepdims", 1))
    content.shape.clear();
  return content;
}

void nibble::onnximport::addArithmeticEvaluators(EvaluatorTable &table) {
  table["Abs"] = evaluateAbs;
  table["Add"] = evaluateAdd;
  table["Cast"] = evaluateCast;
  table["Ceil"] = evaluateCeil;
  table["Div"] = evaluateDiv;
  table["Floor"] = evaluateFloor;
  table["Mul"] = evaluateMul;
  table["Neg"] = evaluateNeg;
  table["ReduceProd"] = evaluateReduceProd;
  table["Sub"] = evaluateSub;
  table["Where"] = evaluateWhere;
}
