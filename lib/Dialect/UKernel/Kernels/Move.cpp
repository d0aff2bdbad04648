// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What moves elements and changes none.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

kernels::KernelParams SliceOp::getKernelParams() {
  BufferType result = getType();
  kernels::CopyParams params{result.getElementBytes(), kernels::Extents(result.getShape()),
                             getByteStrides(getInput().getType()), getByteStrides(result)};
  for (auto [stride, step] : llvm::zip(params.inputStrides, getSteps()))
    stride *= step;
  return params;
}

void SliceOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(*this, arguments);
  for (auto [stride, start] : llvm::zip(getByteStrides(getInput().getType()), getStarts()))
    arguments.front().offset += stride * start;
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

/// `inputs` one after another along `axis` of the result, from position `start` on.
static kernels::AssembleParams joinInputs(ValueRange inputs, BufferType result, int64_t axis, Extent start) {
  kernels::Extents strides = getByteStrides(result);
  kernels::AssembleParams params;
  params.elementBytes = result.getElementBytes();
  params.inputs = inputs.size();
  for (auto [index, value] : llvm::enumerate(inputs)) {
    auto type = cast<BufferType>(value.getType());
    params.pieces.push_back(
        {int64_t(index), kernels::Extents(type.getShape()), getByteStrides(type), strides, start * strides[axis]});
    start += type.getDim(axis);
  }
  return params;
}

kernels::KernelParams ConcatOp::getKernelParams() { return joinInputs(getInputs(), getType(), getAxis(), 0); }

kernels::KernelParams AppendOp::getKernelParams() {
  return joinInputs(getInputs(), getType(), getAxis(), getPast().getType().getDim(getAxis()));
}

/// What is there already, the kernel does not read.
void AppendOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  addOrigins(llvm::to_vector(getInputs()), arguments);
  arguments.push_back(getOrigin(getResult()));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

kernels::KernelParams PadOp::getKernelParams() {
  BufferType input = getInput().getType(), result = getType();
  kernels::AssembleParams params;
  params.elementBytes = result.getElementBytes();
  params.inputs = 1;
  params.fill = getStoredBits(result.getElementType(), getValue().convertToDouble());
  // Where the input lies in the result; a negative count leaves out its first elements.
  kernels::Extents strides = getByteStrides(result), low, extents;
  kernels::Piece inside{0, {}, getByteStrides(input), strides, 0};
  for (int64_t i = 0; i < result.getRank(); ++i) {
    const Extent first = std::max<int64_t>(getLow()[i], 0), skipped = std::max<int64_t>(-getLow()[i], 0);
    low.push_back(min(first, result.getDim(i)));
    extents.push_back(max(0, min(input.getDim(i) - skipped, result.getDim(i) - first)));
    inside.outputOffset += first * strides[i];
  }
  inside.shape = extents;
  params.pieces = kernels::borderPieces(kernels::Extents(result.getShape()), strides, low, extents);
  params.pieces.push_back(inside);
  return params;
}

void PadOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(*this, arguments);
  for (auto [stride, low] : llvm::zip(getByteStrides(getInput().getType()), getLow()))
    arguments.front().offset += stride * std::max<int64_t>(-low, 0);
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

kernels::KernelParams GenerateOp::getKernelParams() {
  kernels::GenerateParams params;
  params.body = &getBody();
  for (Value value : getInputs()) {
    auto input = cast<BufferType>(value.getType());
    params.inputs.push_back({input.getElementType(), kernels::Extents(input.getShape()), getByteStrides(input)});
  }
  params.element = getType().getElementType();
  params.shape = kernels::Extents(getType().getShape());
  params.outputStrides = getByteStrides(getType());
  return params;
}

kernels::KernelParams GatherOp::getKernelParams() {
  return kernels::GatherParams{getType().getElementBytes(), kernels::Extents(getType().getShape()),
                               getByteStrides(getInput().getType()), getByteStrides(getType()),
                               std::vector<int64_t>(getAxes())};
}

kernels::KernelParams GatherRowsOp::getKernelParams() {
  BufferType table = getTable().getType();
  kernels::GatherRowsParams params;
  params.rows = table.getDim(0);
  params.indices = getIndices().getType().getNumElements();
  params.indexBytes = getIndices().getType().getElementBytes();
  params.rowBytes = product(table.getShape().drop_front()).getStatic() * table.getElementBytes();
  params.scaled = static_cast<bool>(getScale());
  return params;
}
