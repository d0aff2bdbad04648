// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of reals and of quantized values.

#include "Convolve.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

llvm::Error ConvolutionShape::complete() {
  ImageDims dims = getImageDims(layout);
  if (input[dims.c] != filter[dims.in] * groups || filter[dims.out] % groups != 0)
    return makeError("expected channels that fit " + llvm::Twine(groups) + " groups, got input " + formatShape(input) +
                     " and filter " + formatShape(filter));
  Window window{{filter[dims.kernelH], filter[dims.kernelW]}, strides, pads, dilations};
  auto full = getWindowShape(input, window, layout, filter[dims.out]);
  if (!transposed) {
    if (!full)
      return makeError("expected a window that fits the padded input " + formatShape(input));
    result = *full;
    return llvm::Error::success();
  }
  result[0] = input[0];
  result[dims.c] = filter[dims.out];
  const int64_t spatial[] = {dims.h, dims.w};
  for (int i = 0; i < 2; ++i) {
    int64_t &extent = result[spatial[i]];
    auto least =
        getTransposedExtent(input[spatial[i]], window.kernel[i], strides[i], dilations[i], pads[i], pads[i + 2]);
    if (!least)
      return makeError("expected pads within the result of input " + formatShape(input));
    if (ShapedType::isDynamic(extent))
      extent = *least;
  }
  return llvm::Error::success();
}

int64_t ConvolutionShape::getSource(int dim, int64_t out, int64_t k) const {
  ImageDims dims = getImageDims(layout);
  int64_t extent = input[dim == 0 ? dims.h : dims.w], source;
  if (transposed) {
    int64_t scaled = out + pads[dim] - k * dilations[dim];
    if (scaled < 0 || scaled % strides[dim] != 0)
      return -1;
    source = scaled / strides[dim];
  } else {
    source = out * strides[dim] - pads[dim] + k * dilations[dim];
  }
  return source >= 0 && source < extent ? source : -1;
}

static Result convolveFloat(Operation *op, const ConvolutionShape &shape, Operands operands) {
  auto result = allocateFloat(shape.result, op);
  if (!result)
    return result;
  std::vector<float> start(shape.getChannels(), 0.0f);
  if (operands.size() > 2)
    start.assign(operands[2]->as<float>(), operands[2]->as<float>() + start.size());
  auto sums = convolve<float, float>(shape, operands[0]->as<float>(), operands[1]->as<float>(), start);
  llvm::copy(sums, result->as<float>());
  return result;
}

template <typename OpTy>
static Result convolveQuantized(OpTy op, const ConvolutionShape &shape, Operands operands) {
  for (const Tensor *factor : operands.take_front(2))
    if (auto error = checkFactorWidth(*factor))
      return error;
  auto result = Tensor::allocate(shape.result, getResultElementType(op));
  if (!result)
    return result;
  QuantParams x = *QuantParams::get(op.getInput().getType()), w = *QuantParams::get(op.getFilter().getType()),
              y = *QuantParams::get(op.getType());
  std::vector<Requantizer> requantizers;
  for (int64_t o = 0; o < shape.getChannels(); ++o) {
    float m = numerics::foldScale(x.getScale(), w.getScale(o), y.getScale());
    auto requantizer = Requantizer::get(op.getRequant(), m, y);
    if (!requantizer)
      return requantizer.takeError();
    requantizers.push_back(*requantizer);
  }
  std::vector<int64_t> start(shape.getChannels(), 0);
  if (operands.size() > 2)
    llvm::copy(operands[2]->loadIntegers(), start.begin());
  auto sums =
      convolve<int64_t, int32_t>(shape, loadCentred(*operands[0]).data(), loadCentred(*operands[1]).data(), start);
  ImageDims dims = getImageDims(shape.layout);
  int64_t stride = getStrides(shape.result)[dims.c];
  std::vector<int32_t> values(sums.size());
  for (auto [i, acc] : llvm::enumerate(sums)) {
    if (auto error = checkAccumulator(acc))
      return error;
    values[i] = requantizers[int64_t(i) / stride % shape.getChannels()](int32_t(acc));
  }
  result->storeIntegers(values);
  return result;
}

template <typename OpTy>
static Result evaluate(OpTy op, Operands operands, bool transposed) {
  auto shape = ConvolutionShape::get(op, op.getLayout(), transposed, operands);
  if (!shape)
    return shape.takeError();
  if (operands.size() > 2 && operands[2]->getCount() != shape->getChannels())
    return makeError("expected one bias per output channel, " + llvm::Twine(shape->getChannels()) + ", got " +
                     llvm::Twine(operands[2]->getCount()));
  if (isQuantized(getResultElementType(op)))
    return convolveQuantized(op, *shape, operands);
  return convolveFloat(op, *shape, operands);
}

std::optional<Result> reference::evaluateConvolution(Operation *op, Operands operands) {
  if (auto conv = dyn_cast<ConvOp>(op))
    return ::evaluate(conv, operands, false);
  if (auto conv = dyn_cast<ConvTransposeOp>(op))
    return ::evaluate(conv, operands, true);
  return std::nullopt;
}
