// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise functions of one and two values.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Two values
//===----------------------------------------------------------------------===//

static kernels::BinaryKind getKind(BinaryKind kind) {
  switch (kind) {
  case BinaryKind::Add:
    return kernels::BinaryKind::Add;
  case BinaryKind::Sub:
    return kernels::BinaryKind::Sub;
  case BinaryKind::Mul:
    return kernels::BinaryKind::Mul;
  case BinaryKind::Div:
    return kernels::BinaryKind::Div;
  case BinaryKind::Pow:
    return kernels::BinaryKind::Pow;
  case BinaryKind::Min:
    return kernels::BinaryKind::Min;
  case BinaryKind::Max:
    return kernels::BinaryKind::Max;
  }
  llvm_unreachable("unknown kind");
}

// Strides of an operand by the result's dimensions, 0 where it broadcasts.
static kernels::Extents getBroadcastStrides(BufferType operand, BufferType result) {
  kernels::Extents strides = getByteStrides(operand);
  for (int64_t i = 0; i < result.getRank(); ++i)
    if (operand.getDim(i) == 1 && result.getDim(i) != 1)
      strides[i] = 0;
  return strides;
}

kernels::KernelParams BinaryOp::getKernelParams() {
  BufferType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getType();
  kernels::BinaryParams params;
  params.kind = ::getKind(getKind());
  params.lhs = ukernel::getKind(lhs);
  params.rhs = ukernel::getKind(rhs);
  params.output = ukernel::getKind(result);
  params.shape = kernels::Extents(result.getShape());
  params.lhsStrides = getBroadcastStrides(lhs, result);
  params.rhsStrides = getBroadcastStrides(rhs, result);
  params.outputStrides = getByteStrides(result);
  if (params.output == kernels::ElementKind::F32)
    return params;
  params.requant = getRequant(getFixed());
  params.lhsScale = getScales().front();
  params.rhsScale = getScales().back();
  params.lhsZeroPoint = getZeroPoints()[0];
  params.rhsZeroPoint = getZeroPoints()[1];
  params.range = {getZeroPoints()[2], getClamp()[0], getClamp()[1]};
  return params;
}

int BinaryOp::getInPlaceOperand() {
  if (getLhs().getType() == getType())
    return 0;
  return getRhs().getType() == getType() ? 1 : -1;
}

//===----------------------------------------------------------------------===//
// One value
//===----------------------------------------------------------------------===//

// What all kinds need.
static kernels::UnaryParams getUnaryParams(kernels::UnaryKind kind, BufferType input, BufferType result) {
  kernels::UnaryParams params;
  params.kind = kind;
  params.input = getKind(input);
  params.output = getKind(result);
  params.shape = kernels::Extents(result.getShape());
  params.inputStrides = getByteStrides(input);
  params.outputStrides = getByteStrides(result);
  return params;
}

static int getInPlaceInput(Operation *op) { return op->getOperand(0).getType() == op->getResult(0).getType() ? 0 : -1; }

kernels::KernelParams UnaryOp::getKernelParams() {
  kernels::UnaryParams params =
      getUnaryParams(*kernels::lookupFloatFunction(getFunction()), getInput().getType(), getType());
  ArrayRef<float> parameters = getParameters();
  if (!parameters.empty())
    params.a = parameters.front();
  if (parameters.size() > 1)
    params.b = parameters[1];
  return params;
}
int UnaryOp::getInPlaceOperand() { return getInPlaceInput(*this); }

kernels::KernelParams RequantizeOp::getKernelParams() {
  kernels::UnaryParams params = getUnaryParams(kernels::UnaryKind::Requantize, getInput().getType(), getType());
  params.scale = getScale().convertToFloat();
  params.range = {getZeroPoints()[1], getClamp()[0], getClamp()[1]};
  params.requant = getRequant(getFixed());
  params.inputZeroPoint = getZeroPoints()[0];
  return params;
}
int RequantizeOp::getInPlaceOperand() { return getInPlaceInput(*this); }

kernels::KernelParams LookupOp::getKernelParams() {
  return getUnaryParams(kernels::UnaryKind::Lookup, getInput().getType(), getType());
}
int LookupOp::getInPlaceOperand() { return getInPlaceInput(*this); }
void LookupOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  addOrigins({getInput(), getResult(), getTable()}, arguments);
}

//===----------------------------------------------------------------------===//
// Changes of element type and layout
//===----------------------------------------------------------------------===//

// An image from planes to pixels or back, where that is what the operation does.
static std::optional<kernels::ConvertParams> getImageChange(BufferType input, BufferType result,
                                                            ArrayRef<int64_t> permutation) {
  bool toPixels = permutation == ArrayRef<int64_t>{0, 2, 3, 1}, toPlanes = permutation == ArrayRef<int64_t>{0, 3, 1, 2};
  if ((!toPixels && !toPlanes) || result.getDim(0) != 1)
    return std::nullopt;
  BufferType pixels = toPixels ? result : input, planes = toPixels ? input : result;
  if (pixels.getElementBytes() > 4)
    return std::nullopt;
  bool keepsOrder = pixels.getDim(3) == 1 || pixels.getDim(1) * pixels.getDim(2) == 1;
  // A few planes of floats: the code generator's interleaving stores are better.
  bool fewFloats = toPixels && pixels.getDim(3).getStaticOr(5) <= 4 && pixels.getElementBytes() == 4;
  if (keepsOrder || fewFloats || !planes.isPlain() || !pixels.getDim(3).isStatic())
    return std::nullopt;
  kernels::ConvertParams params;
  params.input = getKind(input);
  params.output = getKind(result);
  params.inputLayout = toPixels ? kernels::ImageLayout::Planes : kernels::ImageLayout::Pixels;
  params.H = pixels.getDim(1);
  params.W = pixels.getDim(2);
  params.C = pixels.getDim(3).getStatic();
  params.pixels = getPitch(pixels);
  return params;
}

static kernels::Extents getPermutedStrides(BufferType input, ArrayRef<int64_t> permutation) {
  kernels::Extents strides = getByteStrides(input), permuted;
  for (int64_t dimension : getPermutation(permutation, input.getRank()))
    permuted.push_back(strides[dimension]);
  return permuted;
}

static kernels::KernelParams getConversion(kernels::UnaryKind kind, BufferType input, BufferType result,
                                           ArrayRef<int64_t> permutation, float scale,
                                           const kernels::StoredRange &range) {
  if (std::optional<kernels::ConvertParams> image = getImageChange(input, result, permutation)) {
    image->scale = scale;
    image->range = range;
    return *image;
  }
  kernels::UnaryParams params = getUnaryParams(kind, input, result);
  params.inputStrides = getPermutedStrides(input, permutation);
  params.scale = scale;
  params.range = range;
  return params;
}

kernels::KernelParams QuantizeOp::getKernelParams() {
  return getConversion(kernels::UnaryKind::Quantize, getInput().getType(), getType(), getPermutation(),
                       getScale().convertToFloat(), {int32_t(getZeroPoint()), getClamp()[0], getClamp()[1]});
}

kernels::KernelParams DequantizeOp::getKernelParams() {
  Type element = getInput().getType().getElementType();
  const int32_t count = 1 << element.getIntOrFloatBitWidth(), min = element.isUnsignedInteger() ? 0 : -count / 2;
  return getConversion(kernels::UnaryKind::Dequantize, getInput().getType(), getType(), getPermutation(),
                       getScale().convertToFloat(), {int32_t(getZeroPoint()), min, min + count - 1});
}

kernels::KernelParams TransposeOp::getKernelParams() {
  BufferType input = getInput().getType(), result = getType();
  if (std::optional<kernels::ConvertParams> image = getImageChange(input, result, getPermutation()))
    return *image;
  return kernels::CopyParams{result.getElementBytes(), kernels::Extents(result.getShape()),
                             getPermutedStrides(input, getPermutation()), getByteStrides(result)};
}
