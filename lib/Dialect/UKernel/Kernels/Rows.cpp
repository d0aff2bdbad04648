// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax, norms and reductions.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

/// Sets how the kernel of `op` reads and writes its reals.
template <typename OpTy, typename Params>
static void setOperands(OpTy op, Params &params) {
  ArrayRef<float> scales = op.getScales();
  ArrayRef<int32_t> zeros = op.getZeroPoints(), clamp = op.getClamp();
  params.input = {getKind(op.getInput().getType()), scales[0], {zeros[0], zeros[0], zeros[0]}};
  params.output = {getKind(op.getType()), scales[1], {zeros[1], clamp[0], clamp[1]}};
}

template <typename OpTy>
static int getInPlaceRows(OpTy op) {
  return op.getInput().getType() == op.getType() ? 0 : -1;
}

kernels::KernelParams SoftmaxOp::getKernelParams() {
  kernels::SoftmaxParams params;
  params.shape = kernels::Extents(getType().getShape());
  params.axis = getAxis();
  params.inputStrides = getByteStrides(getInput().getType());
  params.outputStrides = getByteStrides(getType());
  setOperands(*this, params);
  params.scale = getFactor().convertToFloat();
  params.masked = static_cast<bool>(getMask());
  if (params.masked)
    params.maskStrides = kernels::broadcastStrides(getMask().getType().getShape(), getType().getShape(), 4);
  return params;
}
int SoftmaxOp::getInPlaceOperand() { return getInPlaceRows(*this); }

kernels::KernelParams NormOp::getKernelParams() {
  auto leading = [&](kernels::Extents all) {
    all.resize(getAxis());
    return all;
  };
  kernels::NormParams params;
  params.centered = !getRms();
  params.rows = leading(kernels::Extents(getType().getShape()));
  params.length = product(getType().getShape().drop_front(getAxis()));
  params.inputStrides = leading(getByteStrides(getInput().getType()));
  params.outputStrides = leading(getByteStrides(getType()));
  setOperands(*this, params);
  params.scale = static_cast<bool>(getScale());
  params.bias = static_cast<bool>(getBias());
  params.epsilon = getEpsilon().convertToFloat();
  return params;
}
int NormOp::getInPlaceOperand() { return getInPlaceRows(*this); }

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
                                  std::vector<int64_t>(getAxes()),
                                  {}};
  kernels::Extents strides = getByteStrides(getType());
  for (int64_t i = 0; i < input.getRank(); ++i)
    if (!llvm::is_contained(getAxes(), i))
      params.outputStrides.push_back(strides[i]);
  return params;
}
