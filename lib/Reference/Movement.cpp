// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that move elements: one gather for all of them.

#include "Evaluate.h"
#include "nibble/Support/ElementData.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static void copyElement(const Tensor &from, int64_t source, Tensor &to, int64_t target) {
  int64_t bytes = *getElementBytes(to.elementType);
  std::memcpy(to.data.data() + target * bytes, from.data.data() + source * bytes, bytes);
}

/// The result's shape: by `extents`, or as the type has it.
template <typename OpTy>
static llvm::Expected<SmallVector<int64_t>> getShape(OpTy op, ArrayRef<int64_t> dims) {
  if (ExtentsAttr extents = op.getExtentsAttr())
    return evaluateExtents(extents, dims);
  return SmallVector<int64_t>(op.getType().getShape());
}

static Result evaluate(ReshapeOp op, Operands operands, ArrayRef<int64_t> dims) {
  const Tensor &input = *operands[0];
  auto given = getShape(op, dims);
  if (!given)
    return given.takeError();
  SmallVector<int64_t> shape = std::move(*given);
  auto unknown = llvm::find_if(shape, ShapedType::isDynamic);
  if (unknown != shape.end()) {
    *unknown = 1;
    auto known = getElementCount(shape);
    if (!known || *known == 0 || input.getCount() % *known != 0)
      return makeError("expected a number of elements that fits " + formatShape(op.getType().getShape()) + ", got " +
                       llvm::Twine(input.getCount()));
    *unknown = input.getCount() / *known;
  }
  if (getElementCount(shape) != input.getCount())
    return makeError("expected as many elements as " + formatShape(shape) + ", got " + formatShape(input.shape));
  Tensor result = input;
  result.shape = shape;
  return result;
}

static Result evaluate(TransposeOp op, Operands operands) {
  const Tensor &input = *operands[0];
  auto strides = getStrides(input.shape);
  SmallVector<int64_t> shape, steps;
  for (int64_t dim : op.getPermutation()) {
    shape.push_back(input.shape[dim]);
    steps.push_back(strides[dim]);
  }
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (result)
    forEachIndex(shape, steps, [&](int64_t i, int64_t at) { copyElement(input, at, *result, i); });
  return result;
}

/// `input` in the quantized type of the result.
static Result convertInput(ConcatOp op, const Tensor &input, Type type) {
  auto to = QuantParams::get(getResultElementType(op));
  if (!to || type == getResultElementType(op))
    return input;
  QuantParams from = *QuantParams::get(type);
  auto requantize = Requantizer::get(op.getRequant(), from.getScale() / to->getScale(), *to);
  if (!requantize)
    return requantize.takeError();
  auto result = Tensor::allocate(input.shape, getResultElementType(op));
  if (!result)
    return result;
  std::vector<int32_t> values = input.loadIntegers();
  for (int32_t &value : values) {
    int64_t acc = int64_t(value) - from.getZeroPoint();
    if (auto error = checkAccumulator(acc))
      return error;
    value = (*requantize)(int32_t(acc));
  }
  result->storeIntegers(values);
  return result;
}

static Result evaluate(ConcatOp op, Operands operands) {
  SmallVector<int64_t> shape = operands[0]->shape;
  int64_t axis = op.getAxis();
  shape[axis] = 0;
  for (const Tensor *input : operands) {
    SmallVector<int64_t> rest = input->shape;
    rest[axis] = shape[axis];
    if (rest != shape)
      return makeError("expected extents that agree but along the axis, got " + formatShape(operands[0]->shape) +
                       " and " + formatShape(input->shape));
    shape[axis] += input->shape[axis];
  }
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (!result)
    return result;
  auto strides = getStrides(shape);
  int64_t first = 0;
  for (auto [input, value] : llvm::zip(operands, op.getInputs())) {
    auto converted = convertInput(op, *input, getElementTypeOrSelf(value.getType()));
    if (!converted)
      return converted;
    forEachIndex(input->shape, strides,
                 [&](int64_t i, int64_t at) { copyElement(*converted, i, *result, first * strides[axis] + at); });
    first += input->shape[axis];
  }
  return result;
}

/// Elements from `start` to the end of a dimension, by `step`.
static int64_t countFrom(int64_t extent, int64_t start, int64_t step) {
  if (start >= extent)
    return 0;
  return step > 0 ? (extent - 1 - start) / step + 1 : start / -step + 1;
}

static Result evaluate(SliceOp op, Operands operands, ArrayRef<int64_t> dims) {
  const Tensor &input = *operands[0];
  auto given = getShape(op, dims);
  if (!given)
    return given.takeError();
  SmallVector<int64_t> shape = std::move(*given), steps = getStrides(input.shape);
  int64_t base = 0;
  for (auto [d, extent] : llvm::enumerate(shape)) {
    int64_t start = op.getStarts()[d], step = op.getSteps()[d], most = countFrom(input.shape[d], start, step);
    if (ShapedType::isDynamic(extent))
      extent = most;
    if (extent > most)
      return makeError("expected a slice inside " + formatShape(input.shape) + " in dimension " + llvm::Twine(d) +
                       ", got " + llvm::Twine(extent) + " elements from " + llvm::Twine(start) + " by " +
                       llvm::Twine(step));
    if (extent == 0)
      continue;
    base += start * steps[d];
    // A step that is never taken may be too large to multiply.
    steps[d] = extent == 1 ? 0 : steps[d] * step;
  }
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (result)
    forEachIndex(shape, steps, [&](int64_t i, int64_t at) { copyElement(input, base + at, *result, i); });
  return result;
}

static std::string format(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// One element of `type` that stands for the real or integer `value`.
static Result makePadding(Type type, double value) {
  auto padding = Tensor::allocate({1}, type);
  if (!padding)
    return padding;
  if (auto params = QuantParams::get(type))
    padding->storeIntegers({numerics::quantize(float(value), params->getScale(), params->getZeroPoint(),
                                               params->getMin(), params->getMax())});
  else {
    std::optional<uint64_t> bits = getElementBits(type, value);
    if (!bits)
      return makeError("expected a pad value that " + format(type) + " holds, got " +
                       llvm::Twine(std::to_string(value)));
    std::memcpy(padding->data.data(), &*bits, padding->data.size());
  }
  return padding;
}

/// The input's index that position `i` (below 0 or from `extent` on in the padding) shows; -1 for the pad value.
static int64_t getPadSource(PadMode mode, int64_t i, int64_t extent) {
  if (i >= 0 && i < extent)
    return i;
  if (mode == PadMode::Constant)
    return -1;
  if (mode == PadMode::Edge)
    return i < 0 ? 0 : extent - 1;
  return i < 0 ? -i : 2 * (extent - 1) - i;
}

static Result evaluate(PadOp op, Operands operands) {
  const Tensor &input = *operands[0];
  const double value = op.getValue() ? op.getValue()->convertToDouble() : 0.0;
  // The edge and the reflection need no value, which some types would not have.
  auto padding = op.getMode() == PadMode::Constant ? makePadding(getResultElementType(op), value)
                                                   : Tensor::allocate({1}, getResultElementType(op));
  if (!padding)
    return padding;
  SmallVector<int64_t> shape;
  for (auto [d, extent] : llvm::enumerate(input.shape)) {
    int64_t low = op.getLow()[d], high = op.getHigh()[d], most = std::max(low, high);
    const int64_t bound = int64_t(1) << 40;
    if (low > bound || high > bound || low < -extent || high < -extent || extent + low + high < 0 ||
        (op.getMode() == PadMode::Reflect && most > 0 && most >= extent) ||
        (op.getMode() == PadMode::Edge && most > 0 && extent == 0))
      return makeError("expected pads that fit extent " + llvm::Twine(extent) + " of dimension " + llvm::Twine(d) +
                       ", got " + llvm::Twine(low) + " and " + llvm::Twine(high));
    shape.push_back(extent + low + high);
  }
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (!result)
    return result;
  auto strides = getStrides(input.shape), resultStrides = getStrides(shape);
  int64_t count = result->getCount();
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = 0;
    for (size_t d = 0; d < shape.size() && at >= 0; ++d) {
      int64_t source = getPadSource(op.getMode(), i / resultStrides[d] % shape[d] - op.getLow()[d], input.shape[d]);
      at = source < 0 ? -1 : at + source * strides[d];
    }
    copyElement(at < 0 ? *padding : input, at < 0 ? 0 : at, *result, i);
  }
  return result;
}

static Result evaluate(ResizeNearestOp op, Operands operands) {
  const Tensor &input = *operands[0];
  SmallVector<int64_t> shape = input.shape;
  SmallVector<ArrayRef<int64_t>> tables(shape.size());
  ArrayRef<int64_t> rest = op.getIndices();
  for (int64_t axis : op.getAxes()) {
    shape[axis] = op.getType().getDimSize(axis);
    tables[axis] = rest.take_front(shape[axis]);
    rest = rest.drop_front(shape[axis]);
    for (int64_t index : tables[axis])
      if (index >= input.shape[axis])
        return makeError("expected indices below the extent " + llvm::Twine(input.shape[axis]) + " of dimension " +
                         llvm::Twine(axis) + ", got " + llvm::Twine(index));
  }
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (!result)
    return result;
  auto strides = getStrides(input.shape), resultStrides = getStrides(shape);
  int64_t count = result->getCount();
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = 0;
    for (size_t d = 0; d < shape.size(); ++d) {
      int64_t index = i / resultStrides[d] % shape[d];
      bool resized = llvm::is_contained(op.getAxes(), int64_t(d));
      at += (resized ? tables[d][index] : index) * strides[d];
    }
    copyElement(input, at, *result, i);
  }
  return result;
}

std::optional<Result> reference::evaluateMovement(Operation *op, Operands operands, ArrayRef<int64_t> dims) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case<ReshapeOp, SliceOp>([&](auto o) { return ::evaluate(o, operands, dims); })
      .Case<TransposeOp, ConcatOp, PadOp, ResizeNearestOp>([&](auto o) { return ::evaluate(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
