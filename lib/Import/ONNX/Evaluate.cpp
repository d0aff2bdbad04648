// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape arithmetic: nodes on small integer tensors are computed at import, with the model's unknown extents as symbols.

#include "Evaluate.h"

#include <algorithm>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

int64_t nibble::onnximport::elementCount(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

bool nibble::onnximport::isSmall(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape) {
    if (extent < 0 || extent > kLargestContent)
      return false;
    count *= std::max<int64_t>(extent, 1);
    if (count > kLargestContent)
      return false;
  }
  return true;
}

Content nibble::onnximport::emptyLike(const Content &like, ArrayRef<int64_t> shape) {
  Content result;
  result.type = like.type;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

void nibble::onnximport::append(Content &result, const Content &from, int64_t i) {
  if (from.isReal())
    result.reals.push_back(from.reals[i]);
  else
    result.ints.push_back(from.ints[i]);
}

Content nibble::onnximport::fromInts(ArrayRef<Dim> ints) {
  Content result;
  result.shape.push_back(ints.size());
  result.ints.assign(ints.begin(), ints.end());
  return result;
}

static EvaluatedContent evaluateShape(Node &node) {
  Shape shape = node.shape(0);
  int64_t rank = shape.size();
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  int64_t start = clamp(node.getInt("start", 0)), end = clamp(node.getInt("end", rank));
  return fromInts(ArrayRef<Dim>(shape).slice(start, std::max<int64_t>(end - start, 0)));
}

static EvaluatedContent evaluateSize(Node &node) {
  std::optional<Dim> count = checkedProduct(node.shape(0));
  if (!count)
    return std::nullopt;
  Content result;
  result.ints.push_back(*count);
  return result;
}

static EvaluatedContent evaluateConstant(Node &node) {
  for (StringRef name : {"value_int", "value_ints"})
    if (const onnx::AttributeProto *value = node.attribute(name)) {
      SmallVector<Dim> ints(value->ints().begin(), value->ints().end());
      if (name == "value_ints")
        return fromInts(ints);
      Content result;
      result.ints.push_back(value->i());
      return result;
    }
  Content result;
  result.type = onnx::TensorProto::FLOAT;
  if (const onnx::AttributeProto *value = node.attribute("value_float")) {
    result.reals.push_back(value->f());
    return result;
  }
  if (const onnx::AttributeProto *value = node.attribute("value_floats")) {
    result.reals.assign(value->floats().begin(), value->floats().end());
    result.shape.push_back(result.reals.size());
    return result;
  }
  return std::nullopt;
}

/// Evaluators that need no more than the operands' shapes.
static const EvaluatorTable &shapeEvaluators() {
  static const EvaluatorTable table = {
      {"Shape", evaluateShape}, {"Size", evaluateSize}, {"Constant", evaluateConstant}};
  return table;
}

/// Evaluators that need all of the operands' elements.
static const EvaluatorTable &contentEvaluators() {
  static const EvaluatorTable table = [] {
    EvaluatorTable all;
    addArithmeticEvaluators(all);
    addLogicEvaluators(all);
    addMovementEvaluators(all);
    return all;
  }();
  return table;
}

/// A Constant node's tensor is used where it lies.
static bool adoptTensor(Node &node) {
  const onnx::AttributeProto *value = node.attribute("value");
  if (node.proto.op_type() != "Constant" || !value)
    return false;
  Known &known = node.importer.define(node.proto.output(0));
  known.tensor = &value->t();
  known.shape.assign(value->t().dims().begin(), value->t().dims().end());
  return true;
}

/// All operands' elements are known. Integer arithmetic on constants is shape arithmetic; large floats are weights.
static bool hasContent(Node &node) {
  for (unsigned i = 0; i < node.size(); ++i)
    if (node.has(i) && !node.content(i))
      return false;
  return node.size() > 0;
}

bool nibble::onnximport::hasEvaluator(StringRef op) {
  return shapeEvaluators().contains(op) || contentEvaluators().contains(op);
}

bool nibble::onnximport::evaluate(Node &node) {
  if (!node.proto.domain().empty() || node.proto.output_size() != 1)
    return false;
  if (adoptTensor(node))
    return true;
  EvaluatedContent result;
  auto it = shapeEvaluators().find(node.proto.op_type());
  if (it != shapeEvaluators().end()) {
    result = it->second(node);
  } else {
    it = contentEvaluators().find(node.proto.op_type());
    if (it != contentEvaluators().end() && hasContent(node))
      result = it->second(node);
  }
  if (result)
    node.set(0, std::move(*result));
  return result.has_value();
}
