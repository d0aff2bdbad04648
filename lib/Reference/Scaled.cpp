// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products with float results: dynamic and weight-only quantization.

#include "Convolve.h"
#include "MatMul.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static Result evaluate(DynamicScaleOp op, Operands operands) {
  ArrayRef<int64_t> shape = operands[0]->shape;
  auto result = allocateFloat(shape.take_front(op.getRowDims()), op);
  if (!result)
    return result;
  const int64_t rows = result->getCount(), length = rows ? operands[0]->getCount() / rows : 0;
  for (int64_t i = 0; i < rows; ++i)
    result->as<float>()[i] = numerics::rowScale(operands[0]->as<float>() + i * length, length, int32_t(op.getLevels()));
  return result;
}

static Result evaluate(DynamicQuantizeOp op, Operands operands) {
  auto result = Tensor::allocate(operands[0]->shape, getResultElementType(op));
  if (!result)
    return result;
  const bool isSigned = op.getType().getElementType().isSignlessInteger();
  const int64_t rows = operands[1]->getCount(), length = rows ? result->getCount() / rows : 0;
  std::vector<int32_t> values(result->getCount());
  for (auto [i, value] : llvm::enumerate(values))
    value = numerics::quantizeRow(operands[0]->as<float>()[i], operands[1]->as<float>()[int64_t(i) / length],
                                  isSigned ? -127 : 0, isSigned ? 127 : 255);
  result->storeIntegers(values);
  return result;
}

namespace {
/// The operands behind the product's two factors.
struct Scales {
  const float *columns, *bias = nullptr, *rows = nullptr;

  template <typename OpTy>
  static llvm::Expected<Scales> get(OpTy op, Operands operands, int64_t channels, int64_t rowCount) {
    for (const Tensor *tensor : operands.slice(2, op.getBias() ? 2 : 1))
      if (tensor->getCount() != channels)
        return makeError("expected one value per channel, " + llvm::Twine(channels) + ", got " +
                         llvm::Twine(tensor->getCount()));
    if (op.getRows() && operands.back()->getCount() != rowCount)
      return makeError("expected one scale per row, " + llvm::Twine(rowCount) + ", got " +
                       llvm::Twine(operands.back()->getCount()));
    Scales scales{operands[2]->as<float>()};
    if (op.getBias())
      scales.bias = operands[3]->as<float>();
    if (op.getRows())
      scales.rows = operands.back()->as<float>();
    return scales;
  }

  /// fl32(fl32(acc * scale) + bias)
  float finish(float acc, int64_t row, int64_t channel) const {
    const float scale = rows ? rows[row] * columns[channel] : columns[channel];
    return numerics::scaleSum(acc, scale, bias ? bias[channel] : 0.0f);
  }
};
} // namespace

/// y = finish(acc) for each accumulator; channels are the last dimension.
template <typename Acc>
static llvm::Error finishAll(ArrayRef<Acc> sums, const Scales &scales, int64_t channels, int64_t rowCount,
                             Tensor &result) {
  const int64_t length = rowCount ? int64_t(sums.size()) / rowCount : 1;
  for (auto [i, acc] : llvm::enumerate(sums)) {
    if constexpr (std::is_same_v<Acc, int64_t>)
      if (auto error = checkAccumulator(acc))
        return error;
    result.as<float>()[i] = scales.finish(float(acc), int64_t(i) / length, int64_t(i) % channels);
  }
  return llvm::Error::success();
}

static Result evaluate(ScaledConvOp op, Operands operands) {
  auto shape = ConvolutionShape::get(op, Layout::NHWC, false, operands);
  if (!shape)
    return shape.takeError();
  const Tensor &input = *operands[0], &filter = *operands[1];
  const int64_t channels = shape->getChannels(), images = input.shape[0];
  auto scales = Scales::get(op, operands, channels, images);
  if (!scales)
    return scales.takeError();
  auto result = allocateFloat(shape->result, op);
  if (!result)
    return result;
  std::vector<int32_t> weights = filter.loadIntegers();
  llvm::Error error = llvm::Error::success();
  if (op.getRows()) {
    auto sums = convolve<int64_t, int32_t>(*shape, input.loadIntegers().data(), weights.data(),
                                           std::vector<int64_t>(channels, 0));
    error = llvm::joinErrors(std::move(error), finishAll<int64_t>(sums, *scales, channels, images, *result));
  } else {
    std::vector<float> reals(weights.begin(), weights.end());
    auto sums = convolve<float, float>(*shape, input.as<float>(), reals.data(), std::vector<float>(channels, 0.0f));
    error = llvm::joinErrors(std::move(error), finishAll<float>(sums, *scales, channels, images, *result));
  }
  if (error)
    return std::move(error);
  return result;
}

static Result evaluate(ScaledMatMulOp op, Operands operands) {
  const Tensor &lhs = *operands[0], &rhs = *operands[1];
  auto shape = getProductShape(lhs, rhs, operands[2]);
  if (!shape)
    return shape.takeError();
  const int64_t channels = shape->back(), rows = lhs.shape.back() ? lhs.getCount() / lhs.shape.back() : 0;
  auto result = allocateFloat(*shape, op);
  if (!result)
    return result;
  const int64_t rowCount = channels ? result->getCount() / channels : rows;
  auto scales = Scales::get(op, operands, channels, rowCount);
  if (!scales)
    return scales.takeError();
  std::vector<int32_t> weights = rhs.loadIntegers();
  llvm::Error error = llvm::Error::success();
  if (op.getRows()) {
    auto sums = multiplyMatrices<int64_t, int32_t>(lhs.shape, lhs.loadIntegers().data(), rhs.shape, weights.data(),
                                                   *shape, std::vector<int64_t>(channels, 0));
    error = llvm::joinErrors(std::move(error), finishAll<int64_t>(sums, *scales, channels, rowCount, *result));
  } else {
    std::vector<float> reals(weights.begin(), weights.end());
    auto sums = multiplyMatrices<float, float>(lhs.shape, lhs.as<float>(), rhs.shape, reals.data(), *shape,
                                               std::vector<float>(channels, 0.0f));
    error = llvm::joinErrors(std::move(error), finishAll<float>(sums, *scales, channels, rowCount, *result));
  }
  if (error)
    return std::move(error);
  return result;
}

/// The columns of matrices as bytes, and their scales.
static void quantizeColumns(const Tensor &input, std::vector<int32_t> &bytes, std::vector<float> &scales) {
  const int64_t rows = input.shape[input.shape.size() - 2], columns = input.shape.back();
  int64_t matrices = 1;
  for (int64_t extent : ArrayRef<int64_t>(input.shape).drop_back(2))
    matrices *= extent;
  bytes.resize(input.getCount());
  std::vector<float> column(rows);
  for (int64_t matrix = 0; matrix < matrices; ++matrix)
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t first = matrix * rows * columns + j;
      for (int64_t k = 0; k < rows; ++k)
        column[k] = input.as<float>()[first + k * columns];
      scales.push_back(numerics::rowScale(column.data(), rows, 127));
      for (int64_t k = 0; k < rows; ++k)
        bytes[first + k * columns] = numerics::quantizeRow(column[k], scales.back(), -127, 127);
    }
}

static SmallVector<int64_t> withExtent(ArrayRef<int64_t> shape, int64_t fromEnd, int64_t extent) {
  SmallVector<int64_t> changed(shape);
  changed[changed.size() - fromEnd] = extent;
  return changed;
}

static Result evaluate(DynamicMatMulOp op, Operands operands) {
  const Tensor &lhs = *operands[0], &rhs = *operands[1], &rows = *operands[2];
  auto shape = getProductShape(lhs, rhs, nullptr);
  if (!shape)
    return shape.takeError();
  const auto leading = ArrayRef<int64_t>(lhs.shape).drop_back();
  if (ArrayRef<int64_t>(rows.shape) != leading)
    return makeError("expected scales of shape " + formatShape(leading) + ", got " + formatShape(rows.shape));
  auto result = allocateFloat(*shape, op);
  if (!result)
    return result;
  std::vector<int32_t> bytes;
  std::vector<float> columns;
  quantizeColumns(rhs, bytes, columns);
  const int64_t width = shape->back();
  auto sums = multiplyMatrices<int64_t, int32_t>(lhs.shape, lhs.loadIntegers().data(), rhs.shape, bytes.data(), *shape,
                                                 std::vector<int64_t>(width, 0));
  // Products of depth 1: fma(s, t, +0) is fl32(s * t).
  auto scales =
      multiplyMatrices<float, float>(withExtent(lhs.shape, 1, 1), rows.as<float>(), withExtent(rhs.shape, 2, 1),
                                     columns.data(), *shape, std::vector<float>(width, 0.0f));
  for (auto [i, acc] : llvm::enumerate(sums)) {
    if (auto error = checkAccumulator(acc))
      return std::move(error);
    result->as<float>()[i] = float(acc) * scales[i];
  }
  return result;
}

std::optional<Result> reference::evaluateScaled(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case<DynamicScaleOp, DynamicQuantizeOp, ScaledConvOp, ScaledMatMulOp, DynamicMatMulOp>(
          [&](auto o) { return ::evaluate(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
