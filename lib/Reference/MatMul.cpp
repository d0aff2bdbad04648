// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products of reals and of quantized values.

#include "MatMul.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

llvm::Expected<SmallVector<int64_t>> reference::getProductShape(const Tensor &lhs, const Tensor &rhs,
                                                                const Tensor *bias) {
  auto shape = getMatMulShape(lhs.shape, rhs.shape);
  if (!shape || !getElementCount(*shape))
    return makeError("expected matrices that multiply, got " + formatShape(lhs.shape) + " and " +
                     formatShape(rhs.shape));
  if (bias && bias->getCount() != shape->back())
    return makeError("expected one bias per column, " + llvm::Twine(shape->back()) + ", got " +
                     llvm::Twine(bias->getCount()));
  return *shape;
}

static Result multiplyFloat(MatMulOp op, ArrayRef<int64_t> shape, Operands operands) {
  auto result = allocateFloat(shape, op);
  if (!result)
    return result;
  std::vector<float> start(shape.back(), 0.0f);
  if (op.getBias())
    start.assign(operands[2]->as<float>(), operands[2]->as<float>() + start.size());
  auto sums = multiplyMatrices<float, float>(operands[0]->shape, operands[0]->as<float>(), operands[1]->shape,
                                             operands[1]->as<float>(), shape, start);
  llvm::copy(sums, result->as<float>());
  return result;
}

static Result multiplyQuantized(MatMulOp op, ArrayRef<int64_t> shape, Operands operands) {
  for (const Tensor *factor : operands.take_front(2))
    if (auto error = checkFactorWidth(*factor))
      return error;
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (!result)
    return result;
  QuantParams l = *QuantParams::get(op.getLhs().getType()), r = *QuantParams::get(op.getRhs().getType()),
              y = *QuantParams::get(op.getType());
  std::vector<Requantizer> requantizers;
  for (int64_t n = 0; n < shape.back(); ++n) {
    auto requantizer =
        Requantizer::get(op.getRequant(), numerics::foldScale(l.getScale(), r.getScale(n), y.getScale()), y);
    if (!requantizer)
      return requantizer.takeError();
    requantizers.push_back(*requantizer);
  }
  std::vector<int64_t> start(shape.back(), 0);
  if (op.getBias())
    llvm::copy(operands[2]->loadIntegers(), start.begin());
  auto sums = multiplyMatrices<int64_t, int32_t>(operands[0]->shape, loadCentred(*operands[0]).data(),
                                                 operands[1]->shape, loadCentred(*operands[1]).data(), shape, start);
  std::vector<int32_t> values(sums.size());
  for (auto [i, acc] : llvm::enumerate(sums)) {
    if (auto error = checkAccumulator(acc))
      return error;
    values[i] = requantizers[int64_t(i) % shape.back()](int32_t(acc));
  }
  result->storeIntegers(values);
  return result;
}

std::optional<Result> reference::evaluateMatMul(Operation *op, Operands operands) {
  auto matmul = dyn_cast<MatMulOp>(op);
  if (!matmul)
    return std::nullopt;
  auto shape = getProductShape(*operands[0], *operands[1], matmul.getBias() ? operands[2] : nullptr);
  if (!shape)
    return shape.takeError();
  if (isQuantized(getResultElementType(op)))
    return multiplyQuantized(matmul, *shape, operands);
  return multiplyFloat(matmul, *shape, operands);
}
