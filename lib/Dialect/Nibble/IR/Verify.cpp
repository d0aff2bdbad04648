// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that many verifiers share.

#include "Verify.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/ExtentSyntax.h"
#include "nibble/Support/Softmax.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::verify;

/// The double with as many digits as tell it from its neighbours.
static std::string formatNumber(double value) {
  SmallString<32> text;
  APFloat(value).toString(text);
  return text.str().str();
}

static LogicalResult checkScale(Operation *op, StringRef name, double scale) {
  if (numerics::isExactScale(scale))
    return success();
  auto error = op->emitOpError() << "expected " << name
                                 << " to have scales that are positive, normal and exact in f32, got "
                                 << formatNumber(scale);
  if (scale >= 0x1p-126 && scale <= double(std::numeric_limits<float>::max()))
    error.attachNote() << "the nearest f32 is " << formatNumber(double(float(scale)));
  return error;
}

static LogicalResult checkAxis(Operation *op, StringRef name, RankedTensorType tensor,
                               quant::UniformQuantizedPerAxisType type) {
  int64_t axis = type.getQuantizedDimension(), rank = tensor.getRank();
  if (axis < 0 || axis >= rank)
    return op->emitOpError() << "expected " << name << "'s quantized dimension in [0, " << rank << "), got " << axis;
  int64_t scales = int64_t(type.getScales().size());
  if (!tensor.isDynamicDim(axis) && tensor.getDimSize(axis) != scales)
    return op->emitOpError() << "expected " << name << " to have one scale per index of dimension " << axis << ", "
                             << tensor.getDimSize(axis) << ", got " << scales;
  return success();
}

LogicalResult verify::quantizedType(Operation *op, StringRef name, RankedTensorType tensor) {
  auto type = cast<quant::QuantizedType>(tensor.getElementType());
  if (type.getStorageTypeIntegralWidth() > 32 || type.getStorageTypeMax() > std::numeric_limits<int32_t>::max())
    return op->emitOpError() << "expected " << name << " to have storage that fits 32 signed bits, got " << type;
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    if (failed(checkAxis(op, name, tensor, perAxis)))
      return failure();
    scales.assign(perAxis.getScales().begin(), perAxis.getScales().end());
    zeroPoints.assign(perAxis.getZeroPoints().begin(), perAxis.getZeroPoints().end());
  } else {
    scales.push_back(cast<quant::UniformQuantizedType>(type).getScale());
    zeroPoints.push_back(cast<quant::UniformQuantizedType>(type).getZeroPoint());
  }
  for (double scale : scales)
    if (failed(checkScale(op, name, scale)))
      return failure();
  for (int64_t zp : zeroPoints)
    if (zp < type.getStorageTypeMin() || zp > type.getStorageTypeMax())
      return op->emitOpError() << "expected " << name << " to have zero points in [" << type.getStorageTypeMin() << ", "
                               << type.getStorageTypeMax() << "], got " << zp;
  return success();
}

LogicalResult verify::sameFamily(Operation *op, ArrayRef<Named> values) {
  bool quantized = isQuantized(values.front().getElementType());
  for (const Named &value : values) {
    Type type = value.getElementType();
    bool agrees = quantized ? isQuantized(type) : type == values.front().getElementType();
    if (!agrees) {
      auto error = op->emitOpError() << "expected values that are all quantized or all of one float type, got ";
      llvm::interleaveComma(values, error, [&](const Named &v) { error << v.name << " of " << v.getElementType(); });
      return error;
    }
    if (quantized && failed(quantizedType(op, value.name, value.getType())))
      return failure();
  }
  return success();
}

LogicalResult verify::perTensor(Operation *op, ArrayRef<Named> values) {
  for (const Named &value : values)
    if (isQuantized(value.getElementType()) && !isPerTensor(value.getElementType()))
      return op->emitOpError() << "expected " << value.name << " to be quantized per tensor, got "
                               << value.getElementType();
  return success();
}

LogicalResult verify::sameElementType(Operation *op, Named input, Named result) {
  if (input.getElementType() == result.getElementType())
    return success();
  return op->emitOpError() << "expected " << result.name << " to have the element type of " << input.name << ", "
                           << input.getElementType() << ", got " << result.getElementType();
}

LogicalResult verify::rank(Operation *op, Named value, int64_t expected) {
  if (value.getType().getRank() == expected)
    return success();
  return op->emitOpError() << "expected " << value.name << " to have rank " << expected << ", got "
                           << value.getType().getRank();
}

LogicalResult verify::shape(Operation *op, Named value, ArrayRef<int64_t> expected) {
  if (areCompatible(value.getShape(), expected))
    return success();
  return op->emitOpError() << "expected " << value.name << " of shape " << formatShape(expected) << ", got "
                           << formatShape(value.getShape());
}

LogicalResult verify::onePer(Operation *op, Named value, StringRef unit, int64_t expected) {
  if (areCompatible(value.getShape(), {expected}))
    return success();
  return op->emitOpError() << "expected " << value.name << " to have one value per " << unit << ", of shape "
                           << formatShape({expected}) << ", got " << formatShape(value.getShape());
}

LogicalResult verify::extents(Operation *op, ExtentsAttr extents, Named result) {
  if (!extents || toTypeShape(extents.getValue()) == SmallVector<int64_t>(result.getShape()))
    return success();
  return op->emitOpError() << "expected 'extents' of " << result.name << "'s shape " << formatShape(result.getShape())
                           << ", got " << formatExtents(extents.getValue());
}

LogicalResult verify::length(Operation *op, StringRef name, size_t actual, size_t expected) {
  if (actual == expected)
    return success();
  return op->emitOpError() << "expected " << expected << " values in '" << name << "', got " << actual;
}

static LogicalResult atLeast(Operation *op, StringRef name, ArrayRef<int64_t> values, int64_t bound) {
  for (int64_t value : values)
    if (value < bound)
      return op->emitOpError() << "expected values of at least " << bound << " in '" << name << "', got " << value;
  return success();
}

LogicalResult verify::positive(Operation *op, StringRef name, ArrayRef<int64_t> values) {
  return atLeast(op, name, values, 1);
}

LogicalResult verify::nonNegative(Operation *op, StringRef name, ArrayRef<int64_t> values) {
  return atLeast(op, name, values, 0);
}

LogicalResult verify::inRange(Operation *op, StringRef name, int64_t value, Named tensor) {
  auto [low, high] = getIntegerRange(cast<IntegerType>(tensor.getElementType()));
  if (value >= low && value <= high)
    return success();
  return op->emitOpError() << "expected '" << name << "' in " << tensor.name << "'s range [" << low << ", " << high
                           << "], got " << value;
}

LogicalResult verify::clamp(Operation *op, ArrayRef<int32_t> clamp, int32_t zeroPoint, Named result) {
  if (failed(length(op, "clamp", clamp.size(), 2)))
    return failure();
  if (clamp[0] > clamp[1])
    return op->emitOpError() << "expected 'clamp' to be [min, max] with min <= max, got [" << clamp[0] << ", "
                             << clamp[1] << "]";
  if (failed(inRange(op, "clamp", clamp[0], result)) || failed(inRange(op, "clamp", clamp[1], result)))
    return failure();
  return inRange(op, "output zero point", zeroPoint, result);
}

LogicalResult verify::multiplier(Operation *op, StringRef name, float value, RequantMode mode, bool sign) {
  float size = sign ? std::fabs(value) : value;
  bool finite = size >= 0 && size <= std::numeric_limits<float>::max();
  if (!finite)
    return op->emitOpError() << "expected '" << name << "' to be finite" << (sign ? "" : " and non-negative")
                             << ", got " << formatNumber(value);
  if (mode == RequantMode::Fixed && !numerics::toFixedMultiplier(size))
    return op->emitOpError() << "expected '" << name
                             << "' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got "
                             << formatNumber(value);
  return success();
}

LogicalResult verify::axis(Operation *op, int64_t axis, Named input) {
  const int64_t rank = input.getType().getRank();
  if (axis >= 0 && axis < rank)
    return success();
  return op->emitOpError() << "expected 'axis' in [0, " << rank << "), got " << axis;
}

LogicalResult verify::byteSoftmax(Operation *op, int64_t axis, StringRef name, float multiplier, Named input) {
  const int64_t length = input.getShape()[axis];
  if (length >= numerics::softmaxMaxLength) // false of a dynamic extent
    return op->emitOpError() << "expected fewer than 2^32 elements along 'axis', got " << length;
  return verify::multiplier(op, name, multiplier, RequantMode::Fixed);
}

LogicalResult verify::windowAttributes(Operation *op, const Window &window) {
  if (failed(length(op, "strides", window.strides.size(), 2)) || failed(length(op, "pads", window.pads.size(), 4)) ||
      failed(length(op, "dilations", window.dilations.size(), 2)))
    return failure();
  if (failed(positive(op, "strides", window.strides)) || failed(positive(op, "dilations", window.dilations)))
    return failure();
  return nonNegative(op, "pads", window.pads);
}

LogicalResult verify::windowShape(Operation *op, const Window &window, Layout layout, Named input, Named result,
                                  int64_t channels) {
  auto expected = getWindowShape(input.getShape(), window, layout, channels);
  if (!expected)
    return op->emitOpError() << "expected a window that fits the padded input " << formatShape(input.getShape())
                             << ", got kernel " << formatShape(window.kernel) << ", dilations "
                             << formatShape(window.dilations) << ", pads " << formatShape(window.pads);
  return shape(op, result, *expected);
}
