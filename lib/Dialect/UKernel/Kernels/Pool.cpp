// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

template <typename Op>
static kernels::PoolParams getPoolParams(Op op, kernels::PoolKind kind) {
  kernels::PoolParams params;
  params.kind = kind;
  setWindow(params, op);
  setImages(params, op);
  return params;
}

kernels::KernelParams MaxPoolOp::getKernelParams() {
  kernels::PoolParams params = getPoolParams(*this, kernels::PoolKind::Max);
  params.dilationH = getDilations()[0];
  params.dilationW = getDilations()[1];
  return params;
}

kernels::KernelParams AvgPoolOp::getKernelParams() {
  kernels::PoolParams params = getPoolParams(*this, kernels::PoolKind::Average);
  params.countIncludePad = getCountIncludePad();
  params.requant = getRequant(getFixed());
  params.scale = getScale().convertToFloat();
  params.inputZeroPoint = getZeroPoints()[0];
  params.range = {getZeroPoints()[1], getClamp()[0], getClamp()[1]};
  return params;
}
