// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools of reals, quantized and plain integers.

#include "Pool.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

TapRange::TapRange(const PoolShape &s, int dim, int64_t extent, int64_t out) {
  int64_t dilation = s.dilations[dim];
  first = out * s.strides[dim] - s.pads[dim];
  begin = first >= 0 ? 0 : (-first + dilation - 1) / dilation;
  end = extent - first <= 0 ? 0 : std::min(s.kernel[dim], (extent - first + dilation - 1) / dilation);
}

static void maxFloat(const PoolShape &s, const Tensor &input, Tensor &result) {
  const float *x = input.as<float>();
  float *y = result.as<float>(), most = 0;
  forEachWindow(
      s, [&](int64_t) { most = -std::numeric_limits<float>::infinity(); },
      [&](int64_t at) { most = numerics::maximum(most, x[at]); }, [&](int64_t i, int64_t) { y[i] = most; });
}

static void maxInteger(const PoolShape &s, const Tensor &input, Tensor &result) {
  int32_t least;
  if (auto params = QuantParams::get(input.elementType))
    least = params->getMin();
  else
    least = int32_t(getIntegerRange(cast<IntegerType>(input.elementType)).first);
  std::vector<int32_t> x = input.loadIntegers(), y(result.getCount());
  int32_t most = least;
  forEachWindow(
      s, [&](int64_t) { most = least; }, [&](int64_t at) { most = std::max(most, x[at]); },
      [&](int64_t i, int64_t) { y[i] = most; });
  result.storeIntegers(y);
}

static Result evaluate(MaxPoolOp op, Operands operands) {
  auto shape = PoolShape::get(op, op.getLayout(), op.getDilations(), operands);
  if (!shape)
    return shape.takeError();
  Type type = getResultElementType(op);
  auto result = Tensor::allocate(shape->result, type);
  if (!result)
    return result;
  if (isa<FloatType>(type))
    maxFloat(*shape, *operands[0], *result);
  else if (isQuantized(type) || type.getIntOrFloatBitWidth() < 32 || type.isSignlessInteger(32))
    maxInteger(*shape, *operands[0], *result);
  else
    return makeError("expected integers of at most 32 bits, got " + llvm::Twine(type.getIntOrFloatBitWidth()));
  return result;
}

static Result averageFloat(AvgPoolOp op, const PoolShape &shape, const Tensor &input) {
  auto result = allocateFloat(shape.result, op);
  if (!result)
    return result;
  const float *x = input.as<float>();
  float *y = result->as<float>(), acc = 0;
  forEachWindow(
      shape, [&](int64_t) { acc = 0; }, [&](int64_t at) { acc = acc + x[at]; },
      [&](int64_t i, int64_t inside) { y[i] = acc / float(shape.countTaps(inside, op.getCountIncludePad())); });
  return result;
}

static Result averageQuantized(AvgPoolOp op, const PoolShape &shape, const Tensor &input) {
  if (auto error = checkFactorWidth(input))
    return error;
  auto result = Tensor::allocate(shape.result, getResultElementType(op));
  if (!result)
    return result;
  QuantParams from = *QuantParams::get(input.elementType), to = *QuantParams::get(op.getType());
  float scale = from.getScale() / to.getScale();
  std::vector<int32_t> x = loadCentred(input), y(result->getCount());
  int64_t acc = 0;
  std::string problem;
  forEachWindow(
      shape, [&](int64_t) { acc = 0; }, [&](int64_t at) { acc += x[at]; },
      [&](int64_t i, int64_t inside) {
        float m = numerics::averageMultiplier(scale, shape.countTaps(inside, op.getCountIncludePad()));
        auto requantizer = Requantizer::get(op.getRequant(), m, to);
        if (auto error = requantizer ? checkAccumulator(acc) : requantizer.takeError())
          problem = llvm::toString(std::move(error));
        else
          y[i] = (*requantizer)(int32_t(acc));
      });
  if (!problem.empty())
    return makeError(problem);
  result->storeIntegers(y);
  return result;
}

static Result evaluate(AvgPoolOp op, Operands operands) {
  const int64_t dilations[] = {1, 1};
  auto shape = PoolShape::get(op, op.getLayout(), dilations, operands);
  if (!shape)
    return shape.takeError();
  if (isQuantized(getResultElementType(op)))
    return averageQuantized(op, *shape, *operands[0]);
  return averageFloat(op, *shape, *operands[0]);
}

std::optional<Result> reference::evaluatePool(Operation *op, Operands operands) {
  if (auto pool = dyn_cast<MaxPoolOp>(op))
    return ::evaluate(pool, operands);
  if (auto pool = dyn_cast<AvgPoolOp>(op))
    return ::evaluate(pool, operands);
  return std::nullopt;
}
