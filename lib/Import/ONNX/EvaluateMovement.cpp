// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape arithmetic at import: elements that are gathered, joined, repeated and renamed.

#include "Evaluate.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static EvaluatedContent evaluateIdentity(Node &node) { return *node.content(0); }

static EvaluatedContent evaluateGather(Node &node) {
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
      int64_t i = index.getStaticOr(extent);
      i += i < 0 ? extent : 0;
      if (i < 0 || i >= extent)
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

static EvaluatedContent evaluateUnsqueeze(Node &node) {
  Content result = *node.content(0);
  for (int64_t axis : readAxes(node, result.shape.size() + node.content(1)->size()))
    result.shape.insert(result.shape.begin() + axis, 1);
  return result;
}

static EvaluatedContent evaluateSqueeze(Node &node) {
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

static EvaluatedContent evaluateConcat(Node &node) {
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

/// Elements of `data` by their indices: dimension i of the result is dimension `dims[i]` of the data, from `starts[i]`
/// on by `steps[i]`.
static Content pick(const Content &data, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims, ArrayRef<int64_t> starts,
                    ArrayRef<int64_t> steps) {
  SmallVector<int64_t> strides(data.shape.size(), 1);
  for (size_t d = strides.size(); d-- > 1;)
    strides[d - 1] = strides[d] * data.shape[d];
  Content result = emptyLike(data, shape);
  for (int64_t i = 0, e = elementCount(shape); i < e; ++i) {
    int64_t rest = i, at = 0;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d])
      at += (starts[d] + rest % shape[d] * steps[d]) * strides[dims[d]];
    append(result, data, at);
  }
  return result;
}

/// First element, and number of elements, of a range of one dimension.
static std::pair<int64_t, int64_t> findRange(int64_t start, int64_t end, int64_t step, int64_t extent) {
  step = std::clamp(step, -extent, extent); // a longer one leaves as well
  auto bound = [&](int64_t i, int64_t low, int64_t high) { return std::clamp(i < 0 ? i + extent : i, low, high); };
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  start = bound(start, 0, high);
  end = step < 0 && end < -extent ? -1 : bound(end, low, high);
  const int64_t distance = step > 0 ? end - start : start - end;
  return {start, distance <= 0 ? 0 : (distance - 1) / std::abs(step) + 1};
}

static EvaluatedContent evaluateSlice(Node &node) {
  const Content &data = *node.content(0);
  const int64_t rank = data.shape.size();
  for (unsigned i = 1; i < node.size(); ++i)
    if (node.has(i) && !staticExtents(node.content(i)->ints))
      return std::nullopt;
  if (rank == 0 || llvm::is_contained(data.shape, 0))
    return std::nullopt;
  SmallVector<int64_t> first = node.ints(1, "starts"), ends = node.ints(2, "ends"), axes, by(first.size(), 1);
  axes = node.has(3) ? node.ints(3, "axes") : llvm::to_vector(llvm::seq<int64_t>(0, first.size()));
  if (node.has(4))
    by = node.ints(4, "steps");
  if (ends.size() != first.size() || axes.size() != first.size() || by.size() != first.size())
    return std::nullopt;
  SmallVector<int64_t> shape(data.shape), starts(rank, 0), steps(rank, 1);
  for (auto [axis, start, end, step] : llvm::zip(axes, first, ends, by)) {
    if (axis < -rank || axis >= rank || step == 0)
      return std::nullopt;
    const int64_t d = axis < 0 ? axis + rank : axis;
    std::tie(starts[d], shape[d]) = findRange(start, end, step, data.shape[d]);
    steps[d] = std::clamp(step, -data.shape[d], data.shape[d]);
  }
  return pick(data, shape, llvm::to_vector(llvm::seq<int64_t>(0, rank)), starts, steps);
}

static EvaluatedContent evaluateTranspose(Node &node) {
  const Content &data = *node.content(0);
  const int64_t rank = data.shape.size();
  SmallVector<int64_t> permutation = node.getInts("perm", llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
  if (int64_t(permutation.size()) != rank || !isPermutationVector(permutation))
    return std::nullopt;
  auto shape = llvm::map_to_vector(permutation, [&](int64_t d) { return data.shape[d]; });
  return pick(data, shape, permutation, SmallVector<int64_t>(rank, 0), SmallVector<int64_t>(rank, 1));
}

static EvaluatedContent evaluateReshape(Node &node) {
  Content result = *node.content(0);
  if (!staticExtents(node.content(1)->ints))
    return std::nullopt;
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

static EvaluatedContent evaluateFill(Node &node) {
  if (!staticExtents(node.content(0)->ints))
    return std::nullopt;
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

static EvaluatedContent evaluateRange(Node &node) {
  for (unsigned i = 0; i < 3; ++i)
    if (node.content(i)->isReal() || node.content(i)->size() != 1 || !node.content(i)->ints.front().isStatic())
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

void nibble::onnximport::addMovementEvaluators(EvaluatorTable &table) {
  table["Concat"] = evaluateConcat;
  table["Gather"] = evaluateGather;
  table["Identity"] = evaluateIdentity;
  table["Range"] = evaluateRange;
  table["Reshape"] = evaluateReshape;
  table["Slice"] = evaluateSlice;
  table["Squeeze"] = evaluateSqueeze;
  table["Transpose"] = evaluateTranspose;
  table["Unsqueeze"] = evaluateUnsqueeze;
  table["ConstantOfShape"] = evaluateFill;
}
