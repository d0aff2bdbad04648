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
