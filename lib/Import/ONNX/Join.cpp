// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors behind one another, and parts of tensors: what is known at compile time stays so.

#include "Evaluate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Value Node::concat(ArrayRef<Value> inputs, int64_t axis) {
  Shape shape = shapeOf(inputs.front());
  for (Value input : inputs.drop_front()) {
    Shape other = shapeOf(input);
    if (elementOf(input) != elementOf(inputs.front()))
      fail("inputs have unlike element types");
    if (other.size() != shape.size())
      fail("inputs have ranks " + Twine(shape.size()) + " and " + Twine(other.size()));
    shape[axis] += other[axis];
    for (auto [i, dim] : llvm::enumerate(shape))
      if (int64_t(i) != axis && !dim.isStatic() && other[i].isStatic())
        dim = other[i];
  }
  return inputs.size() == 1 ? inputs.front() : emit<ConcatOp>(shape, elementOf(inputs.front()), inputs, axis);
}

const Content *Importer::contentOf(Known &known) {
  if (!known.content && known.tensor)
    known.content = readContent(*known.tensor);
  return known.content.get();
}

/// Contents behind one another along their first dimension, or along a new one before it.
static std::shared_ptr<const Content> joinContents(Importer &importer, MutableArrayRef<Known> parts, bool isNew) {
  auto result = std::make_shared<Content>();
  int64_t extent = 0;
  for (auto [i, part] : llvm::enumerate(parts)) {
    const Content *content = importer.contentOf(part);
    if (!content || (!isNew && content->shape.empty()))
      return nullptr;
    SmallVector<int64_t> rest(ArrayRef(content->shape).drop_front(isNew ? 0 : 1));
    extent += isNew ? 1 : content->shape.front();
    if (i == 0)
      *result = emptyLike(*content, rest);
    if (content->type != result->type || rest != result->shape)
      return nullptr;
    for (size_t k = 0; k < content->size(); ++k)
      append(*result, *content, k);
  }
  result->shape.insert(result->shape.begin(), extent);
  return isSmall(result->shape) ? result : nullptr;
}

Known Node::makeKnown(Value value) const {
  Known known;
  known.value = value;
  known.shape = shapeOf(value);
  return known;
}

Known nibble::onnximport::makeKnown(std::shared_ptr<const Content> content) {
  Known known;
  known.shape.assign(content->shape.begin(), content->shape.end());
  known.content = std::move(content);
  return known;
}

Known nibble::onnximport::makeScalar(int32_t type, int64_t value) {
  auto content = std::make_shared<Content>();
  content->type = type;
  content->ints.push_back(value);
  return onnximport::makeKnown(content);
}

Known Node::join(MutableArrayRef<Known> parts, int64_t axis, bool isNew) {
  if (parts.empty())
    fail("joins no tensors at all");
  if (axis == 0)
    if (auto content = joinContents(importer, parts, isNew))
      return onnximport::makeKnown(content);
  SmallVector<Value> values;
  for (Known &part : parts) {
    if (!part.isTensor())
      fail("joins what are no tensors");
    Value value = importer.materialize(part, nodeName(proto));
    Shape shape = shapeOf(value);
    if (isNew) {
      shape.insert(shape.begin() + axis, Dim(1));
      value = reshape(value, shape);
    }
    values.push_back(value);
  }
  return makeKnown(concat(values, axis));
}

Value Node::sliceAlong(Value input, int64_t axis, int64_t start, int64_t count) {
  Shape shape = shapeOf(input);
  if (start == 0 && shape[axis] == count)
    return input;
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  starts[axis] = start;
  shape[axis] = count;
  return slice(input, starts, steps, shape);
}

Known Node::part(Known &whole, int64_t axis, int64_t start, int64_t count) {
  const Content *content = axis == 0 ? importer.contentOf(whole) : nullptr;
  if (content) {
    SmallVector<int64_t> shape(content->shape);
    shape[0] = count;
    auto result = std::make_shared<Content>(emptyLike(*content, shape));
    const int64_t row = elementCount(ArrayRef(shape).drop_front());
    for (int64_t i = start * row; i < (start + count) * row; ++i)
      append(*result, *content, i);
    return onnximport::makeKnown(result);
  }
  return makeKnown(sliceAlong(importer.materialize(whole, nodeName(proto)), axis, start, count));
}

Known Node::dropAxis(Known known, int64_t axis) {
  if (known.content) {
    auto content = std::make_shared<Content>(*known.content);
    content->shape.erase(content->shape.begin() + axis);
    return onnximport::makeKnown(content);
  }
  Shape shape = known.shape;
  shape.erase(shape.begin() + axis);
  return makeKnown(reshape(known.value, shape));
}
