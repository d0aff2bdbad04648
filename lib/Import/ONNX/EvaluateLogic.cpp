// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape arithmetic at import: comparisons, logic, and what chooses among integers.

#include "Evaluate.h"

#include <functional>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Applies a function to the elements of two integer or boolean tensors: scalars, or of equal shapes. It gives nothing
/// where that depends on extents that are unknown.
static EvaluatedContent zipInts(const Content &lhs, const Content &rhs, int32_t type,
                                function_ref<std::optional<Dim>(const Dim &, const Dim &)> function) {
  if (lhs.isReal() || rhs.isReal() || (lhs.size() != 1 && rhs.size() != 1 && lhs.shape != rhs.shape))
    return std::nullopt;
  const bool takeLeft = lhs.size() != 1 || (rhs.size() == 1 && lhs.shape.size() >= rhs.shape.size());
  Content result = emptyLike(lhs, takeLeft ? lhs.shape : rhs.shape);
  result.type = type;
  for (int64_t i = 0, e = elementCount(result.shape); i < e; ++i) {
    std::optional<Dim> element = function(lhs.ints[wrap(lhs, i)], rhs.ints[wrap(rhs, i)]);
    if (!element)
      return std::nullopt;
    result.ints.push_back(*element);
  }
  return result;
}

/// Functions of truth values.
template <typename Function>
static EvaluatedContent evaluateTruth(Node &node) {
  return zipInts(*node.content(0), *node.content(1), onnx::TensorProto::BOOL,
                 [](const Dim &x, const Dim &y) -> std::optional<Dim> {
                   if (!x.isStatic() || !y.isStatic())
                     return std::nullopt;
                   return Dim(int64_t(Function()(x.getStatic(), y.getStatic())));
                 });
}

/// Comparisons: `relation` of the operands, in their order or `swapped`, or its contrary where `negated`.
template <std::optional<bool> (*relation)(const Dim &, const Dim &), bool swapped, bool negated>
static EvaluatedContent evaluateComparison(Node &node) {
  return zipInts(*node.content(0), *node.content(1), onnx::TensorProto::BOOL,
                 [](const Dim &x, const Dim &y) -> std::optional<Dim> {
                   std::optional<bool> holds = swapped ? relation(y, x) : relation(x, y);
                   return holds ? std::optional(Dim(int64_t(*holds != negated))) : std::nullopt;
                 });
}

static EvaluatedContent evaluateNot(Node &node) {
  Content one;
  one.type = onnx::TensorProto::BOOL;
  one.ints.push_back(1);
  return zipInts(*node.content(0), one, one.type, [](const Dim &x, const Dim &y) -> std::optional<Dim> {
    return x.isStatic() ? std::optional(Dim(x.getStatic() ^ y.getStatic())) : std::nullopt;
  });
}

/// The remainder has the divisor's sign, or as C's the dividend's where `fmod`. Nothing is known of one by 0.
static EvaluatedContent evaluateMod(Node &node) {
  const bool isC = node.getInt("fmod", 0);
  return zipInts(*node.content(0), *node.content(1), node.content(0)->type,
                 [&](const Dim &x, const Dim &y) { return remainder(x, y, isC); });
}

/// Min and Max of any number of tensors, from the left.
template <Dim (*choose)(const Dim &, const Dim &)>
static EvaluatedContent evaluateChain(Node &node) {
  EvaluatedContent result = *node.content(0);
  for (unsigned i = 1; i < node.size() && result; ++i)
    result = zipInts(*result, *node.content(i), result->type,
                     [](const Dim &x, const Dim &y) { return std::optional(choose(x, y)); });
  return result && !result->isReal() ? result : std::nullopt;
}

/// One that is open is noted: a branch may depend on it (If.cpp).
static EvaluatedContent evaluateEqual(Node &node) {
  EvaluatedContent result = evaluateComparison<isEqual, false, false>(node);
  const Content &lhs = *node.content(0), &rhs = *node.content(1);
  if (!result && !lhs.isReal() && !rhs.isReal() && lhs.size() == 1 && rhs.size() == 1)
    node.importer.openEqualities.try_emplace(node.proto.output(0), lhs.ints.front(), rhs.ints.front());
  return result;
}

void nibble::onnximport::addLogicEvaluators(EvaluatorTable &table) {
  table["And"] = evaluateTruth<std::logical_and<int64_t>>;
  table["Equal"] = evaluateEqual;
  table["Greater"] = evaluateComparison<isLess, true, false>;
  table["GreaterOrEqual"] = evaluateComparison<isLess, false, true>;
  table["Less"] = evaluateComparison<isLess, false, false>;
  table["LessOrEqual"] = evaluateComparison<isLess, true, true>;
  table["Max"] = evaluateChain<nibble::max>;
  table["Min"] = evaluateChain<nibble::min>;
  table["Mod"] = evaluateMod;
  table["Not"] = evaluateNot;
  table["Or"] = evaluateTruth<std::logical_or<int64_t>>;
  table["Xor"] = evaluateTruth<std::not_equal_to<int64_t>>;
}
