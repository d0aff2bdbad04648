// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batch normalization and reductions.

#include "Evaluate.h"

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
      .Case<BatchNormOp, ReduceOp>([&](auto o) { return ::evaluate(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
