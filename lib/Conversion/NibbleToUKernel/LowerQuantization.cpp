// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between bytes and floats, and tables.

#include "GraphLowering.h"

#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Quantization/Types.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult GraphLowering::lower(IntQuantizeOp op) {
  if (isa_and_nonnull<nibble::TransposeOp>(getOnlyUser(op.getResult())))
    return success();
  Value input = op.getInput();
  DenseI64ArrayAttr permutation = builder.getDenseI64ArrayAttr({});
  if (auto transpose = input.getDefiningOp<nibble::TransposeOp>(); transpose && !buffers.contains(input)) {
    permutation = transpose.getPermutationAttr();
    input = transpose.getInput();
  }
  define(op.getResult(), QuantizeOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(input),
                                            op.getScaleAttr(), op.getZeroPointAttr(), op.getClampAttr(), permutation));
  return success();
}

LogicalResult GraphLowering::lower(IntDequantizeOp op) {
  if (isReadByRows(op))
    return success();
  // A transposition behind it permutes on its way; then its own user cannot be a quantization that does.
  if (auto transpose = dyn_cast_or_null<nibble::TransposeOp>(getOnlyUser(op.getResult())))
    if (!isa_and_nonnull<IntQuantizeOp>(getOnlyUser(transpose.getResult())))
      return success();
  define(op.getResult(),
         DequantizeOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                              op.getScaleAttr(), op.getZeroPointAttr(), builder.getDenseI64ArrayAttr({})));
  return success();
}

LogicalResult GraphLowering::lower(IntRequantizeOp op) {
  bool fixed = op.getRequant() == RequantMode::Fixed;
  if (failed(checkFixed(op, fixed, op.getScale().convertToFloat())))
    return failure();
  define(op.getResult(),
         RequantizeOp::create(
             builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()), op.getScaleAttr(),
             builder.getDenseI32ArrayAttr({int32_t(op.getInputZeroPoint()), int32_t(op.getOutputZeroPoint())}),
             op.getClampAttr(), fixed ? builder.getUnitAttr() : UnitAttr()));
  return success();
}

// A halo is stepped over only round images whose samples are the rows.
Value GraphLowering::lookupRows(Value value, int64_t rowDims) {
  Value buffer = lookup(value);
  auto type = cast<BufferType>(buffer.getType());
  const bool image = type.getRank() == 4 && rowDims == 1 && !type.hasCapacity();
  return image ? buffer : lookupPlain(value);
}

LogicalResult GraphLowering::lower(DynamicScaleOp op) {
  define(op.getResult(),
         RowScaleOp::create(builder, op.getLoc(), getPlainType(op.getResult()),
                            lookupRows(op.getInput(), op.getRowDims()), op.getRowDims(), op.getLevels()));
  return success();
}

/// Dot products of unsigned bytes would turn signed ones into such each time they read them.
bool GraphLowering::isCentered(Value value) const {
  auto quantize = value.getDefiningOp<DynamicQuantizeOp>();
  if (!quantize || dotInput != kernels::DotInput::U8 ||
      !cast<RankedTensorType>(value.getType()).getElementType().isSignlessInteger(8))
    return false;
  return llvm::all_of(value.getUsers(), [](Operation *user) { return isa<ScaledMatMulOp>(user); });
}

LogicalResult GraphLowering::lower(DynamicQuantizeOp op) {
  const int64_t rowDims = op.getScale().getType().getRank();
  BufferType result = rowDims == 1 ? getResultType(op.getResult()) : getPlainType(op.getResult());
  const bool centered = isCentered(op.getResult());
  if (centered)
    result = BufferType::get(result.getShape(), builder.getIntegerType(8, /*isSigned=*/false));
  define(op.getResult(), RowQuantizeOp::create(builder, op.getLoc(), result, lookupRows(op.getInput(), rowDims),
                                               lookupPlain(op.getScale()), /*affine=*/false, centered));
  return success();
}

LogicalResult GraphLowering::lower(DynamicEncodingOp op) {
  define(op.getResult(), RowScaleOp::create(builder, op.getLoc(), getPlainType(op.getResult()),
                                            lookupPlain(op.getInput()), /*row_dims=*/0, /*levels=*/255));
  return success();
}

LogicalResult GraphLowering::lower(DynamicEncodeOp op) {
  define(op.getResult(), RowQuantizeOp::create(builder, op.getLoc(), getPlainType(op.getResult()),
                                               lookupPlain(op.getInput()), lookupPlain(op.getEncoding()),
                                               /*affine=*/true, /*centered=*/false));
  return success();
}

LogicalResult GraphLowering::lower(FakeQuantOp op) {
  auto type = dyn_cast<quant::UniformQuantizedType>(op.getType());
  if (!type || !isActivationStorage(type))
    return emitNodeError(op) << "expected values of 8 bits, or of 16 signed ones, quantized per tensor, got "
                             << op.getType();
  Type storage = getStorageElementType(type);
  FloatAttr scale = builder.getF32FloatAttr(type.getScale());
  IntegerAttr zeroPoint = builder.getI32IntegerAttr(type.getZeroPoint());
  auto clamp = builder.getDenseI32ArrayAttr({int32_t(type.getStorageTypeMin()), int32_t(type.getStorageTypeMax())});
  auto none = builder.getDenseI64ArrayAttr({});
  BufferType result = getResultType(op.getResult());
  Value bytes = QuantizeOp::create(builder, op.getLoc(), BufferType::get(result.getShape(), storage),
                                   lookup(op.getInput()), scale, zeroPoint, clamp, none);
  define(op.getResult(), DequantizeOp::create(builder, op.getLoc(), result, bytes, scale, zeroPoint, none));
  return success();
}

LogicalResult GraphLowering::lower(IntLookupOp op) {
  define(op.getResult(), LookupOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                          lookup(op.getTable())));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ObserveOp op) {
  Value buffer = lookup(op.getInput());
  if (observe && isExternal(buffer))
    buffer = copy(op.getLoc(), buffer, cast<BufferType>(buffer.getType()));
  if (observe)
    ukernel::ObserveOp::create(builder, op.getLoc(), buffer, op.getNameAttr());
  define(op.getResult(), buffer);
  return success();
}
