// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations without weights.

#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/Numerics.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

static InFlightDiagnostic emitNodeError(Operation *op) {
  return op->emitOpError("node '") << getNodeName(op->getLoc()) << "' ";
}

static LogicalResult checkLayout(Operation *op, Layout layout) {
  if (layout == Layout::NHWC)
    return success();
  return emitNodeError(op) << "has the layout nchw, expected nhwc (--nibble-convert-layout)";
}

/// The only user of a value, or null.
static Operation *getOnlyUser(Value value) { return value.hasOneUse() ? *value.user_begin() : nullptr; }

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

LogicalResult GraphLowering::lower(ReshapeOp op) {
  define(op.getResult(), view(op.getLoc(), lookupPlain(op.getInput()), getPlainType(op.getResult()).getShape()));
  return success();
}

// Whether the permutation moves only extents of 1.
static bool keepsOrder(ArrayRef<int64_t> shape, ArrayRef<int64_t> permutation) {
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
  if (keepsOrder(type.getShape(), op.getPermutation()) && type.isPlain() && result.isPlain()) {
    define(op.getResult(), view(loc, input, result.getShape()));
    return success();
  }
  define(op.getResult(), ukernel::TransposeOp::create(builder, loc, result, input, op.getPermutationAttr()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ConcatOp op) {
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

LogicalResult GraphLowering::lower(nibble::PadOp op) {
  Value input = lookup(op.getInput());
  BufferType result = getResultType(op.getResult());
  if (op.getMode() == PadMode::Constant) {
    double value = op.getValue() ? op.getValue()->convertToDouble() : 0.0;
    define(op.getResult(), ukernel::PadOp::create(builder, op.getLoc(), result, input, op.getLowAttr(),
                                                  builder.getStringAttr("constant"), builder.getF64FloatAttr(value)));
    return success();
  }
  // The edge and the reflection by tables of indices.
  auto type = cast<BufferType>(input.getType());
  SmallVector<int64_t> axes;
  SmallVector<int32_t> indices;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (op.getLow()[d] == 0 && op.getHigh()[d] == 0)
      continue;
    axes.push_back(d);
    int64_t last = type.getDim(d) - 1;
    for (int64_t i = 0; i < result.getDim(d); ++i) {
      int64_t at = i - op.getLow()[d];
      if (op.getMode() == PadMode::Reflect && last > 0) {
        at = std::abs(at) % (2 * last);
        at = at > last ? 2 * last - at : at;
      }
      indices.push_back(std::min(std::max<int64_t>(at, 0), last));
    }
  }
  auto table = DenseElementsAttr::get(RankedTensorType::get({int64_t(indices.size())}, builder.getI32Type()),
                                      ArrayRef<int32_t>(indices));
  Value constant = ukernel::ConstantOp::create(builder, op.getLoc(),
                                               BufferType::get({int64_t(indices.size())}, builder.getI32Type()), table);
  define(op.getResult(), GatherOp::create(builder, op.getLoc(), result, input, constant, axes));
  return success();
}

LogicalResult GraphLowering::lower(ResizeNearestOp op) {
  SmallVector<int32_t> indices(op.getIndices().begin(), op.getIndices().end());
  auto tensor = RankedTensorType::get({int64_t(indices.size())}, builder.getI32Type());
  Value constant =
      ukernel::ConstantOp::create(builder, op.getLoc(), BufferType::get(tensor.getShape(), tensor.getElementType()),
                                  DenseElementsAttr::get(tensor, ArrayRef<int32_t>(indices)));
  define(op.getResult(), GatherOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                          constant, op.getAxes()));
  return success();
}

//===----------------------------------------------------------------------===//
// Quantization
//===----------------------------------------------------------------------===//

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

LogicalResult GraphLowering::lower(FakeQuantOp op) {
  auto type = dyn_cast<quant::UniformQuantizedType>(op.getType());
  if (!type || type.getStorageTypeIntegralWidth() != 8)
    return emitNodeError(op) << "expected 8-bit values quantized per tensor, got " << op.getType();
  Type storage = type.isSigned() ? Type(builder.getI8Type()) : builder.getIntegerType(8, /*isSigned=*/false);
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

//===----------------------------------------------------------------------===//
// Windows and rows
//===----------------------------------------------------------------------===//

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

LogicalResult GraphLowering::lower(nibble::SoftmaxOp op) {
  if (!getElementTypeOrSelf(op.getType()).isF32())
    return emitNodeError(op) << "expected f32, got " << op.getType();
  define(op.getResult(), ukernel::SoftmaxOp::create(builder, op.getLoc(), getResultType(op.getResult()),
                                                    lookup(op.getInput()), op.getAxisAttr()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ReduceOp op) {
  Value input = lookup(op.getInput());
  SmallVector<int64_t> kept(cast<BufferType>(input.getType()).getShape());
  for (int64_t axis : op.getAxes())
    kept[axis] = 1;
  BufferType result = getPlainType(op.getResult());
  Value reduced = ukernel::ReduceOp::create(builder, op.getLoc(), BufferType::get(kept, result.getElementType()), input,
                                            builder.getStringAttr(stringifyReduceKind(op.getKind())), op.getAxesAttr());
  define(op.getResult(), view(op.getLoc(), reduced, result.getShape()));
  return success();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

LogicalResult GraphLowering::lowerBinary(Operation *op, BinaryKind kind, ArrayRef<NamedAttribute> attrs) {
  BufferType result = getResultType(op->getResult(0));
  auto operand = [&](Value value) {
    Value buffer = lookup(value);
    auto type = cast<BufferType>(buffer.getType());
    if (type.getRank() == result.getRank())
      return buffer;
    // Leading extents of 1, as numpy adds them.
    SmallVector<int64_t> shape(result.getRank() - type.getRank(), 1);
    shape.append(type.getShape().begin(), type.getShape().end());
    return view(op->getLoc(), lookupPlain(value), shape);
  };
  OperationState state(op->getLoc(), BinaryOp::getOperationName());
  state.addOperands({operand(op->getOperand(0)), operand(op->getOperand(1))});
  state.addTypes(result);
  state.addAttributes(attrs);
  state.addAttribute("kind", BinaryKindAttr::get(builder.getContext(), kind));
  define(op->getResult(0), builder.create(state)->getResult(0));
  return success();
}

LogicalResult GraphLowering::lower(IntAddOp op) {
  float lhs = op.getLhsScale().convertToFloat(), rhs = op.getRhsScale().convertToFloat();
  bool fixed = op.getRequant() == RequantMode::Fixed;
  if (fixed && !numerics::toFixedAddition(lhs, rhs))
    return emitNodeError(op) << "has the scales " << lhs << " and " << rhs << ", which have no fixed-point form";
  SmallVector<NamedAttribute> attrs = {
      builder.getNamedAttr("scales", builder.getDenseF32ArrayAttr({lhs, rhs})),
      builder.getNamedAttr("zero_points",
                           builder.getDenseI32ArrayAttr({int32_t(op.getLhsZeroPoint()), int32_t(op.getRhsZeroPoint()),
                                                         int32_t(op.getOutputZeroPoint())})),
      builder.getNamedAttr("clamp", op.getClampAttr())};
  if (fixed)
    attrs.push_back(builder.getNamedAttr("fixed", builder.getUnitAttr()));
  return lowerBinary(op, BinaryKind::Add, attrs);
}

LogicalResult GraphLowering::lower(IntMulOp op) {
  float scale = op.getScale().convertToFloat();
  bool fixed = op.getRequant() == RequantMode::Fixed;
  if (failed(checkFixed(op, fixed, scale)))
    return failure();
  SmallVector<NamedAttribute> attrs = {
      builder.getNamedAttr("scales", builder.getDenseF32ArrayAttr({scale})),
      builder.getNamedAttr("zero_points",
                           builder.getDenseI32ArrayAttr({int32_t(op.getLhsZeroPoint()), int32_t(op.getRhsZeroPoint()),
                                                         int32_t(op.getOutputZeroPoint())})),
      builder.getNamedAttr("clamp", op.getClampAttr())};
  if (fixed)
    attrs.push_back(builder.getNamedAttr("fixed", builder.getUnitAttr()));
  return lowerBinary(op, BinaryKind::Mul, attrs);
}

LogicalResult GraphLowering::lowerUnary(Operation *op) {
  StringRef name = op->getName().stripDialect();
  BufferType result = getResultType(op->getResult(0));
  if (!isKnownFunction(name) || !result.getElementType().isF32())
    return emitNodeError(op) << "has no kernel for " << op->getResult(0).getType();
  SmallVector<float> parameters;
  for (StringRef attr : {"alpha", "beta", "min", "max"})
    if (auto value = op->getAttrOfType<FloatAttr>(attr))
      parameters.push_back(value.getValue().convertToFloat());
  define(op->getResult(0), UnaryOp::create(builder, op->getLoc(), result, lookup(op->getOperand(0)), name, parameters));
  return success();
}

LogicalResult GraphLowering::lower(Operation *op) {
  auto binary = [&](BinaryKind kind) -> LogicalResult {
    if (!getElementTypeOrSelf(op->getResult(0).getType()).isF32())
      return emitNodeError(op) << "has no kernel for " << op->getResult(0).getType();
    return lowerBinary(op, kind, {});
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<IntConvOp, nibble::ConvOp, IntMatMulOp, nibble::MatMulOp, IntConvTransposeOp, nibble::ConvTransposeOp,
            ReshapeOp, nibble::TransposeOp, IntQuantizeOp, IntDequantizeOp, IntRequantizeOp, FakeQuantOp, nibble::PadOp,
            ResizeNearestOp, nibble::MaxPoolOp, nibble::AvgPoolOp, IntAvgPoolOp, IntAddOp, IntMulOp, IntLookupOp,
            nibble::ConcatOp, nibble::SliceOp, nibble::SoftmaxOp, nibble::ReduceOp, nibble::ObserveOp>(
          [&](auto concrete) { return lower(concrete); })
      .Case([&](AddOp) { return binary(BinaryKind::Add); })
      .Case([&](SubOp) { return binary(BinaryKind::Sub); })
      .Case([&](MulOp) { return binary(BinaryKind::Mul); })
      .Case([&](DivOp) { return binary(BinaryKind::Div); })
      .Case([&](PowOp) { return binary(BinaryKind::Pow); })
      .Case([&](MinOp) { return binary(BinaryKind::Min); })
      .Case([&](MaxOp) { return binary(BinaryKind::Max); })
      .Case([&](UnaryFunction) { return lowerUnary(op); })
      .Default([&](Operation *) { return emitNodeError(op) << "cannot be lowered to a kernel"; });
}
