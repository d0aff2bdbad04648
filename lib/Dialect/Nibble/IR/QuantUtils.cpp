// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading quantized types.

#include "nibble/Dialect/Nibble/QuantUtils.h"

using namespace mlir;
using namespace nibble;

QuantParams::QuantParams(quant::QuantizedType type)
    : min(int32_t(type.getStorageTypeMin())), max(int32_t(type.getStorageTypeMax())) {
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    axis = perAxis.getQuantizedDimension();
    scales.assign(perAxis.getScales().begin(), perAxis.getScales().end());
    zeroPoints.assign(perAxis.getZeroPoints().begin(), perAxis.getZeroPoints().end());
    return;
  }
  auto uniform = cast<quant::UniformQuantizedType>(type);
  scales.push_back(uniform.getScale());
  zeroPoints.push_back(uniform.getZeroPoint());
}

std::optional<QuantParams> QuantParams::get(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (!isQuantized(element))
    return std::nullopt;
  return QuantParams(cast<quant::QuantizedType>(element));
}

ChannelIndex::ChannelIndex(const QuantParams &params, ArrayRef<int64_t> shape) {
  if (!params.isPerAxis())
    return;
  channels = params.getChannels();
  for (int64_t extent : shape.drop_front(params.getAxis() + 1))
    inner *= extent;
}

bool nibble::isQuantized(Type elementType) {
  return isa<quant::UniformQuantizedType, quant::UniformQuantizedPerAxisType>(elementType);
}

bool nibble::isPerTensor(Type elementType) { return isa<quant::UniformQuantizedType>(elementType); }

Type nibble::getStorageElementType(quant::QuantizedType type) {
  return IntegerType::get(type.getContext(), std::max(type.getStorageTypeIntegralWidth(), 8u),
                          type.isSigned() ? IntegerType::Signless : IntegerType::Unsigned);
}

std::pair<int64_t, int64_t> nibble::getIntegerRange(IntegerType type) {
  unsigned width = type.getWidth();
  if (type.isUnsigned())
    return {0, (int64_t(1) << width) - 1};
  return {-(int64_t(1) << (width - 1)), (int64_t(1) << (width - 1)) - 1};
}
