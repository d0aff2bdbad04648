// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and reductions.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

kernels::KernelParams SoftmaxOp::getKernelParams() {
  return kernels::SoftmaxParams{kernels::Extents(getType().getShape()), int64_t(getAxis()),
                                getByteStrides(getInput().getType()), getByteStrides(getType())};
}

kernels::KernelParams IntSoftmaxOp::getKernelParams() {
  kernels::IntSoftmaxParams params;
  params.shape = kernels::Extents(getType().getShape());
  params.axis = getAxis();
  params.inputStrides = getByteStrides(getInput().getType());
  params.outputStrides = getByteStrides(getType());
  params.input = getKind(getInput().getType());
  params.output = getKind(getType());
  params.scale = getScale().convertToFloat();
  params.range = {int32_t(getOutputZeroPoint()), getClamp()[0], getClamp()[1]};
  return params;
}

kernels::KernelParams ReduceOp::getKernelParams() {
  BufferType input = getInput().getType();
  kernels::ReductionParams params{*kernels::lookupReductionKind(getKind()),
                                  kernels::Extents(input.getShape()),
                                  getByteStrides(input),
                                  kernels::Extents(getAxes()),
                                  {}};
  kernels::Extents strides = getByteStrides(getType());
  for (int64_t i = 0; i < input.getRank(); ++i)
    if (!llvm::is_contained(getAxes(), i))
      params.outputStrides.push_back(strides[i]);
  return params;
}
