// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise functions of reals and of quantized values.

#include "Evaluate.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

//===----------------------------------------------------------------------===//
// One variable
//===----------------------------------------------------------------------===//

static Result evaluateUnary(UnaryFunction function, Operands operands) {
  Operation *op = function;
  const Tensor &input = *operands[0];
  auto result = Tensor::allocate(input.shape, getResultElementType(op));
  if (!result)
    return result;
  auto from = QuantParams::get(op->getOperand(0).getType()), to = QuantParams::get(op->getResult(0).getType());
  int64_t count = input.getCount();
  if (!from) {
    for (int64_t i = 0; i < count; ++i)
      result->as<float>()[i] = function.evaluate(input.as<float>()[i]);
    return result;
  }
  std::vector<int32_t> values = input.loadIntegers();
  for (int32_t &value : values) {
    float y = function.evaluate(numerics::dequantize(value, from->getScale(), from->getZeroPoint()));
    value = numerics::quantize(y, to->getScale(), to->getZeroPoint(), to->getMin(), to->getMax());
  }
  result->storeIntegers(values);
  return result;
}

//===----------------------------------------------------------------------===//
// Two variables
//===----------------------------------------------------------------------===//

/// The operation on reals; null if `op` is none.
static float (*getRealFunction(Operation *op))(float, float) {
  using Function = float (*)(float, float);
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([](AddOp) { return [](float a, float b) { return a + b; }; })
      .Case([](SubOp) { return [](float a, float b) { return a - b; }; })
      .Case([](MulOp) { return [](float a, float b) { return a * b; }; })
      .Case([](DivOp) { return [](float a, float b) { return a / b; }; })
      .Case([](PowOp) { return numerics::pow; })
      .Case([](MinOp) { return numerics::minimum; })
      .Case([](MaxOp) { return numerics::maximum; })
      .Default([](Operation *) { return nullptr; });
}

/// The operands and result of a quantized operation of two variables.
struct QuantizedBinary {
  QuantParams l, r, y;
  BroadcastOperands operands;

  /// Computes each result from two stored values less their zero points.
  void run(llvm::function_ref<int32_t(int32_t, int32_t)> compute) {
    operands.run(loadCentred(operands.lhs), loadCentred(operands.rhs), compute);
  }
};

static llvm::Error addQuantized(QuantizedBinary &b, RequantMode mode, bool subtract) {
  float left = b.l.getScale() / b.y.getScale(), right = b.r.getScale() / b.y.getScale();
  auto add = Adder::get(mode, {left, b.l.getZeroPoint()}, {subtract ? -right : right, b.r.getZeroPoint()},
                        b.y.getZeroPoint(), b.y.getMin(), b.y.getMax());
  if (!add)
    return add.takeError();
  b.operands.run(b.operands.lhs.loadIntegers(), b.operands.rhs.loadIntegers(), *add);
  return llvm::Error::success();
}

static llvm::Error multiplyQuantized(QuantizedBinary &b, RequantMode mode) {
  auto requantize = Requantizer::get(mode, numerics::foldScale(b.l.getScale(), b.r.getScale(), b.y.getScale()), b.y);
  if (!requantize)
    return requantize.takeError();
  int64_t outside = 0;
  b.run([&](int32_t l, int32_t r) {
    int64_t product = int64_t(l) * r;
    if (product != int32_t(product))
      outside = product;
    return (*requantize)(int32_t(product));
  });
  return checkAccumulator(outside);
}

static llvm::Error evaluateQuantized(Operation *op, QuantizedBinary &b) {
  if (auto add = dyn_cast<AddOp>(op))
    return addQuantized(b, add.getRequant(), false);
  if (auto sub = dyn_cast<SubOp>(op))
    return addQuantized(b, sub.getRequant(), true);
  if (auto mul = dyn_cast<MulOp>(op))
    return multiplyQuantized(b, mul.getRequant());
  auto function = getRealFunction(op);
  b.run([&](int32_t l, int32_t r) {
    float y = function(numerics::dequantize(l, b.l.getScale(), 0), numerics::dequantize(r, b.r.getScale(), 0));
    return numerics::quantize(y, b.y.getScale(), b.y.getZeroPoint(), b.y.getMin(), b.y.getMax());
  });
  return llvm::Error::success();
}

static Result evaluateBinary(Operation *op, Operands operands) {
  auto broadcast = BroadcastOperands::get(op, operands);
  if (!broadcast)
    return broadcast.takeError();
  auto y = QuantParams::get(op->getResult(0).getType());
  if (!y) {
    auto function = getRealFunction(op);
    const float *left = broadcast->lhs.as<float>(), *right = broadcast->rhs.as<float>();
    float *values = broadcast->result.as<float>();
    broadcast->forEach([&](int64_t i, int64_t a, int64_t b) { values[i] = function(left[a], right[b]); });
    return std::move(broadcast->result);
  }
  for (const Tensor *operand : operands)
    if (auto error = checkFactorWidth(*operand))
      return error;
  QuantizedBinary binary{*QuantParams::get(op->getOperand(0).getType()), *QuantParams::get(op->getOperand(1).getType()),
                         *y, std::move(*broadcast)};
  if (auto error = evaluateQuantized(op, binary))
    return error;
  return std::move(binary.operands.result);
}

std::optional<Result> reference::evaluateElementwise(Operation *op, Operands operands) {
  if (auto function = dyn_cast<UnaryFunction>(op))
    return evaluateUnary(function, operands);
  if (getRealFunction(op))
    return evaluateBinary(op, operands);
  return std::nullopt;
}
