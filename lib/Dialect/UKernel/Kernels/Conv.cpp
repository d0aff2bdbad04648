// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions: the kernels of lib/Kernels on buffers.

#include "nibble/Dialect/UKernel/Conv.h"
#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

static kernels::ElementKind getKind(BufferType type) {
  if (type.getElementType().isF32())
    return kernels::ElementKind::F32;
  return type.getElementType().isUnsignedInteger() ? kernels::ElementKind::U8 : kernels::ElementKind::S8;
}

static kernels::ImagePitch getPitch(BufferType type) {
  SmallVector<int64_t> strides = type.getStrides();
  return {strides[1] * type.getElementBytes(), strides[2] * type.getElementBytes()};
}

kernels::ConvParams nibble::ukernel::getConvParams(ConvOp op) {
  BufferType input = op.getInput().getType(), result = op.getType();
  kernels::ConvParams params;
  params.input = getKind(input);
  params.output = getKind(result);
  params.C = input.getDim(3);
  params.N = result.getDim(3);
  params.H = result.getDim(1);
  params.W = result.getDim(2);
  params.KH = op.getKernel()[0];
  params.KW = op.getKernel()[1];
  params.strideH = op.getStrides()[0];
  params.strideW = op.getStrides()[1];
  params.dilationH = op.getDilations()[0];
  params.dilationW = op.getDilations()[1];
  params.groups = op.getGroups();
  params.in = getPitch(input);
  params.out = getPitch(result);
  params.requant = op.getFixed() ? kernels::Requant::Fixed : kernels::Requant::Float;
  params.outputZeroPoint = op.getOutputZeroPoint();
  params.clampMin = op.getClamp()[0];
  params.clampMax = op.getClamp()[1];
  params.multipliersBelowOne = op.getMultipliersBelowOne();
  if (op.getAddend()) {
    ArrayRef<int32_t> integers = op.getResidualIntegers();
    ArrayRef<float> scales = op.getResidualScales();
    params.residual = kernels::Residual{
        scales[0], scales[1], integers[0], integers[1], integers[2], integers[3], getPitch(op.getAddend().getType())};
  }
  if (op.getFloatMin())
    params.floatMin = op.getFloatMin()->convertToFloat();
  if (op.getFloatMax())
    params.floatMax = op.getFloatMax()->convertToFloat();
  return params;
}

// Fused multiply-adds are expanded below where the processor has none.
static kernels::ISA withFMA(kernels::ISA isa) {
  isa.hasFMA = true;
  return isa;
}

std::string ConvOp::getKernelName(const kernels::ISA &isa) {
  return kernels::convKernelName(getConvParams(*this), withFMA(isa));
}
std::string ConvOp::getKernelKey() { return kernels::convKernelKey(getConvParams(*this)); }
int64_t ConvOp::getTileCount() { return kernels::convTileCount(getConvParams(*this)); }

void ConvOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  BufferType input = getInput().getType();
  SmallVector<int64_t> strides = input.getStrides();
  // The first tap of the first window lies `pads` before the image.
  int64_t first = input.getOrigin() - getPads()[0] * strides[1] - getPads()[1] * strides[2];
  arguments.push_back({getInput(), first * input.getElementBytes()});
  arguments.push_back({getWeights(), 0});
  arguments.push_back({getBias(), 0});
  arguments.push_back({getMultiplier(), 0});
  arguments.push_back({getResult(), getType().getOrigin() * getType().getElementBytes()});
  if (getAddend()) {
    BufferType addend = getAddend().getType();
    arguments.push_back({getAddend(), addend.getOrigin() * addend.getElementBytes()});
  }
}

LogicalResult ConvOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &isa) {
  kernels::ConvParams params = getConvParams(*this);
  std::string reason = kernels::whyNoConv(params, withFMA(isa));
  if (!reason.empty())
    return emitOpError("no kernel for ") << isa.name << ": " << reason;
  kernels::emitConv(builder, getLoc(), symbol, params, withFMA(isa));
  return success();
}
