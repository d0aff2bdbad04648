// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Windows and reductions.

#include "GraphLowering.h"

#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult GraphLowering::lower(nibble::MaxPoolOp op) {
  if (failed(checkLayout(op, op.getLayout())))
    return failure();
  define(op.getResult(),
         ukernel::MaxPoolOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                    op.getKernel(), op.getStrides(), op.getPads(), op.getDilations()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::AvgPoolOp op) {
  if (failed(checkLayout(op, op.getLayout())))
    return failure();
  define(op.getResult(),
         ukernel::AvgPoolOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                    op.getKernel(), op.getStrides(), op.getPads(), op.getCountIncludePad(),
                                    APFloat(1.0f), ArrayRef<int32_t>{0, 0}, ArrayRef<int32_t>{0, 255}, false));
  return success();
}

LogicalResult GraphLowering::lower(IntAvgPoolOp op) {
  bool fixed = op.getRequant() == RequantMode::Fixed;
  float scale = op.getScale().convertToFloat();
  // The smallest and the largest multiplier that a window can have.
  int64_t taps = op.getKernel()[0] * op.getKernel()[1];
  if (failed(checkFixed(op, fixed, {scale, numerics::averageMultiplier(scale, taps)})))
    return failure();
  define(op.getResult(), ukernel::AvgPoolOp::create(
                             builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()), op.getKernel(),
                             op.getStrides(), op.getPads(), op.getCountIncludePad(), op.getScale(),
                             ArrayRef<int32_t>{int32_t(op.getInputZeroPoint()), int32_t(op.getOutputZeroPoint())},
                             op.getClamp(), fixed));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ReduceOp op) {
  Value input = lookup(op.getInput());
  SmallVector<Extent> kept(cast<BufferType>(input.getType()).getShape());
  for (int64_t axis : op.getAxes())
    kept[axis] = 1;
  BufferType result = getPlainType(op.getResult());
  Value reduced =
      ukernel::ReduceOp::create(builder, op.getLoc(), BufferType::get(ArrayRef<Extent>(kept), result.getElementType()),
                                input, builder.getStringAttr(stringifyReduceKind(op.getKind())), op.getAxesAttr());
  define(op.getResult(), view(op.getLoc(), reduced, result.getShape()));
  return success();
}
