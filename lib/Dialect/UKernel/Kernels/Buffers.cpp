// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers as the kernel library describes them, and what all kernel operations have in common.

#include "nibble/Dialect/UKernel/Kernels.h"

#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

kernels::ElementKind nibble::ukernel::getKind(BufferType type) {
  assert(type.getElementBytes() <= 4 && "kinds are those of quantized and of float arithmetic");
  if (type.getElementBytes() == 4)
    return kernels::ElementKind::F32;
  if (type.getElementBytes() == 2)
    return kernels::ElementKind::S16;
  return type.getElementType().isUnsignedInteger() ? kernels::ElementKind::U8 : kernels::ElementKind::S8;
}

kernels::Extents nibble::ukernel::getByteStrides(BufferType type) {
  kernels::Extents strides;
  for (const Extent &stride : type.getStrides())
    strides.push_back(stride * type.getElementBytes());
  return strides;
}

kernels::ImagePitch nibble::ukernel::getPitch(BufferType type) {
  kernels::Extents strides = getByteStrides(type);
  return {strides[1], strides[2].getStatic()};
}

kernels::Requant nibble::ukernel::getRequant(bool fixed) {
  return fixed ? kernels::Requant::Fixed : kernels::Requant::Float;
}

Value nibble::ukernel::getViewed(Value value) {
  while (auto view = value.getDefiningOp<ViewOp>())
    value = view.getInput();
  return value;
}

uint64_t nibble::ukernel::getStoredBits(Type type, double value) {
  return getElementBits(type, value).value_or(0); // the lowering refuses a value that it does not hold
}

kernels::HaloParams nibble::ukernel::getHaloParams(BufferType type) {
  kernels::HaloParams params;
  params.element = getKind(type);
  params.images = type.getDim(0);
  params.H = type.getDim(1);
  params.W = type.getDim(2);
  params.C = type.getDim(3).getStatic();
  params.top = type.getTop();
  params.left = type.getLeft();
  params.bottom = type.getBottom();
  params.right = type.getRight();
  params.pitch = getPitch(type);
  params.imagePitch = getByteStrides(type)[0];
  params.value = type.getFill();
  return params;
}

SmallVector<int64_t> nibble::ukernel::getPermutation(ArrayRef<int64_t> permutation, int64_t rank) {
  return permutation.empty() ? llvm::to_vector(llvm::seq<int64_t>(0, rank)) : SmallVector<int64_t>(permutation);
}

KernelArgument nibble::ukernel::getOrigin(Value value) {
  if (!value)
    return {};
  auto type = cast<BufferType>(value.getType());
  return {value, type.getOrigin() * type.getElementBytes()};
}

void nibble::ukernel::addOrigins(ArrayRef<Value> values, SmallVectorImpl<KernelArgument> &arguments) {
  for (Value value : values)
    arguments.push_back(getOrigin(value));
}

void nibble::ukernel::getOriginArguments(Operation *op, SmallVectorImpl<KernelArgument> &arguments) {
  addOrigins(llvm::to_vector(op->getOperands()), arguments);
  arguments.push_back(getOrigin(op->getResult(0)));
}

//===----------------------------------------------------------------------===//
// KernelOp
//===----------------------------------------------------------------------===//

std::string KernelOp::getKernelName(const kernels::ISA &isa) { return kernels::kernelName(getKernelParams(), isa); }
Extent KernelOp::getTileCount() { return kernels::kernelTileCount(getKernelParams()); }

LogicalResult KernelOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &isa) {
  kernels::KernelParams params = getKernelParams();
  std::string reason = kernels::whyNoKernel(params, isa);
  if (!reason.empty())
    return getOperation()->emitOpError("node '")
           << getNodeName(getLoc()) << "' has no kernel for " << isa.name << ": " << reason;
  kernels::emitKernel(builder, getLoc(), symbol, params, isa);
  return success();
}
