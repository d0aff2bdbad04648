// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The folded integer products, and maps over bytes.

#include "IntegerProducts.h"
#include "Convolve.h"
#include "MatMul.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

Result reference::mapBytes(Operation *op, const Tensor &input, llvm::function_ref<int32_t(int32_t)> function) {
  auto result = Tensor::allocate(input.shape, getResultElementType(op));
  if (!result)
    return result;
  std::vector<int32_t> values = input.loadIntegers();
  for (int32_t &value : values)
    value = function(value);
  result->storeIntegers(values);
  return result;
}

Result reference::combineBytes(Operation *op, Operands operands, int32_t lhsZeroPoint, int32_t rhsZeroPoint,
                               llvm::function_ref<int32_t(int32_t, int32_t)> function) {
  auto broadcast = BroadcastOperands::get(op, operands);
  if (!broadcast)
    return broadcast.takeError();
  broadcast->run(loadCentred(broadcast->lhs, lhsZeroPoint), loadCentred(broadcast->rhs, rhsZeroPoint), function);
  return std::move(broadcast->result);
}

/// y = R(acc, multiplier[channel]) for each accumulator, where channels are the last dimension.
template <typename OpTy>
static llvm::Expected<std::vector<int32_t>> requantizeAll(OpTy op, ArrayRef<int64_t> sums, const Tensor &multiplier) {
  std::vector<Requantizer> requantizers;
  int64_t channels = multiplier.getCount();
  for (int64_t c = 0; c < channels; ++c) {
    auto requantizer = Requantizer::get(op.getRequant(), multiplier.as<float>()[c], int32_t(op.getOutputZeroPoint()),
                                        op.getClamp()[0], op.getClamp()[1]);
    if (!requantizer)
      return requantizer.takeError();
    requantizers.push_back(*requantizer);
  }
  std::vector<int32_t> values(sums.size());
  for (auto [i, acc] : llvm::enumerate(sums)) {
    if (auto error = checkAccumulator(acc))
      return error;
    values[i] = requantizers[int64_t(i) % channels](int32_t(acc));
  }
  return values;
}

static llvm::Error checkChannels(const Tensor &bias, const Tensor &multiplier, int64_t channels) {
  if (bias.getCount() == channels && multiplier.getCount() == channels)
    return llvm::Error::success();
  return makeError("expected one bias and multiplier per channel, " + llvm::Twine(channels) + ", got " +
                   llvm::Twine(bias.getCount()) + " and " + llvm::Twine(multiplier.getCount()));
}

/// The sums of a convolution from the bias on; `outside` is what a tap in the padding reads.
static llvm::Expected<std::vector<int64_t>> sumTaps(const ConvolutionShape &shape, Operands operands,
                                                    int32_t inputZeroPoint, int32_t outside) {
  if (auto error = checkChannels(*operands[2], *operands[3], shape.getChannels()))
    return error;
  if (auto empty = Tensor::allocate(shape.result, operands[2]->elementType); !empty)
    return empty.takeError();
  std::vector<int64_t> start(shape.getChannels());
  llvm::copy(operands[2]->loadIntegers(), start.begin());
  return convolve<int64_t, int32_t>(shape, loadCentred(*operands[0], inputZeroPoint).data(),
                                    operands[1]->loadIntegers().data(), start, outside);
}

/// The residual addition behind the requantization.
static llvm::Error addResidual(IntConvOp op, const Tensor &addend, std::vector<int32_t> &values) {
  ResidualAttr residual = *op.getResidual();
  if (addend.getCount() != int64_t(values.size()))
    return makeError("expected an addend of " + llvm::Twine(values.size()) + " elements, got " +
                     llvm::Twine(addend.getCount()));
  Adder::Term own{residual.getScale().getValue().convertToFloat(), int32_t(op.getOutputZeroPoint())};
  Adder::Term other{residual.getAddendScale().getValue().convertToFloat(), residual.getAddendZeroPoint()};
  if (residual.getAddendFirst())
    std::swap(own, other);
  auto add = Adder::get(op.getRequant(), own, other, residual.getZeroPoint(), residual.getMin(), residual.getMax());
  if (!add)
    return add.takeError();
  for (auto [value, a] : llvm::zip(values, addend.loadIntegers()))
    value = residual.getAddendFirst() ? (*add)(a, value) : (*add)(value, a);
  return llvm::Error::success();
}

Result reference::evaluateProduct(IntConvOp op, Operands operands) {
  auto shape = ConvolutionShape::get(op, Layout::NHWC, false, operands);
  if (!shape)
    return shape.takeError();
  auto sums = sumTaps(*shape, operands, 0, int32_t(op.getPadValue()));
  if (!sums)
    return sums.takeError();
  auto values = requantizeAll(op, *sums, *operands[3]);
  if (!values)
    return values.takeError();
  if (op.getAddend())
    if (auto error = addResidual(op, *operands[4], *values))
      return error;
  auto result = Tensor::allocate(shape->result, getResultElementType(op));
  if (result)
    result->storeIntegers(*values);
  return result;
}

Result reference::evaluateProduct(IntConvTransposeOp op, Operands operands) {
  auto shape = ConvolutionShape::get(op, Layout::NHWC, true, operands);
  if (!shape)
    return shape.takeError();
  auto sums = sumTaps(*shape, operands, int32_t(op.getInputZeroPoint()), 0);
  if (!sums)
    return sums.takeError();
  auto values = requantizeAll(op, *sums, *operands[3]);
  if (!values)
    return values.takeError();
  auto result = Tensor::allocate(shape->result, getResultElementType(op));
  if (result)
    result->storeIntegers(*values);
  return result;
}

Result reference::evaluateProduct(IntMatMulOp op, Operands operands) {
  auto shape = getProductShape(*operands[0], *operands[1], nullptr);
  if (!shape)
    return shape.takeError();
  const bool isShared = op.getBias().getType().getShape() == ArrayRef<int64_t>(1);
  if (auto error = checkChannels(*operands[2], *operands[3], isShared ? 1 : shape->back()))
    return error;
  auto result = Tensor::allocate(*shape, getResultElementType(op));
  if (!result)
    return result;
  std::vector<int32_t> bias = operands[2]->loadIntegers();
  std::vector<int64_t> start(shape->back());
  for (auto [n, value] : llvm::enumerate(start))
    value = bias[isShared ? 0 : n];
  auto sums = multiplyMatrices<int64_t, int32_t>(
      operands[0]->shape, loadCentred(*operands[0], int32_t(op.getLhsZeroPoint())).data(), operands[1]->shape,
      loadCentred(*operands[1], int32_t(op.getRhsZeroPoint())).data(), *shape, start);
  auto values = requantizeAll(op, sums, *operands[3]);
  if (!values)
    return values.takeError();
  result->storeIntegers(*values);
  return result;
}
