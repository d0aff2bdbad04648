// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape arithmetic at import: comparisons, logic, and what chooses among integers. Extents that are unknown have no
// order.

#include "Evaluate.h"

#include <algorithm>
#include <functional>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Applies a function to the elements of two integer or boolean tensors: scalars, or of equal shapes.
template <typename Function>
static EvaluatedContent zipInts(const Content &lhs, const Content &rhs, int32_t type, Function function) {
  std::optional<SmallVector<int64_t>> left = staticExtents(lhs.ints), right = staticExtents(rhs.ints);
  if (lhs.isReal() || rhs.isReal() || !left || !right || (lhs.size() != 1 && rhs.size() != 1 && lhs.shape != rhs.shape))
    return std::nullopt;
  const bool takeLeft = lhs.size() != 1 || (rhs.size() == 1 && lhs.shape.size() >= rhs.shape.size());
  Content result = emptyLike(lhs, takeLeft ? lhs.shape : rhs.shape);
  result.type = type;
  for (int64_t i = 0, e = elementCount(result.shape); i < e; ++i)
    result.ints.push_back(int64_t(function((*left)[wrap(lhs, i)], (*right)[wrap(rhs, i)])));
  return result;
}

/// Comparisons, and functions of truth values.
template <typename Function>
static EvaluatedContent evaluateTruth(Node &node) {
  return zipInts(*node.content(0), *node.content(1), onnx::TensorProto::BOOL, Function());
}

static EvaluatedContent evaluateNot(Node &node) {
  Content one;
  one.type = onnx::TensorProto::BOOL;
  one.ints.push_back(1);
  return zipInts(*node.content(0), one, one.type, std::bit_xor<int64_t>());
}

/// The remainder has the divisor's sign, or as C's the dividend's where `fmod`. Nothing is known of one by 0.
static EvaluatedContent evaluateMod(Node &node) {
  std::optional<SmallVector<int64_t>> divisors = staticExtents(node.content(1)->ints);
  if (!divisors || llvm::is_contained(*divisors, 0))
    return std::nullopt;
  const bool isC = node.getInt("fmod", 0);
  return zipInts(*node.content(0), *node.content(1), node.content(0)->type, [&](int64_t x, int64_t y) {
    const int64_t rest = y == -1 ? 0 : x % y;
    return !isC && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  });
}

/// Min and Max of any number of tensors, from the left.
template <typename Function>
static EvaluatedContent evaluateChain(Node &node) {
  EvaluatedContent result = *node.content(0);
  for (unsigned i = 1; i < node.size() && result; ++i)
    result = zipInts(*result, *node.content(i), result->type, Function());
  return result && !result->isReal() ? result : std::nullopt;
}

namespace {
struct Least {
  int64_t operator()(int64_t a, int64_t b) const { return std::min(a, b); }
};
struct Largest {
  int64_t operator()(int64_t a, int64_t b) const { return std::max(a, b); }
};
} // namespace

void nibble::onnximport::addLogicEvaluators(EvaluatorTable &table) {
  table["And"] = evaluateTruth<std::logical_and<int64_t>>;
  table["Equal"] = evaluateTruth<std::equal_to<int64_t>>;
  table["Greater"] = evaluateTruth<std::greater<int64_t>>;
  table["GreaterOrEqual"] = evaluateTruth<std::greater_equal<int64_t>>;
  table["Less"] = evaluateTruth<std::less<int64_t>>;
  table["LessOrEqual"] = evaluateTruth<std::less_equal<int64_t>>;
  table["Max"] = evaluateChain<Largest>;
  table["Min"] = evaluateChain<Least>;
  table["Mod"] = evaluateMod;
  table["Not"] = evaluateNot;
  table["Or"] = evaluateTruth<std::logical_or<int64_t>>;
  table["Xor"] = evaluateTruth<std::not_equal_to<int64_t>>;
}
