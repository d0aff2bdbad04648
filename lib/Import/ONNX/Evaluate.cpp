// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape arithmetic: nodes on small integer tensors are computed at import, with the model's unknown extents as symbols.

#include "Importer.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
using Result = std::optional<Content>;
using Evaluator = Result (*)(Node &);
} // namespace

/// Contents have no more elements, and no greater extents.
constexpr int64_t kLargestContent = 1024;

/// Of a shape that `isSmall`.
static int64_t elementCount(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

static bool isSmall(ArrayRef<int64_t> shape) {
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

/// An empty content of `like`'s element type.
static Content emptyLike(const Content &like, ArrayRef<int64_t> shape) {
  Content result;
  result.type = like.type;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

static void append(Content &result, const Content &from, int64_t i) {
  if (from.isReal())
    result.reals.push_back(from.reals[i]);
  else
    result.ints.push_back(from.ints[i]);
}

static Content fromInts(ArrayRef<Dim> ints) {
  Content result;
  result.shape.push_back(ints.size());
  result.ints.assign(ints.begin(), ints.end());
  return result;
}

static Result evaluateShape(Node &node) {
  Shape shape = node.shape(0);
  int64_t rank = shape.size();
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  int64_t start = clamp(node.getInt("start", 0)), end = clamp(node.getInt("end", rank));
  return fromInts(ArrayRef<Dim>(shape).slice(start, std::max<int64_t>(end - start, 0)));
}

static Result evaluateSize(Node &node) {
  std::optional<Dim> count = product(node.shape(0));
  if (!count)
    return std::nullopt;
  Content result;
  result.ints.push_back(*count);
  return result;
}

static Result evaluateIdentity(Node &node) { return *node.content(0); }

static Result evaluateCast(Node &node) {
  Content result = *node.content(0);
  int32_t from = result.type, to = node.getInt("to", 0);
  bool fromReal = from == onnx::TensorProto::FLOAT, toReal = to == onnx::TensorProto::FLOAT;
  bool toInt = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
  if (!toReal && !toInt && !(to == onnx::TensorProto::BOOL && from == to))
    return std::nullopt;
  result.type = to;
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

static Result evaluateGather(Node &node) {
  const Content &data = *node.content(0), &indices = *node.content(1);
  int64_t axis = node.axis(node.getInt("axis", 0), data.shape.size());
  SmallVector<int64_t> shape(data.shape.begin(), data.shape.begin() + axis);
  llvm::append_range(shape, indices.shape);
  shape.append(data.shape.begin() + axis + 1, data.shape.end());
  if (indices.isReal() || !isSmall(shape))
    return std::nullopt;
  int64_t outer = elementCount(ArrayRef(data.shape).take_front(axis)), extent = data.shape[axis],
          inner = elementCount(ArrayRef(data.shape).drop_front(axis + 1));
  Content result = emptyLike(data, shape);
  for (int64_t o = 0; o < outer; ++o)
    for (const Dim &index : indices.ints) {
      int64_t i = index.factor < 0 ? index.factor + extent : index.factor;
      if (!index.isStatic() || i < 0 || i >= extent)
        return std::nullopt;
      for (int64_t k = 0; k < inner; ++k)
        append(result, data, (o * extent + i) * inner + k);
    }
  return result;
}

/// The axes of Squeeze and Unsqueeze, from the front.
static SmallVector<int64_t> readAxes(Node &node, int64_t rank) {
  SmallVector<int64_t> axes = node.ints(1, "axes");
  for (int64_t &axis : axes)
    axis = node.axis(axis, rank);
  llvm::sort(axes);
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    node.fail("the axes contain doubles");
  return axes;
}

static Result evaluateUnsqueeze(Node &node) {
  Content result = *node.content(0);
  for (int64_t axis : readAxes(node, result.shape.size() + node.content(1)->size()))
    result.shape.insert(result.shape.begin() + axis, 1);
  return result;
}

static Result evaluateSqueeze(Node &node) {
  Content result = *node.content(0);
  if (!node.has(1)) {
    llvm::erase(result.shape, 1);
    return result;
  }
  for (int64_t axis : llvm::reverse(readAxes(node, result.shape.size()))) {
    if (result.shape[axis] != 1)
      return std::nullopt;
    result.shape.erase(result.shape.begin() + axis);
  }
  return result;
}

static Result evaluateConcat(Node &node) {
  Content result = emptyLike(*node.content(0), {0});
  for (unsigned i = 0; i < node.size(); ++i) {
    const Content &part = *node.content(i);
    if (part.shape.size() != 1 || part.type != result.type)
      return std::nullopt;
    result.shape[0] += part.shape[0];
    for (size_t k = 0; k < part.size(); ++k)
      append(result, part, k);
  }
  return result;
}

static Result evaluateSlice(Node &node) {
  const Content &data = *node.content(0);
  for (unsigned i = 1; i < node.size(); ++i)
    if (node.has(i) && node.content(i)->size() != 1)
      return std::nullopt;
  if (data.shape.size() != 1 || data.shape[0] == 0)
    return std::nullopt;
  int64_t extent = data.shape[0], step = node.has(4) ? node.ints(4, "steps").front() : 1;
  if (step == 0)
    return std::nullopt;
  step = std::clamp(step, -extent, extent); // a longer one leaves as well
  auto bound = [&](int64_t i, int64_t low, int64_t high) { return std::clamp(i < 0 ? i + extent : i, low, high); };
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  int64_t start = bound(node.ints(1, "starts").front(), 0, high), end = node.ints(2, "ends").front();
  end = step < 0 && end < -extent ? -1 : bound(end, low, high);
  Content result = emptyLike(data, {0});
  for (int64_t i = start; step > 0 ? i < end : i > end; i += step)
    append(result, data, i);
  result.shape[0] = result.size();
  return result;
}

static Result evaluateReshape(Node &node) {
  Content result = *node.content(0);
  SmallVector<int64_t> shape = node.ints(1, "shape");
  int64_t count = 1, inferred = -1;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    if (extent == 0 && i < result.shape.size())
      extent = result.shape[i];
    if (extent == -1)
      inferred = i;
    else if (extent < 0 || llvm::MulOverflow(count, extent, count))
      return std::nullopt;
  }
  if (inferred >= 0 && count > 0)
    shape[inferred] = result.size() / count;
  if (!isSmall(shape) || elementCount(shape) != int64_t(result.size()))
    return std::nullopt;
  result.shape = shape;
  return result;
}

static Result evaluateFill(Node &node) {
  SmallVector<int64_t> shape = node.ints(0, "shape");
  if (!isSmall(shape))
    return std::nullopt;
  Content one;
  one.type = onnx::TensorProto::FLOAT;
  one.reals.push_back(0);
  if (const onnx::AttributeProto *value = node.attribute("value")) {
    std::shared_ptr<const Content> content = node.importer.readContent(value->t());
    if (!content || content->size() != 1)
      return std::nullopt;
    one = *content;
  }
  Content result = emptyLike(one, shape);
  for (int64_t i = 0, e = elementCount(shape); i < e; ++i)
    append(result, one, 0);
  return result;
}

static Result evaluateRange(Node &node) {
  for (unsigned i = 0; i < 3; ++i)
    if (node.content(i)->isReal() || node.content(i)->size() != 1)
      return std::nullopt;
  int64_t start = node.ints(0, "start").front(), limit = node.ints(1, "limit").front(),
          step = node.ints(2, "delta").front();
  SmallVector<Dim> ints;
  const int64_t most = int64_t(1) << 40; // far from overflow
  if (step == 0 || std::max({std::abs(start / 2), std::abs(limit / 2), std::abs(step / 2)}) > most ||
      (limit - start) / step > kLargestContent)
    return std::nullopt;
  for (int64_t i = start; step > 0 ? i < limit : i > limit; i += step)
    ints.push_back(i);
  return fromInts(ints);
}

/// Element of a tensor that is one element long, or as long as the other.
static size_t wrap(const Content &content, size_t i) { return content.size() == 1 ? 0 : i; }

/// Applies a function to the elements of two tensors: scalars, or of equal shapes.
static Result zip(Node &node, Dim (Symbols::*onInts)(const Dim &, const Dim &), double (*onReals)(double, double)) {
  const Content &lhs = *node.content(0), &rhs = *node.content(1);
  if (lhs.type != rhs.type || (lhs.size() != 1 && rhs.size() != 1 && lhs.shape != rhs.shape))
    return std::nullopt;
  bool takeLeft = lhs.size() != 1 || (rhs.size() == 1 && lhs.shape.size() >= rhs.shape.size());
  Content result = emptyLike(lhs, takeLeft ? lhs.shape : rhs.shape);
  size_t count = elementCount(result.shape);
  for (size_t i = 0; i < count; ++i)
    if (lhs.isReal())
      result.reals.push_back(static_cast<float>(onReals(lhs.reals[wrap(lhs, i)], rhs.reals[wrap(rhs, i)])));
    else
      result.ints.push_back((node.importer.symbols.*onInts)(lhs.ints[wrap(lhs, i)], rhs.ints[wrap(rhs, i)]));
  return result;
}

static Result evaluateAdd(Node &node) {
  return zip(node, &Symbols::add, [](double a, double b) { return a + b; });
}
static Result evaluateSub(Node &node) {
  return zip(node, &Symbols::subtract, [](double a, double b) { return a - b; });
}
static Result evaluateMul(Node &node) {
  return zip(node, &Symbols::times, [](double a, double b) { return a * b; });
}
static Result evaluateDiv(Node &node) {
  return zip(node, &Symbols::divide, [](double a, double b) { return a / b; });
}

/// Applies a function to the elements of a float tensor.
static Result mapReals(Node &node, double (*function)(double)) {
  Content result = *node.content(0);
  if (!result.isReal())
    return std::nullopt;
  for (double &real : result.reals)
    real = function(real);
  return result;
}
static Result evaluateFloor(Node &node) { return mapReals(node, std::floor); }
static Result evaluateCeil(Node &node) { return mapReals(node, std::ceil); }

static Result evaluateEqual(Node &node) {
  const Content &lhs = *node.content(0), &rhs = *node.content(1);
  std::optional<SmallVector<int64_t>> left = staticExtents(lhs.ints), right = staticExtents(rhs.ints);
  if (lhs.isReal() || rhs.isReal() || !left || !right || (lhs.size() != 1 && rhs.size() != 1 && lhs.shape != rhs.shape))
    return std::nullopt;
  Content result = emptyLike(lhs, lhs.size() == 1 ? rhs.shape : lhs.shape);
  result.type = onnx::TensorProto::BOOL;
  for (int64_t i = 0, e = elementCount(result.shape); i < e; ++i)
    result.ints.push_back((*left)[wrap(lhs, i)] == (*right)[wrap(rhs, i)]);
  return result;
}

static Result evaluateWhere(Node &node) {
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
    const Content &from = which.ints[wrap(which, i)].factor ? yes : no;
    append(result, from, wrap(from, i));
  }
  return result;
}

static Result evaluateReduceProd(Node &node) {
  const Content &data = *node.content(0);
  std::optional<Dim> result = product(data.ints);
  if (data.isReal() || data.shape.size() != 1 || !result)
    return std::nullopt;
  Content content = fromInts(*result);
  if (!node.getInt("keepdims", 1))
    content.shape.clear();
  return content;
}

static Result evaluateConstant(Node &node) {
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
static const llvm::StringMap<Evaluator> &shapeEvaluators() {
  static const llvm::StringMap<Evaluator> table = {
      {"Shape", evaluateShape}, {"Size", evaluateSize}, {"Constant", evaluateConstant}};
  return table;
}

/// Evaluators that need all of the operands' elements.
static const llvm::StringMap<Evaluator> &contentEvaluators() {
  static const llvm::StringMap<Evaluator> table = {{"Add", evaluateAdd},
                                                   {"Cast", evaluateCast},
                                                   {"Ceil", evaluateCeil},
                                                   {"Concat", evaluateConcat},
                                                   {"Div", evaluateDiv},
                                                   {"Equal", evaluateEqual},
                                                   {"Floor", evaluateFloor},
                                                   {"Gather", evaluateGather},
                                                   {"Identity", evaluateIdentity},
                                                   {"Mul", evaluateMul},
                                                   {"Range", evaluateRange},
                                                   {"ReduceProd", evaluateReduceProd},
                                                   {"Reshape", evaluateReshape},
                                                   {"Slice", evaluateSlice},
                                                   {"Squeeze", evaluateSqueeze},
                                                   {"Sub", evaluateSub},
                                                   {"Unsqueeze", evaluateUnsqueeze},
                                                   {"Where", evaluateWhere},
                                                   {"ConstantOfShape", evaluateFill}};
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

bool nibble::onnximport::evaluate(Node &node) {
  if (!node.proto.domain().empty() || node.proto.output_size() != 1)
    return false;
  if (adoptTensor(node))
    return true;
  Result result;
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
