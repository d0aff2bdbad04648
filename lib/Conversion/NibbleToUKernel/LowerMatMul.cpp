// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products and transposed convolutions.

#include "ConvPlan.h"
#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Support/Constants.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Matrix products with a constant: a 1x1 convolution over a row of pixels
//===----------------------------------------------------------------------===//

static bool isConstantMatrix(Value value) {
  return value.getDefiningOp<nibble::ConstantOp>() && cast<RankedTensorType>(value.getType()).getRank() == 2;
}

// The input as a row of pixels; the result likewise, of `columns` each.
void GraphLowering::setRows(ConvPlan &plan, Value lhs, BufferType result) {
  Value buffer = lookupPadded(lhs, {0, 0, 0, 0}, 0);
  auto type = cast<BufferType>(buffer.getType());
  if (!type.isPlain())
    buffer = copy(lhs.getLoc(), buffer, type.getPlain());
  const Extent rows = product(type.getShape().drop_back());
  plan.input = view(lhs.getLoc(), buffer, {1, 1, rows, type.getShape().back()});
  plan.result = BufferType::get(ArrayRef<Extent>{1, 1, rows, result.getShape().back()}, result.getElementType());
}

LogicalResult GraphLowering::lowerConstantMatMul(IntMatMulOp op) {
  ConvPlan plan;
  BufferType result = getPlainType(op.getResult());
  setRows(plan, op.getLhs(), result);
  plan.outputZeroPoint = op.getOutputZeroPoint();
  plan.clamp.assign(op.getClamp().begin(), op.getClamp().end());
  if (failed(packInteger(plan, op, op.getRhs(), true, op.getBias(), op.getMultiplier(),
                         op.getRequant() == RequantMode::Fixed)))
    return failure();
  define(op.getResult(), view(op.getLoc(), createConv(plan, op.getLoc(), plan.result), result.getShape()));
  return success();
}

LogicalResult GraphLowering::lowerConstantMatMul(nibble::MatMulOp op) {
  ConvPlan plan;
  Value result = fuseClamp(plan, op.getResult());
  BufferType type = getPlainType(result);
  setRows(plan, op.getLhs(), type);
  if (failed(packFloat(plan, op, op.getRhs(), true, op.getBias())))
    return failure();
  define(result, view(result.getLoc(), createConv(plan, result.getLoc(), plan.result), type.getShape()));
  return success();
}

LogicalResult GraphLowering::lower(ScaledMatMulOp op) {
  ConvPlan plan;
  Value result = fuseClamp(plan, op.getResult());
  BufferType type = getPlainType(result);
  setRows(plan, op.getLhs(), type);
  if (op.getRows())
    plan.rows = lookupPlain(op.getRows());
  if (failed(packScaled(plan, op, op.getRhs(), true, op.getBias(), op.getScale())))
    return failure();
  define(result, view(result.getLoc(), createConv(plan, result.getLoc(), plan.result), type.getShape()));
  return success();
}

LogicalResult GraphLowering::lower(SumMatMulOp op) {
  BufferType type = getPlainType(op.getResult());
  const bool isConstant = isConstantMatrix(op.getRhs()) && op.getRhsZeroPoint() == 0 && !op.getRhsEncoding() &&
                          op.getRhs().getType().getElementType().isSignlessInteger(8);
  Value lhsEncoding = op.getLhsEncoding() ? lookupPlain(op.getLhsEncoding()) : Value();
  if (!isConstant) {
    Value rhsEncoding = op.getRhsEncoding() ? lookupPlain(op.getRhsEncoding()) : Value();
    define(op.getResult(),
           ukernel::MatMulOp::create(builder, op.getLoc(), type, lookup(op.getLhs()), lookup(op.getRhs()), Value(),
                                     Value(), lhsEncoding, rhsEncoding, false, op.getLhsZeroPoint(),
                                     op.getRhsZeroPoint(), 0, ArrayRef<int32_t>{0, 255}));
    return success();
  }
  ConvPlan plan;
  setRows(plan, op.getLhs(), type);
  plan.rows = lhsEncoding;
  if (failed(packSums(plan, op, op.getRhs(), true, op.getLhsZeroPoint())))
    return failure();
  define(op.getResult(), view(op.getLoc(), createConv(plan, op.getLoc(), plan.result), type.getShape()));
  return success();
}

//===----------------------------------------------------------------------===//
// Matrix products of two values
//===----------------------------------------------------------------------===//

// The multipliers as kernels read them, or null after an error.
Value GraphLowering::packMultipliers(Operation *op, Value multiplier, RequantMode mode) {
  auto multipliers = getConstantValues<float>(multiplier);
  bool fixed = mode == RequantMode::Fixed;
  if (!multipliers) {
    emitNodeError(op) << "needs constant multipliers";
    return Value();
  }
  if (failed(checkFixed(op, fixed, *multipliers)))
    return Value();
  return createConstant(op->getLoc(), kernels::packMultipliers(*multipliers, getRequant(fixed)));
}

LogicalResult GraphLowering::lower(IntMatMulOp op) {
  if (isConstantMatrix(op.getRhs()) && op.getLhsZeroPoint() == 0 && op.getRhsZeroPoint() == 0 &&
      op.getRhs().getType().getElementType().isSignlessInteger(8))
    return lowerConstantMatMul(op);
  Value multipliers = packMultipliers(op, op.getMultiplier(), op.getRequant());
  if (!multipliers)
    return failure();
  define(op.getResult(),
         ukernel::MatMulOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getLhs()),
                                   lookup(op.getRhs()), lookup(op.getBias()), multipliers, Value(), Value(),
                                   op.getRequant() == RequantMode::Fixed, op.getLhsZeroPoint(), op.getRhsZeroPoint(),
                                   op.getOutputZeroPoint(), op.getClamp()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::MatMulOp op) {
  bool constantBias = !op.getBias() || op.getBias().getDefiningOp<nibble::ConstantOp>();
  if (isConstantMatrix(op.getRhs()) && constantBias)
    return lowerConstantMatMul(op);
  Value bias = op.getBias() ? lookup(op.getBias()) : Value();
  define(op.getResult(), ukernel::MatMulOp::create(builder, op.getLoc(), getResultType(op.getResult()),
                                                   lookup(op.getLhs()), lookup(op.getRhs()), bias, Value(), Value(),
                                                   Value(), false, 0, 0, 0, ArrayRef<int32_t>{0, 255}));
  return success();
}

// The kernel reads a little behind the bytes, and so they lie in the arena.
LogicalResult GraphLowering::lower(DynamicMatMulOp op) {
  Value lhs = lookupPadded(op.getLhs(), {0, 0, 0, 0}, 0), columns = lookup(op.getRhs());
  auto packed =
      PackColumnsOp::create(builder, op.getLoc(), getPackedType(cast<BufferType>(columns.getType())), columns);
  define(op.getResult(), PackedMatMulOp::create(builder, op.getLoc(), getResultType(op.getResult()), lhs, packed,
                                                lookupPlain(op.getRows())));
  return success();
}

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

// What packing reads.
static kernels::ConvTransposeParams getPackParams(Value filter, int64_t groups) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(filter.getType()).getShape();
  kernels::ConvTransposeParams params;
  params.N = shape[0];
  params.KH = shape[1];
  params.KW = shape[2];
  params.C = shape[3] * groups;
  params.groups = groups;
  return params;
}

template <typename T, typename Op>
Value GraphLowering::packTransposed(Op op) {
  auto weights = getConstantValues<T>(op.getFilter());
  if (weights)
    return createConstant(op.getLoc(), kernels::packConvTransposeWeights(getPackParams(op.getFilter(), op.getGroups()),
                                                                         ArrayRef<T>(*weights)));
  emitNodeError(op) << "needs constant weights";
  return Value();
}

static SmallVector<int64_t> getKernel(Value filter) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(filter.getType()).getShape();
  return {shape[1], shape[2]};
}

LogicalResult GraphLowering::lower(IntConvTransposeOp op) {
  Value weights = packTransposed<int8_t>(op);
  Value multipliers = weights ? packMultipliers(op, op.getMultiplier(), op.getRequant()) : Value();
  if (!multipliers)
    return failure();
  define(op.getResult(),
         ukernel::ConvTransposeOp::create(
             builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()), weights, lookup(op.getBias()),
             multipliers, getKernel(op.getFilter()), op.getStrides(), op.getPads(), op.getDilations(), op.getGroups(),
             op.getRequant() == RequantMode::Fixed, op.getInputZeroPoint(), op.getOutputZeroPoint(), op.getClamp()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ConvTransposeOp op) {
  if (failed(checkLayout(op, op.getLayout())))
    return failure();
  Value weights = packTransposed<float>(op), bias = op.getBias() ? lookup(op.getBias()) : Value();
  if (!weights)
    return failure();
  define(op.getResult(), ukernel::ConvTransposeOp::create(
                             builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()), weights, bias,
                             Value(), getKernel(op.getFilter()), op.getStrides(), op.getPads(), op.getDilations(),
                             op.getGroups(), false, 0, 0, ArrayRef<int32_t>{0, 255}));
  return success();
}
