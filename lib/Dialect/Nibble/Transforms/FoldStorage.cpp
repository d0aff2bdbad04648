// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Dialect/Nibble/Storage.h"
#include "nibble/Quantization/Types.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/Numerics.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDSTORAGE
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-storage"

using namespace mlir;
using namespace nibble;

namespace {

bool isQuantized(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<quant::QuantizedType>(type.getElementType());
}

/// The storage type of an operand or result of `op` that has no integer form; null if there is none.
Type getOtherStorage(Operation *op) {
  for (auto values : {ValueRange(op->getOperands()), ValueRange(op->getResults())})
    for (Value value : values)
      if (auto type = getPerTensorType(value); type && !isActivationStorage(type))
        return getStorageTensor(cast<RankedTensorType>(value.getType())).getElementType();
  return Type();
}

/// The integer that a padding holds: of a real 0 the zero point.
int32_t getStoredPadding(PadOp pad, quant::UniformQuantizedType type) {
  const Encoding out = getEncoding(type);
  const float real = pad.getValue() ? static_cast<float>(pad.getValue()->convertToDouble()) : 0.0f;
  return numerics::quantize(real, out.scale, out.zero, out.min, out.max);
}

struct FoldStorage : nibble::impl::FoldStorageBase<FoldStorage> {
  /// The operation on plain integers; null if `op` is none of this pass's operations.
  static Value convert(OpBuilder &builder, Operation *op) {
    if (getOtherStorage(op))
      return Value();
    if (auto quantize = dyn_cast<QuantizeOp>(op)) {
      auto type = getPerTensorType(quantize.getResult());
      if (!type)
        return Value();
      const Encoding out = getEncoding(type);
      return IntQuantizeOp::create(builder, op->getLoc(), getStorageTensor(quantize.getType()), quantize.getInput(),
                                   llvm::APFloat(out.scale), out.zero, ArrayRef<int32_t>{out.min, out.max});
    }
    if (auto dequantize = dyn_cast<DequantizeOp>(op)) {
      auto type = getPerTensorType(dequantize.getInput());
      if (!type)
        return Value();
      const Encoding in = getEncoding(type);
      return IntDequantizeOp::create(builder, op->getLoc(), dequantize.getType(),
                                     toStorage(builder, dequantize.getInput()), llvm::APFloat(in.scale), in.zero);
    }
    if (!isa<MaxPoolOp, ReshapeOp, TransposeOp, SliceOp, PadOp, ResizeNearestOp>(op) ||
        !getPerTensorType(op->getResult(0)))
      return Value();
    auto type = getStorageTensor(cast<RankedTensorType>(op->getResult(0).getType()));
    Operation *moved = cloneWithOperands(builder, op->getLoc(), op, toStorage(builder, op->getOperand(0)), type);
    if (auto pad = dyn_cast<PadOp>(moved))
      pad.setValueAttr(builder.getF64FloatAttr(getStoredPadding(pad, getPerTensorType(op->getResult(0)))));
    return moved->getResult(0);
  }

  /// The attributes that say what the integers of an argument or result stand for.
  static SmallVector<NamedAttribute> describe(Builder &builder, quant::UniformQuantizedType type) {
    const Encoding encoding = getEncoding(type);
    return {builder.getNamedAttr("nibble.scale", builder.getF32FloatAttr(encoding.scale)),
            builder.getNamedAttr("nibble.zero_point", builder.getI32IntegerAttr(encoding.zero))};
  }

  /// Quantized arguments and results become plain integers, with scale and zero point as attributes.
  static void convertSignature(func::FuncOp function) {
    Block &entry = function.getBody().front();
    OpBuilder builder = OpBuilder::atBlockBegin(&entry);
    for (BlockArgument argument : entry.getArguments()) {
      auto type = getPerTensorType(argument);
      if (!type)
        continue;
      auto tensor = cast<RankedTensorType>(argument.getType());
      argument.setType(getStorageTensor(tensor));
      Value quantized = toQuantized(builder, argument.getLoc(), tensor, argument);
      argument.replaceAllUsesExcept(quantized, quantized.getDefiningOp());
      for (NamedAttribute attribute : describe(builder, type))
        function.setArgAttr(argument.getArgNumber(), attribute.getName(), attribute.getValue());
    }
    Operation *end = entry.getTerminator();
    builder.setInsertionPoint(end);
    for (OpOperand &operand : end->getOpOperands()) {
      auto type = getPerTensorType(operand.get());
      if (!type)
        continue;
      operand.set(toStorage(builder, operand.get()));
      for (NamedAttribute attribute : describe(builder, type))
        function.setResultAttr(operand.getOperandNumber(), attribute.getName(), attribute.getValue());
    }
    function.setType(builder.getFunctionType(entry.getArgumentTypes(), end->getOperandTypes()));
  }

  void runOnOperation() override {
    getOperation()->walk([](func::FuncOp function) {
      if (!function.isExternal() && function.getBody().hasOneBlock())
        convertSignature(function);
    });
    SmallVector<Operation *> operations;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<NibbleDialect>(op->getDialect()) &&
          (llvm::any_of(op->getOperands(), isQuantized) || llvm::any_of(op->getResults(), isQuantized)))
        operations.push_back(op);
    });
    for (Operation *op : operations) {
      OpBuilder builder(op);
      Value result = convert(builder, op);
      if (!result)
        continue;
      if (isQuantized(op->getResult(0)))
        result = toQuantized(builder, op->getLoc(), cast<RankedTensorType>(op->getResult(0).getType()), result);
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
      ++folded;
    }
    removeCasts();
    getOperation()->walk([&](Operation *op) {
      if (!llvm::any_of(op->getOperands(), isQuantized) && !llvm::any_of(op->getResults(), isQuantized))
        return;
      InFlightDiagnostic error = op->emitError() << "node '" << getNodeName(op->getLoc()) << "' (" << op->getName()
                                                 << ") has quantized operands but no integer form";
      if (Type storage = getOtherStorage(op))
        error.attachNote() << "its values are stored as " << storage << ", expected i8, ui8 or i16";
      signalPassFailure();
    });
  }

  /// Casts to quantized types and back cancel; what nothing reads goes.
  void removeCasts() {
    SmallVector<Operation *> casts;
    getOperation()->walk([&](Operation *op) {
      auto cast = dyn_cast<UnrealizedConversionCastOp>(op);
      if (cast && cast.getNumOperands() == 1) {
        auto source = cast.getOperand(0).getDefiningOp<UnrealizedConversionCastOp>();
        if (source && source.getNumOperands() == 1 && source.getOperand(0).getType() == cast.getType(0))
          cast.getResult(0).replaceAllUsesWith(source.getOperand(0));
      }
      if (cast || isa<ConstantOp>(op))
        casts.push_back(op);
    });
    for (Operation *op : llvm::reverse(casts))
      if (op->use_empty())
        op->erase();
  }
};

} // namespace
