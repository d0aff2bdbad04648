// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of products of bytes, and whole tensors quantized at run time.

#include "Convolve.h"
#include "MatMul.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static Result evaluate(DynamicEncodingOp op, Operands operands) {
  auto result = allocateFloat({2}, op);
  if (!result)
    return result;
  auto encoding = numerics::dynamicEncoding(operands[0]->as<float>(), operands[0]->getCount());
  result->as<float>()[0] = encoding.scale;
  result->as<float>()[1] = encoding.zero;
  return result;
}

static llvm::Error checkEncoding(const Tensor &encoding) {
  const float zero = encoding.getCount() == 2 ? encoding.as<float>()[1] : -1;
  if (zero >= 0 && zero <= 255 && zero == std::floor(zero))
    return llvm::Error::success();
  return makeError("expected an encoding of a scale and a zero point in [0, 255]");
}

static Result evaluate(DynamicEncodeOp op, Operands operands) {
  if (auto error = checkEncoding(*operands[1]))
    return error;
  auto result = Tensor::allocate(operands[0]->shape, getResultElementType(op));
  if (!result)
    return result;
  const float *x = operands[0]->as<float>(), *encoding = operands[1]->as<float>();
  std::vector<int32_t> values(result->getCount());
  for (auto [i, value] : llvm::enumerate(values))
    value = numerics::quantize(x[i], encoding[0], int32_t(encoding[1]), 0, 255);
  result->storeIntegers(values);
  return result;
}

/// The integers of an operand less the zero point of its encoding, or the constant one.
static llvm::Expected<std::vector<int32_t>> loadFactors(const Tensor &tensor, const Tensor *encoding,
                                                        int32_t zeroPoint) {
  if (!encoding)
    return loadCentred(tensor, zeroPoint);
  if (auto error = checkEncoding(*encoding))
    return error;
  return loadCentred(tensor, int32_t(encoding->as<float>()[1]));
}

static Result storeSums(Operation *op, ArrayRef<int64_t> shape, ArrayRef<int64_t> sums) {
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (!result)
    return result;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    if (auto error = checkAccumulator(sum))
      return error;
    result->as<int32_t>()[i] = int32_t(sum);
  }
  return result;
}

static Result evaluate(SumConvOp op, Operands operands) {
  auto shape = ConvolutionShape::get(op, op.getLayout(), false, operands);
  if (!shape)
    return shape.takeError();
  auto input = loadFactors(*operands[0], op.getEncoding() ? operands[2] : nullptr, int32_t(op.getZeroPoint()));
  if (!input)
    return input.takeError();
  if (auto empty = Tensor::allocate(shape->result, getResultElementType(op)); !empty)
    return empty;
  auto sums = convolve<int64_t, int32_t>(*shape, input->data(), operands[1]->loadIntegers().data(),
                                         std::vector<int64_t>(shape->getChannels(), 0));
  return storeSums(op, shape->result, sums);
}

static Result evaluate(SumMatMulOp op, Operands operands) {
  auto shape = getProductShape(*operands[0], *operands[1], nullptr);
  if (!shape)
    return shape.takeError();
  const Tensor *lhsEncoding = op.getLhsEncoding() ? operands[2] : nullptr;
  const Tensor *rhsEncoding = op.getRhsEncoding() ? operands.back() : nullptr;
  auto lhs = loadFactors(*operands[0], lhsEncoding, int32_t(op.getLhsZeroPoint()));
  if (!lhs)
    return lhs.takeError();
  auto rhs = loadFactors(*operands[1], rhsEncoding, int32_t(op.getRhsZeroPoint()));
  if (!rhs)
    return rhs.takeError();
  if (auto empty = Tensor::allocate(*shape, getResultElementType(op)); !empty)
    return empty;
  auto sums = multiplyMatrices<int64_t, int32_t>(operands[0]->shape, lhs->data(), operands[1]->shape, rhs->data(),
                                                 *shape, std::vector<int64_t>(shape->back(), 0));
  return storeSums(op, *shape, sums);
}

static Result evaluate(IntToFloatOp op, Operands operands) {
  auto result = allocateFloat(operands[0]->shape, op);
  if (!result)
    return result;
  for (int64_t i = 0; i < result->getCount(); ++i)
    result->as<float>()[i] = float(operands[0]->as<int32_t>()[i]);
  return result;
}

std::optional<Result> reference::evaluateSums(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case<DynamicEncodingOp, DynamicEncodeOp, SumConvOp, SumMatMulOp, IntToFloatOp>(
          [&](auto o) { return ::evaluate(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
