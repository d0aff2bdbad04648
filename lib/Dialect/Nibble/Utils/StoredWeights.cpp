// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/StoredWeights.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/Constants.h"

#include <cmath>

using namespace mlir;
using namespace nibble;

/// The constant that `value` is dequantized from; null if there is none.
static Value getStoredConstant(Value value) {
  auto dequantize = value.getDefiningOp<DequantizeOp>();
  return dequantize && getConstantAttr(dequantize.getInput()) ? dequantize.getInput() : Value();
}

static quant::QuantizedType getQuantizedType(Value value) {
  return cast<quant::QuantizedType>(cast<RankedTensorType>(value.getType()).getElementType());
}

Value nibble::getStoredWeights(const Product &product) {
  Value stored = getStoredConstant(product.weights);
  if (!stored || getQuantizedType(stored).getStorageTypeIntegralWidth() > 8)
    return Value();
  const QuantParams params(getQuantizedType(stored));
  return !params.isPerAxis() || params.getAxis() == product.weightsChannelDim ? stored : Value();
}

/// The type of a bias: fl32(inputScale * sw) for each scale of the weights.
static quant::QuantizedType getBiasType(MLIRContext *context, const QuantParams &weights, float inputScale) {
  Type storage = IntegerType::get(context, 32), expressed = Float32Type::get(context);
  const unsigned flags = quant::QuantizationFlags::Signed;
  if (!weights.isPerAxis())
    return quant::UniformQuantizedType::get(flags, storage, expressed, inputScale * weights.getScale(), 0, INT32_MIN,
                                            INT32_MAX);
  SmallVector<double> scales;
  for (int64_t c = 0; c < weights.getChannels(); ++c)
    scales.push_back(inputScale * weights.getScale(c));
  return quant::UniformQuantizedPerAxisType::get(flags, storage, expressed, scales, SmallVector<int64_t>(scales.size()),
                                                 0, INT32_MIN, INT32_MAX);
}

/// The real numbers of a constant bias.
static std::optional<std::vector<double>> getRealBias(Value bias) {
  if (auto values = getConstantValues<float>(bias))
    return std::vector<double>(values->begin(), values->end());
  Value stored = getStoredConstant(bias);
  auto values = stored ? getConstantValues<int32_t>(stored) : std::nullopt;
  if (!values)
    return std::nullopt;
  const QuantParams params(getQuantizedType(stored));
  std::vector<double> result;
  for (auto [c, q] : llvm::enumerate(*values))
    result.push_back((static_cast<double>(q) - params.getZeroPoint(c)) * params.getScale(c));
  return result;
}

std::vector<int32_t> nibble::getStoredBias(const Product &product, Value weights, float inputScale) {
  const QuantParams params(getQuantizedType(weights));
  Value stored = product.bias ? getStoredConstant(product.bias) : Value();
  if (stored && getQuantizedType(stored) == getBiasType(stored.getContext(), params, inputScale))
    return getConstantValues<int32_t>(stored).value_or(std::vector<int32_t>());
  std::vector<int32_t> values;
  for (auto [c, real] : llvm::enumerate(product.bias ? getRealBias(product.bias).value_or(std::vector<double>())
                                                     : std::vector<double>())) {
    const double q = std::rint(real / static_cast<double>(inputScale * params.getScale(c)));
    values.push_back(static_cast<int32_t>(std::clamp(q, -0x1p30, 0x1p30)));
  }
  return values;
}

FailureOr<Value> nibble::createStoredBias(OpBuilder &builder, const Product &product, Value weights, float inputScale) {
  if (!product.bias)
    return Value();
  const QuantParams params(getQuantizedType(weights));
  quant::QuantizedType type = getBiasType(builder.getContext(), params, inputScale);
  if (Value stored = getStoredConstant(product.bias); stored && getQuantizedType(stored) == type)
    return stored;
  auto bias = getRealBias(product.bias);
  if (!bias)
    return failure();
  std::vector<int32_t> values;
  for (auto [c, real] : llvm::enumerate(*bias)) {
    const double q = std::rint(real / static_cast<double>(inputScale * params.getScale(c)));
    if (!(std::fabs(q) <= 0x1p30))
      return product.op->emitError() << "bias " << real << " of output channel " << c
                                     << " does not fit 31 bits of scale " << inputScale * params.getScale(c);
    values.push_back(static_cast<int32_t>(q));
  }
  auto tensor = RankedTensorType::get(cast<RankedTensorType>(product.bias.getType()).getShape(), type);
  return createConstant<int32_t>(builder, product.bias.getLoc(), tensor, values);
}
