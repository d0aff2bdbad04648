// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What moves elements and changes none, and what programs compute.

#include "GraphLowering.h"

#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult GraphLowering::lower(ReshapeOp op) {
  const SmallVector<Extent> shape(getPlainType(op.getResult()).getShape());
  define(op.getResult(), view(op.getLoc(), lookupForView(op.getInput(), shape), shape));
  return success();
}

// Whether the permutation moves only extents of 1.
static bool keepsOrder(ArrayRef<Extent> shape, ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t from : permutation) {
    if (shape[from] == 1)
      continue;
    if (from < last)
      return false;
    last = from;
  }
  return true;
}

LogicalResult GraphLowering::lower(nibble::TransposeOp op) {
  // Quantization behind it permutes on its way.
  Operation *user = getOnlyUser(op.getResult());
  if (isa_and_nonnull<IntQuantizeOp>(user))
    return success();
  Location loc = op.getLoc();
  BufferType result = getResultType(op.getResult());
  if (auto quantize = op.getInput().getDefiningOp<IntQuantizeOp>();
      quantize && op.getInput().hasOneUse() && !buffers.contains(op.getInput())) {
    define(op.getResult(),
           QuantizeOp::create(builder, loc, result, lookup(quantize.getInput()), quantize.getScaleAttr(),
                              quantize.getZeroPointAttr(), quantize.getClampAttr(), op.getPermutationAttr()));
    return success();
  }
  if (auto dequantize = op.getInput().getDefiningOp<IntDequantizeOp>();
      dequantize && op.getInput().hasOneUse() && !buffers.contains(op.getInput())) {
    define(op.getResult(),
           DequantizeOp::create(builder, loc, result, lookup(dequantize.getInput()), dequantize.getScaleAttr(),
                                dequantize.getZeroPointAttr(), op.getPermutationAttr()));
    return success();
  }
  Value input = lookup(op.getInput());
  auto type = cast<BufferType>(input.getType());
  if (keepsOrder(type.getShape(), op.getPermutation()) && !type.hasHalo() && result.isPlain()) {
    define(op.getResult(), view(loc, input, result.getShape()));
    return success();
  }
  define(op.getResult(), ukernel::TransposeOp::create(builder, loc, result, input, op.getPermutationAttr()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ConcatOp op) {
  if (const State *state = findAppended(op)) {
    define(op.getResult(), append(op, *state));
    return success();
  }
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(lookup(input));
  define(op.getResult(),
         ukernel::ConcatOp::create(builder, op.getLoc(), getResultType(op.getResult()), inputs, op.getAxisAttr()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::SliceOp op) {
  define(op.getResult(), ukernel::SliceOp::create(builder, op.getLoc(), getResultType(op.getResult()),
                                                  lookup(op.getInput()), op.getStartsAttr(), op.getStepsAttr()));
  return success();
}

// `input` by tables of indices, one behind the other, along `axes`.
Value GraphLowering::gather(Operation *op, Value input, ArrayRef<int32_t> indices, ArrayRef<int64_t> axes) {
  auto tensor = RankedTensorType::get({int64_t(indices.size())}, builder.getI32Type());
  Value table = createConstant(op->getLoc(), BufferType::get(tensor.getShape(), builder.getI32Type()),
                               DenseElementsAttr::get(tensor, indices));
  return GatherOp::create(builder, op->getLoc(), getResultType(op->getResult(0)), input, table, axes);
}

LogicalResult GraphLowering::lower(nibble::GatherRowsOp op) {
  Value scale = op.getScale() ? lookupPlain(op.getScale()) : Value();
  define(op.getResult(),
         ukernel::GatherRowsOp::create(builder, op.getLoc(), getPlainType(op.getResult()), lookupPlain(op.getTable()),
                                       lookupPlain(op.getIndices()), scale));
  return success();
}

LogicalResult GraphLowering::lower(nibble::PadOp op) {
  Value input = lookup(op.getInput());
  BufferType result = getResultType(op.getResult());
  if (op.getMode() == PadMode::Constant) {
    double value = op.getValue() ? op.getValue()->convertToDouble() : 0.0;
    if (!getElementBits(result.getElementType(), value))
      return emitNodeError(op) << "has a pad value that " << result.getElementType() << " does not hold, got " << value;
    define(op.getResult(), ukernel::PadOp::create(builder, op.getLoc(), result, input, op.getLowAttr(),
                                                  builder.getF64FloatAttr(value)));
    return success();
  }
  // The edge and the reflection by tables of indices.
  auto type = cast<BufferType>(input.getType());
  SmallVector<int64_t> axes;
  SmallVector<int32_t> indices;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (op.getLow()[d] == 0 && op.getHigh()[d] == 0)
      continue;
    if (!type.getDim(d).isStatic())
      return emitNodeError(op) << "pads a dynamic dimension by what it holds, which no kernel does";
    axes.push_back(d);
    const int64_t last = type.getDim(d).getStatic() - 1;
    for (int64_t i = 0; i < result.getDim(d).getStatic(); ++i) {
      int64_t at = i - op.getLow()[d];
      if (op.getMode() == PadMode::Reflect && last > 0) {
        at = std::abs(at) % (2 * last);
        at = at > last ? 2 * last - at : at;
      }
      indices.push_back(std::min(std::max<int64_t>(at, 0), last));
    }
  }
  define(op.getResult(), gather(op, input, indices, axes));
  return success();
}

LogicalResult GraphLowering::lower(nibble::GenerateOp op) {
  SmallVector<Value> inputs = llvm::map_to_vector(op.getInputs(), [&](Value input) { return lookup(input); });
  auto generate = ukernel::GenerateOp::create(builder, op.getLoc(), getResultType(op.getResult()), inputs);
  generate.getBody().takeBody(op.getBody());
  define(op.getResult(), generate);
  return success();
}

LogicalResult GraphLowering::lower(ResizeNearestOp op) {
  SmallVector<int32_t> indices(op.getIndices().begin(), op.getIndices().end());
  define(op.getResult(), gather(op, lookup(op.getInput()), indices, op.getAxes()));
  return success();
}
