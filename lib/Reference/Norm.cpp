// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalizations and reductions.

#include "Evaluate.h"
#include "nibble/Support/Softmax.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

//===----------------------------------------------------------------------===//
// batch_norm
//===----------------------------------------------------------------------===//

static Result evaluate(BatchNormOp op, Operands operands) {
  const Tensor &x = *operands[0];
  int64_t channels = x.shape[1];
  for (const Tensor *parameter : operands.drop_front())
    if (parameter->getCount() != channels)
      return makeError("expected one parameter per channel, " + llvm::Twine(channels) + ", got " +
                       llvm::Twine(parameter->getCount()));
  auto result = allocateFloat(x.shape, op);
  if (!result)
    return result;
  std::vector<float> factor(channels), offset(channels);
  float epsilon = op.getEpsilon().convertToFloat();
  for (int64_t c = 0; c < channels; ++c) {
    float scale = operands[1]->as<float>()[c], bias = operands[2]->as<float>()[c], mean = operands[3]->as<float>()[c],
          variance = operands[4]->as<float>()[c];
    factor[c] = scale / std::sqrt(variance + epsilon);
    float shift = mean * factor[c];
    offset[c] = bias - shift;
  }
  int64_t inner = getStrides(x.shape)[1], count = x.getCount();
  for (int64_t i = 0; i < count; ++i) {
    int64_t c = i / inner % channels;
    result->as<float>()[i] = std::fma(x.as<float>()[i], factor[c], offset[c]);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// softmax
//===----------------------------------------------------------------------===//

/// In place.
static void softmaxRow(std::vector<float> &row) {
  float most = -std::numeric_limits<float>::infinity();
  for (float x : row)
    most = numerics::maximum(most, x);
  for (float &x : row)
    x = numerics::exp(x - most);
  float sum = numerics::sum(row.data(), int64_t(row.size()));
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

static std::vector<float> softmaxReals(std::vector<float> x, ArrayRef<int64_t> shape, int64_t axis) {
  forEachRow(shape, axis, [&](int64_t first, int64_t count, int64_t stride) {
    std::vector<float> row(count);
    for (int64_t k = 0; k < count; ++k)
      row[k] = x[first + k * stride];
    softmaxRow(row);
    for (int64_t k = 0; k < count; ++k)
      x[first + k * stride] = row[k];
  });
  return x;
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
  auto from = QuantParams::get(op.getInput().getType()), to = QuantParams::get(op.getType());
  if (op.isByteSoftmax()) {
    auto softmax =
        getByteSoftmax(from->getScale(), 1.0f / to->getScale(), to->getZeroPoint(), to->getMin(), to->getMax());
    return softmax ? softmaxBytes(op, input, op.getAxis(), *softmax) : softmax.takeError();
  }
  auto result = Tensor::allocate(input.shape, getResultElementType(op));
  if (!result)
    return result;
  int64_t count = input.getCount();
  std::vector<float> x(count);
  std::vector<int32_t> stored = from ? input.loadIntegers() : std::vector<int32_t>();
  for (int64_t i = 0; i < count; ++i)
    x[i] = from ? numerics::dequantize(stored[i], from->getScale(), from->getZeroPoint()) : input.as<float>()[i];
  x = softmaxReals(std::move(x), input.shape, op.getAxis());
  if (!to) {
    llvm::copy(x, result->as<float>());
    return result;
  }
  for (int64_t i = 0; i < count; ++i)
    stored[i] = numerics::quantize(x[i], to->getScale(), to->getZeroPoint(), to->getMin(), to->getMax());
  result->storeIntegers(stored);
  return result;
}

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

static float reduceValues(ReduceKind kind, const std::vector<float> &x) {
  const float inf = std::numeric_limits<float>::infinity();
  auto get = [&](int64_t i) { return x[i]; };
  int64_t n = int64_t(x.size());
  switch (kind) {
  case ReduceKind::Sum:
    return numerics::sum(x.data(), n);
  case ReduceKind::Mean:
    return numerics::sum(x.data(), n) / float(n);
  case ReduceKind::Max:
    return numerics::reduceLanes(n, -inf, get, numerics::maximum);
  case ReduceKind::Min:
    return numerics::reduceLanes(n, inf, get, numerics::minimum);
  case ReduceKind::Prod:
    return numerics::reduceLanes(n, 1.0f, get, [](float a, float b) { return a * b; });
  }
  llvm_unreachable("all kinds are handled");
}

static Result evaluate(ReduceOp op, Operands operands) {
  const Tensor &x = *operands[0];
  auto result = allocateFloat(getReducedShape(x.shape, op.getAxes(), op.getKeepDims()), op);
  if (!result)
    return result;
  // Split the dimensions into kept and reduced ones; both are walked in row-major order.
  auto strides = getStrides(x.shape);
  SmallVector<int64_t> keptShape, keptStrides, reducedShape, reducedStrides;
  for (auto [d, extent] : llvm::enumerate(x.shape)) {
    bool reduced = llvm::is_contained(op.getAxes(), int64_t(d));
    (reduced ? reducedShape : keptShape).push_back(extent);
    (reduced ? reducedStrides : keptStrides).push_back(strides[d]);
  }
  std::vector<float> values;
  forEachIndex(keptShape, keptStrides, [&](int64_t i, int64_t base) {
    values.clear();
    forEachIndex(reducedShape, reducedStrides,
                 [&](int64_t, int64_t offset) { values.push_back(x.as<float>()[base + offset]); });
    result->as<float>()[i] = reduceValues(op.getKind(), values);
  });
  return result;
}

std::optional<Result> reference::evaluateNorm(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case<BatchNormOp, SoftmaxOp, IntSoftmaxOp, ReduceOp>([&](auto o) { return evaluate(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
