// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants and conversions between real and quantized values.

#include "Evaluate.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

/// The stored values of `input`, f32, in the quantized type of `params`.
static std::vector<int32_t> quantizeAll(const Tensor &input, const QuantParams &params) {
  ChannelIndex channelOf(params, input.shape);
  std::vector<int32_t> values(input.getCount());
  for (auto [i, value] : llvm::enumerate(values)) {
    int64_t c = channelOf(int64_t(i));
    value = numerics::quantize(input.as<float>()[i], params.getScale(c), params.getZeroPoint(c), params.getMin(),
                               params.getMax());
  }
  return values;
}

static void dequantizeAll(ArrayRef<int32_t> values, const QuantParams &params, Tensor &result) {
  ChannelIndex channelOf(params, result.shape);
  for (auto [i, value] : llvm::enumerate(values)) {
    int64_t c = channelOf(int64_t(i));
    result.as<float>()[i] = numerics::dequantize(value, params.getScale(c), params.getZeroPoint(c));
  }
}

static Result evaluate(QuantizeOp op, Operands operands) {
  auto result = Tensor::allocate(operands[0]->shape, getResultElementType(op));
  if (result)
    result->storeIntegers(quantizeAll(*operands[0], *QuantParams::get(op.getType())));
  return result;
}

static Result evaluate(DequantizeOp op, Operands operands) {
  auto result = allocateFloat(operands[0]->shape, op);
  if (result)
    dequantizeAll(operands[0]->loadIntegers(), *QuantParams::get(op.getInput().getType()), *result);
  return result;
}

static Result evaluate(FakeQuantOp op, Operands operands) {
  QuantParams params = *QuantParams::get(op.getType());
  auto result = allocateFloat(operands[0]->shape, op);
  if (result)
    dequantizeAll(quantizeAll(*operands[0], params), params, *result);
  return result;
}

static Result evaluate(RequantizeOp op, Operands operands) {
  QuantParams from = *QuantParams::get(op.getInput().getType()), to = *QuantParams::get(op.getType());
  auto result = Tensor::allocate(operands[0]->shape, getResultElementType(op));
  if (!result)
    return result;
  std::vector<Requantizer> requantizers;
  for (int64_t c = 0; c < std::max(from.getChannels(), to.getChannels()); ++c) {
    auto requantizer = Requantizer::get(op.getRequant(), from.getScale(c) / to.getScale(c), to.getZeroPoint(c),
                                        to.getMin(), to.getMax());
    if (!requantizer)
      return requantizer.takeError();
    requantizers.push_back(*requantizer);
  }
  ChannelIndex channelOf(from, operands[0]->shape);
  std::vector<int32_t> values = operands[0]->loadIntegers();
  for (auto [i, value] : llvm::enumerate(values)) {
    int64_t c = channelOf(int64_t(i)), acc = int64_t(value) - from.getZeroPoint(c);
    if (auto error = checkAccumulator(acc))
      return error;
    value = requantizers[c](int32_t(acc));
  }
  result->storeIntegers(values);
  return result;
}

std::optional<Result> reference::evaluateConversion(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case([&](ConstantOp o) { return makeTensor(o.getValue(), getResultElementType(o)); })
      .Case<QuantizeOp, DequantizeOp, RequantizeOp, FakeQuantOp>([&](auto o) { return ::evaluate(o, operands); })
      .Case([&](ObserveOp) { return Result(*operands[0]); })
      .Default([](Operation *) { return std::nullopt; });
}
