// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that the operations with weights share.

#include "Verify.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/Numerics.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::verify;

Window Convolution::getWindow() const {
  ImageDims dims = getImageDims(layout);
  ArrayRef<int64_t> shape = filter.getShape();
  return {{shape[dims.kernelH], shape[dims.kernelW]}, strides, pads, dilations};
}

static LogicalResult checkChannels(Operation *op, const Convolution &conv) {
  ImageDims dims = getImageDims(conv.layout);
  int64_t channels = conv.input.getShape()[dims.c], perGroup = conv.filter.getShape()[dims.in];
  if (!ShapedType::isDynamic(channels) && !ShapedType::isDynamic(perGroup)) {
    auto expected = llvm::checkedMul(perGroup, conv.groups);
    if (!expected || *expected != channels)
      return op->emitOpError() << "expected as many input channels as groups * the filter's, " << conv.groups << " * "
                               << perGroup << ", got " << channels;
  }
  int64_t out = conv.getChannels();
  if (!ShapedType::isDynamic(out) && out % conv.groups != 0)
    return op->emitOpError() << "expected 'groups' to divide the output channels " << out << ", got " << conv.groups;
  return success();
}

static LogicalResult checkTransposedShape(Operation *op, const Convolution &conv) {
  ImageDims dims = getImageDims(conv.layout);
  Window window = conv.getWindow();
  SmallVector<int64_t> expected(conv.input.getShape());
  expected[dims.c] = conv.getChannels();
  const int64_t spatial[] = {dims.h, dims.w};
  for (int i = 0; i < 2; ++i) {
    int64_t dim = spatial[i], actual = conv.result.getShape()[dim];
    auto least = getTransposedExtent(conv.input.getShape()[dim], window.kernel[i], conv.strides[i], conv.dilations[i],
                                     conv.pads[i], conv.pads[i + 2]);
    if (!least)
      return op->emitOpError() << "expected an extent that fits 64 bits and exceeds the pads, got input "
                               << formatShape(conv.input.getShape()) << ", strides " << formatShape(conv.strides)
                               << ", pads " << formatShape(conv.pads);
    expected[dim] = actual;
    if (ShapedType::isDynamic(*least) || ShapedType::isDynamic(actual))
      continue;
    if (actual < *least || actual - *least >= conv.strides[i])
      return op->emitOpError() << "expected result's extent " << dim << " to be at least " << *least
                               << " and less than that plus the stride " << conv.strides[i] << ", got " << actual;
  }
  return shape(op, conv.result, expected);
}

LogicalResult verify::matmul(Operation *op, Named lhs, Named rhs, Named result) {
  auto expected = getMatMulShape(lhs.getShape(), rhs.getShape());
  if (!expected)
    return op->emitOpError() << "expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got "
                             << formatShape(lhs.getShape()) << " and " << formatShape(rhs.getShape());
  return shape(op, result, *expected);
}

LogicalResult verify::convolution(Operation *op, const Convolution &conv) {
  for (const Named &value : {conv.input, conv.filter, conv.result})
    if (failed(rank(op, value, 4)))
      return failure();
  if (failed(positive(op, "groups", conv.groups)))
    return failure();
  Window window = conv.getWindow();
  if (failed(windowAttributes(op, window)) || failed(checkChannels(op, conv)))
    return failure();
  for (int64_t extent : window.kernel)
    if (extent == 0)
      return op->emitOpError() << "expected a filter with at least one tap, got " << formatShape(window.kernel);
  if (conv.transposed)
    return checkTransposedShape(op, conv);
  return windowShape(op, window, conv.layout, conv.input, conv.result, conv.getChannels());
}

LogicalResult verify::bias(Operation *op, Named bias, Named input, Named weights) {
  if (!isQuantized(input.getElementType()))
    return sameFamily(op, {input, bias});
  auto type = dyn_cast<quant::QuantizedType>(bias.getElementType());
  if (!type || type.getStorageTypeIntegralWidth() != 32 || !type.isSigned())
    return op->emitOpError() << "expected a bias quantized to i32, got " << bias.getElementType();
  if (failed(quantizedType(op, "bias", bias.getType())))
    return failure();
  QuantParams params(type), x = *QuantParams::get(input.value.getType()),
                            w = *QuantParams::get(weights.value.getType());
  if (params.isPerAxis() && w.isPerAxis() && params.getChannels() != w.getChannels())
    return op->emitOpError() << "expected a bias with as many scales as " << weights.name << ", " << w.getChannels()
                             << ", got " << params.getChannels();
  int64_t channels = std::max(params.getChannels(), w.getChannels());
  for (int64_t o = 0; o < channels; ++o) {
    if (params.getZeroPoint(o) != 0)
      return op->emitOpError() << "expected a bias with zero point 0, got " << params.getZeroPoint(o);
    float scale = x.getScale() * w.getScale(o);
    if (params.getScale(o) != scale)
      return op->emitOpError() << "expected bias scale " << o << " to be input scale * weight scale, " << scale
                               << ", got " << params.getScale(o);
  }
  return success();
}

LogicalResult verify::productMultipliers(Operation *op, Named input, Named weights, Named result, RequantMode mode) {
  if (!isQuantized(input.getElementType()))
    return success();
  QuantParams x = *QuantParams::get(input.value.getType()), w = *QuantParams::get(weights.value.getType()),
              y = *QuantParams::get(result.value.getType());
  for (int64_t o = 0; o < w.getChannels(); ++o)
    if (failed(
            multiplier(op, "folded multiplier", numerics::foldScale(x.getScale(), w.getScale(o), y.getScale()), mode)))
      return failure();
  return success();
}
