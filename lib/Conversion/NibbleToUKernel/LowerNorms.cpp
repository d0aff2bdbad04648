// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and norms, and the conversions at both of their ends that they do on their way.

#include "GraphLowering.h"

#include "nibble/Kernels/Rows.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

bool nibble::ukernel::isReadByRows(IntDequantizeOp op) {
  return !op->use_empty() && llvm::all_of(op->getUses(), [](OpOperand &use) {
    return use.getOperandNumber() == 0 && isa<nibble::SoftmaxOp, nibble::NormOp>(use.getOwner());
  });
}

/// What memory holds at both ends of an operation between reals, the conversions included.
struct GraphLowering::RealEnds {
  Value input, result;
  std::array<float, 2> scales = {1, 1};
  std::array<int32_t, 2> zeroPoints = {0, 0}, clamp = {0, 255};
};

GraphLowering::RealEnds GraphLowering::takeEnds(Operation *op) {
  RealEnds ends{op->getOperand(0), op->getResult(0)};
  if (auto dequantize = ends.input.getDefiningOp<IntDequantizeOp>()) {
    ends.input = dequantize.getInput();
    ends.scales[0] = dequantize.getScale().convertToFloat();
    ends.zeroPoints[0] = static_cast<int32_t>(dequantize.getZeroPoint());
  }
  if (auto quantize = dyn_cast_or_null<IntQuantizeOp>(getOnlyUser(ends.result))) {
    fused.insert(quantize);
    ends.result = quantize.getResult();
    ends.scales[1] = quantize.getScale().convertToFloat();
    ends.zeroPoints[1] = static_cast<int32_t>(quantize.getZeroPoint());
    llvm::copy(quantize.getClamp(), ends.clamp.begin());
  }
  return ends;
}

/// The mask with leading extents of 1, as numpy adds them.
Value GraphLowering::lookupMask(Value mask, int64_t rank) {
  Value buffer = lookupPlain(mask);
  ArrayRef<Extent> own = cast<BufferType>(buffer.getType()).getShape();
  SmallVector<Extent> shape(rank - own.size(), 1);
  shape.append(own.begin(), own.end());
  return view(mask.getLoc(), buffer, shape);
}

LogicalResult GraphLowering::lower(nibble::SoftmaxOp op) {
  assert(getElementTypeOrSelf(op.getType()).isF32() && "of reals, checkTypes lets f32 pass alone");
  const RealEnds ends = takeEnds(op);
  BufferType result = getResultType(ends.result);
  Value mask = op.getMask() ? lookupMask(op.getMask(), result.getRank()) : Value();
  define(ends.result, ukernel::SoftmaxOp::create(
                          builder, op.getLoc(), result, lookup(ends.input), mask, op.getAxisAttr(), op.getScaleAttr(),
                          builder.getDenseF32ArrayAttr(ends.scales), builder.getDenseI32ArrayAttr(ends.zeroPoints),
                          builder.getDenseI32ArrayAttr(ends.clamp)));
  return success();
}

LogicalResult GraphLowering::lower(nibble::NormOp op) {
  const RealEnds ends = takeEnds(op);
  // Pixels keep their elements together whatever lies round the image.
  const bool ofPixels = int64_t(op.getAxis()) + 1 == cast<RankedTensorType>(op.getType()).getRank();
  Value input = ofPixels ? lookup(ends.input) : lookupPlain(ends.input);
  auto parameter = [&](Value value) { return value ? lookupPlain(value) : Value(); };
  define(ends.result, ukernel::NormOp::create(
                          builder, op.getLoc(), ofPixels ? getResultType(ends.result) : getPlainType(ends.result),
                          input, parameter(op.getScale()), parameter(op.getBias()), op.getAxisAttr(),
                          op.getEpsilonAttr(), op.getKind() == NormKind::RMS ? builder.getUnitAttr() : UnitAttr(),
                          builder.getDenseF32ArrayAttr(ends.scales), builder.getDenseI32ArrayAttr(ends.zeroPoints),
                          builder.getDenseI32ArrayAttr(ends.clamp)));
  return success();
}

LogicalResult GraphLowering::lower(nibble::IntSoftmaxOp op) {
  std::vector<int32_t> packed = kernels::packSoftmaxTable(op.getInputScale().convertToFloat());
  auto tensor = RankedTensorType::get({int64_t(packed.size())}, builder.getI32Type());
  Value table = createConstant(op.getLoc(), BufferType::get(tensor.getShape(), builder.getI32Type()),
                               DenseElementsAttr::get(tensor, ArrayRef(packed)));
  define(op.getResult(),
         ukernel::IntSoftmaxOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                       table, op.getAxis(), op.getScale(), op.getOutputZeroPoint(), op.getClamp()));
  return success();
}
