// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants and conversions: verifiers and folders.

#include "Verify.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/Numerics.h"

#include <limits>

using namespace mlir;
using namespace nibble;
using verify::Named;

//===----------------------------------------------------------------------===//
// constant
//===----------------------------------------------------------------------===//

/// Every stored value lies in the type's storage range. Only storage narrower than its bytes can be violated.
static LogicalResult verifyStoredValues(ConstantOp op, quant::QuantizedType type) {
  auto data = getElementData(op.getValue());
  const unsigned width = std::max(type.getStorageTypeIntegralWidth(), 8u);
  if (!data || (width != 8 && width != 16))
    return success();
  const int64_t min = type.getStorageTypeMin(), max = type.getStorageTypeMax();
  auto check = [&](auto zero) -> LogicalResult {
    using T = decltype(zero);
    if (min <= std::numeric_limits<T>::min() && max >= std::numeric_limits<T>::max())
      return success();
    for (size_t i = 0; i < data->bytes.size(); i += sizeof(T)) {
      T value;
      std::memcpy(&value, data->bytes.data() + i, sizeof(T));
      if (value < min || value > max)
        return op.emitOpError() << "expected values in [" << min << ", " << max << "], got " << int64_t(value);
    }
    releasePages(data->bytes);
    return success();
  };
  if (width == 16)
    return type.isSigned() ? check(int16_t(0)) : check(uint16_t(0));
  return type.isSigned() ? check(int8_t(0)) : check(uint8_t(0));
}

LogicalResult ConstantOp::verify() {
  ShapedType type = getValue().getShapedType();
  Named result{"result", getResult()};
  if (type.getShape() != result.getShape())
    return emitOpError() << "expected a value of the result's shape " << formatShape(result.getShape()) << ", got "
                         << formatShape(type.getShape());
  if (StringRef missing = getMissingResource(getValue()); !missing.empty())
    return emitOpError() << "expected the bytes of '" << missing << "', got none: weights were left out in printing";
  auto quantized = dyn_cast<quant::QuantizedType>(result.getElementType());
  Type expected = quantized ? getStorageElementType(quantized) : result.getElementType();
  if (type.getElementType() != expected)
    return emitOpError() << "expected a value of " << (quantized ? "the storage type " : "type ") << expected
                         << ", got " << type.getElementType();
  if (!quantized)
    return success();
  if (failed(verify::quantizedType(*this, "result", result.getType())))
    return failure();
  return verifyStoredValues(*this, quantized);
}

OpFoldResult ConstantOp::fold(FoldAdaptor adaptor) { return getValue(); }

//===----------------------------------------------------------------------===//
// quantize, dequantize
//===----------------------------------------------------------------------===//

LogicalResult QuantizeOp::verify() {
  return verify::quantizedType(*this, "result", cast<RankedTensorType>(getResult().getType()));
}

template <typename T>
static std::vector<char> quantizeValues(ArrayRef<char> bytes, const QuantParams &params, ArrayRef<int64_t> shape) {
  ChannelIndex channelOf(params, shape);
  int64_t count = int64_t(bytes.size() / sizeof(float));
  std::vector<char> result(count * sizeof(T));
  for (int64_t i = 0; i < count; ++i) {
    float x;
    std::memcpy(&x, bytes.data() + i * sizeof(float), sizeof(float));
    int64_t c = channelOf(i);
    T q = T(numerics::quantize(x, params.getScale(c), params.getZeroPoint(c), params.getMin(), params.getMax()));
    std::memcpy(result.data() + i * sizeof(T), &q, sizeof(T));
  }
  return result;
}

OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) {
  auto value = dyn_cast_or_null<ElementsAttr>(adaptor.getInput());
  auto type = cast<RankedTensorType>(getResult().getType());
  if (!value || !value.getElementType().isF32() || !type.hasStaticShape())
    return {};
  auto bytes = copyElementData(value);
  if (!bytes)
    return {};
  auto quantized = cast<quant::QuantizedType>(type.getElementType());
  QuantParams params(quantized);
  std::vector<char> stored;
  switch (std::max(quantized.getStorageTypeIntegralWidth(), 8u)) {
  case 8:
    stored = quantizeValues<int8_t>(*bytes, params, type.getShape());
    break;
  case 16:
    stored = quantizeValues<int16_t>(*bytes, params, type.getShape());
    break;
  case 32:
    stored = quantizeValues<int32_t>(*bytes, params, type.getShape());
    break;
  default:
    return {};
  }
  StringRef name = getValueName(getLoc());
  return makeElements(type.clone(getStorageElementType(quantized)), stored, name.empty() ? "quantized" : name);
}

LogicalResult DequantizeOp::verify() {
  return verify::quantizedType(*this, "input", cast<RankedTensorType>(getInput().getType()));
}

//===----------------------------------------------------------------------===//
// requantize
//===----------------------------------------------------------------------===//

LogicalResult RequantizeOp::verify() {
  Named input{"input", getInput()}, result{"result", getResult()};
  if (failed(verify::quantizedType(*this, "input", input.getType())) ||
      failed(verify::quantizedType(*this, "result", result.getType())))
    return failure();
  QuantParams x = *QuantParams::get(input.getType()), y = *QuantParams::get(result.getType());
  if (x.isPerAxis() != y.isPerAxis() ||
      (x.isPerAxis() && (x.getAxis() != y.getAxis() || x.getChannels() != y.getChannels())))
    return emitOpError() << "expected input and result quantized per tensor or along the same dimension, got "
                         << input.getElementType() << " and " << result.getElementType();
  for (int64_t c = 0; c < std::min(x.getChannels(), y.getChannels()); ++c)
    if (failed(verify::multiplier(*this, "folded multiplier", x.getScale(c) / y.getScale(c), getRequant())))
      return failure();
  return success();
}

/// To the same type it is the identity. Two requantizations in a row round twice and stay.
OpFoldResult RequantizeOp::fold(FoldAdaptor adaptor) {
  return getInput().getType() == getResult().getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// observe, fake_quant
//===----------------------------------------------------------------------===//

LogicalResult ObserveOp::verify() {
  auto range = getRange();
  if (!range)
    return success();
  if (failed(verify::length(*this, "range", range->size(), 2)))
    return failure();
  float min = (*range)[0], max = (*range)[1];
  if (std::isfinite(min) && std::isfinite(max) && min <= max)
    return success();
  return emitOpError() << "expected 'range' to be [min, max], finite and min <= max, got [" << min << ", " << max
                       << "]";
}

LogicalResult FakeQuantOp::verify() {
  if (!isQuantized(getType()))
    return emitOpError() << "expected a uniform quantized type, got " << getType();
  auto shape = cast<RankedTensorType>(getInput().getType()).getShape();
  return verify::quantizedType(*this, "the type", RankedTensorType::get(shape, getType()));
}
