// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Storage.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace nibble;

quant::UniformQuantizedType nibble::getPerTensorType(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type ? dyn_cast<quant::UniformQuantizedType>(type.getElementType()) : quant::UniformQuantizedType();
}

Encoding nibble::getEncoding(quant::UniformQuantizedType type) {
  return {static_cast<float>(type.getScale()), static_cast<int32_t>(type.getZeroPoint()),
          static_cast<int32_t>(type.getStorageTypeMin()), static_cast<int32_t>(type.getStorageTypeMax())};
}

RankedTensorType nibble::getStorageTensor(RankedTensorType type) {
  return type.clone(getStorageElementType(cast<quant::QuantizedType>(type.getElementType())));
}

Value nibble::toStorage(OpBuilder &builder, Value quantized) {
  auto type = getStorageTensor(cast<RankedTensorType>(quantized.getType()));
  if (auto cast = quantized.getDefiningOp<UnrealizedConversionCastOp>())
    if (cast.getNumOperands() == 1 && cast.getOperand(0).getType() == type)
      return cast.getOperand(0);
  if (auto constant = quantized.getDefiningOp<ConstantOp>())
    return ConstantOp::create(builder, constant.getLoc(), type, constant.getValue());
  return UnrealizedConversionCastOp::create(builder, quantized.getLoc(), type, quantized).getResult(0);
}

Value nibble::toQuantized(OpBuilder &builder, Location loc, RankedTensorType type, Value storage) {
  return UnrealizedConversionCastOp::create(builder, loc, type, storage).getResult(0);
}
