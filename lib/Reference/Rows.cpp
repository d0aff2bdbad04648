// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and the normalizations of rows.

#include "Evaluate.h"
#include "nibble/Support/Softmax.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

/// Elements of a tensor of `type` as reals: floats as they are, stored values dequantized.
static std::vector<float> loadReals(const Tensor &tensor, Type type) {
  auto params = QuantParams::get(type);
  if (!params)
    return std::vector<float>(tensor.as<float>(), tensor.as<float>() + tensor.getCount());
  std::vector<float> reals;
  for (int32_t stored : tensor.loadIntegers())
    reals.push_back(numerics::dequantize(stored, params->getScale(), params->getZeroPoint()));
  return reals;
}

/// The result of `op`, of the input's shape: floats as they are, or quantized.
static Result storeReals(Operation *op, const Tensor &input, const std::vector<float> &reals) {
  auto result = Tensor::allocate(input.shape, getResultElementType(op));
  if (!result)
    return result;
  auto to = QuantParams::get(op->getResult(0).getType());
  if (!to) {
    llvm::copy(reals, result->as<float>());
    return result;
  }
  std::vector<int32_t> stored;
  for (float x : reals)
    stored.push_back(numerics::quantize(x, to->getScale(), to->getZeroPoint(), to->getMin(), to->getMax()));
  result->storeIntegers(stored);
  return result;
}

//===----------------------------------------------------------------------===//
// softmax
//===----------------------------------------------------------------------===//

/// In place. A masked row may have nothing left, and is then all zeros.
static void softmaxRow(std::vector<float> &row, bool isMasked) {
  float most = -std::numeric_limits<float>::infinity();
  for (float x : row)
    most = numerics::maximum(most, x);
  if (isMasked && most == -std::numeric_limits<float>::infinity())
    most = 0;
  for (float &x : row)
    x = numerics::expNegative(x - most);
  float sum = numerics::sum(row.data(), int64_t(row.size()));
  if (isMasked && sum == 0)
    sum = 1;
  for (float &x : row)
    x = x / sum;
}

/// Calls `row(first, count, stride)` for each row along `axis`, with its first element.
static void forEachRow(ArrayRef<int64_t> shape, int64_t axis, llvm::function_ref<void(int64_t, int64_t, int64_t)> row) {
  const int64_t extent = shape[axis], inner = getStrides(shape)[axis];
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  for (int64_t first = 0; first < count; ++first)
    if (first / inner % extent == 0)
      row(first, extent, inner);
}

static void softmaxRows(std::vector<float> &x, ArrayRef<int64_t> shape, int64_t axis, bool isMasked) {
  forEachRow(shape, axis, [&](int64_t first, int64_t count, int64_t stride) {
    std::vector<float> row(count);
    for (int64_t k = 0; k < count; ++k)
      row[k] = x[first + k * stride];
    softmaxRow(row, isMasked);
    for (int64_t k = 0; k < count; ++k)
      x[first + k * stride] = row[k];
  });
}

static Result softmaxBytes(Operation *op, const Tensor &input, int64_t axis, const numerics::ByteSoftmax &softmax) {
  auto result = Tensor::allocate(input.shape, getResultElementType(op));
  if (!result)
    return result;
  std::vector<int32_t> values = input.loadIntegers();
  forEachRow(input.shape, axis,
             [&](int64_t first, int64_t count, int64_t stride) { softmax(&values[first], count, stride); });
  result->storeIntegers(values);
  return result;
}

/// To a result whose scale is 1 / `multiplier`.
static llvm::Expected<numerics::ByteSoftmax> getByteSoftmax(float inputScale, float multiplier, int32_t zp, int32_t lo,
                                                            int32_t hi) {
  auto fixed = numerics::toFixedMultiplier(multiplier);
  if (!fixed)
    return makeMultiplierError(multiplier);
  return numerics::ByteSoftmax{numerics::softmaxTable(inputScale), *fixed, zp, lo, hi};
}

static Result evaluate(IntSoftmaxOp op, Operands operands) {
  auto softmax = getByteSoftmax(op.getInputScale().convertToFloat(), op.getScale().convertToFloat(),
                                int32_t(op.getOutputZeroPoint()), op.getClamp()[0], op.getClamp()[1]);
  return softmax ? softmaxBytes(op, *operands[0], op.getAxis(), *softmax) : softmax.takeError();
}

static Result evaluate(SoftmaxOp op, Operands operands) {
  const Tensor &input = *operands[0];
  const float scale = op.getScale().convertToFloat();
  if (op.isByteSoftmax()) {
    auto from = QuantParams::get(op.getInput().getType()), to = QuantParams::get(op.getType());
    auto softmax =
        getByteSoftmax(from->getScale() * scale, 1.0f / to->getScale(), to->getZeroPoint(), to->getMin(), to->getMax());
    return softmax ? softmaxBytes(op, input, op.getAxis(), *softmax) : softmax.takeError();
  }
  std::vector<float> x = loadReals(input, op.getInput().getType());
  for (float &value : x)
    value = value * scale;
  if (op.getMask()) {
    const Tensor &mask = *operands[1];
    forEachIndex(input.shape, getBroadcastStrides(mask.shape, input.shape.size()),
                 [&](int64_t i, int64_t m) { x[i] = x[i] + mask.as<float>()[m]; });
  }
  softmaxRows(x, input.shape, op.getAxis(), static_cast<bool>(op.getMask()));
  return storeReals(op, input, x);
}

//===----------------------------------------------------------------------===//
// norm
//===----------------------------------------------------------------------===//

/// Subtracts the mean, for a layer normalization, and divides by the deviation. In place.
static void normalizeRow(float *x, int64_t n, NormKind kind, float epsilon) {
  if (kind == NormKind::Layer) {
    const float mean = numerics::sum(x, n) / float(n);
    for (int64_t i = 0; i < n; ++i)
      x[i] = x[i] - mean;
  }
  std::vector<float> squares(n);
  for (int64_t i = 0; i < n; ++i)
    squares[i] = x[i] * x[i];
  const float variance = numerics::sum(squares.data(), n) / float(n);
  const float reciprocal = 1.0f / std::sqrt(variance + epsilon);
  for (int64_t i = 0; i < n; ++i)
    x[i] = x[i] * reciprocal;
}

static Result evaluate(NormOp op, Operands operands) {
  const Tensor &input = *operands[0];
  std::vector<float> x = loadReals(input, op.getInput().getType());
  int64_t n = 1;
  for (int64_t extent : ArrayRef(input.shape).drop_front(op.getAxis()))
    n *= extent;
  for (int64_t first = 0; first < input.getCount(); first += n)
    normalizeRow(&x[first], n, op.getKind(), op.getEpsilon().convertToFloat());
  const Tensor *scale = op.getScale() ? operands[1] : nullptr, *bias = op.getBias() ? operands.back() : nullptr;
  for (int64_t i = 0; i < input.getCount(); ++i) {
    if (scale)
      x[i] = x[i] * scale->as<float>()[i % n];
    if (bias)
      x[i] = x[i] + bias->as<float>()[i % n];
  }
  return storeReals(op, input, x);
}

std::optional<Result> reference::evaluateRows(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case<SoftmaxOp, IntSoftmaxOp, NormOp>([&](auto o) { return ::evaluate(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
