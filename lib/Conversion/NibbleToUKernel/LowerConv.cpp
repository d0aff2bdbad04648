// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations with weights: packing, and activations fused behind them.

#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Conv.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace nibble::ukernel {
/// A convolution to be: operands, attributes and packed weights.
struct ConvPlan {
  Value input, addend;
  SmallVector<int64_t> kernel = {1, 1}, strides = {1, 1}, dilations = {1, 1}, pads = {0, 0, 0, 0};
  int64_t groups = 1;
  int32_t outputZeroPoint = 0;
  SmallVector<int32_t> clamp = {0, 255}, residualIntegers;
  SmallVector<float> residualScales;
  bool fixed = false, belowOne = false;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  BufferType result;
  Value weights, bias, multiplier;
};
} // namespace nibble::ukernel

static InFlightDiagnostic emitNodeError(Operation *op) {
  return op->emitOpError("node '") << getNodeName(op->getLoc()) << "' ";
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

LogicalResult GraphLowering::checkFixed(Operation *op, bool fixed, ArrayRef<float> multipliers) {
  for (float m : multipliers) {
    if (fixed && !numerics::toFixedMultiplier(m))
      return emitNodeError(op) << "has the multiplier " << m << ", which has no fixed-point form";
    if (!fixed && !std::isfinite(m))
      return emitNodeError(op) << "has the multiplier " << m << ", expected a finite one";
  }
  return success();
}

// An operation with the plan's shapes, of which packing needs no more; erased again.
static kernels::ConvParams getParams(OpBuilder &builder, Location loc, const ConvPlan &plan, BufferType result,
                                     Value placeholder) {
  auto op = cast<ukernel::ConvOp>(ukernel::ConvOp::create(
      builder, loc, result, plan.input, placeholder, placeholder, plan.multiplier, plan.addend, plan.kernel,
      plan.strides, plan.dilations, plan.pads, plan.groups, plan.fixed, plan.belowOne, plan.outputZeroPoint, plan.clamp,
      FloatAttr(), FloatAttr(), plan.residualIntegers, plan.residualScales));
  kernels::ConvParams params = getConvParams(op);
  op.erase();
  return params;
}

// The filter as O, KH, KW, C: from K, N where `transposed`.
template <typename T>
static std::optional<std::vector<T>> getFilter(Value filter, bool transposed) {
  std::optional<std::vector<T>> values = getConstantValues<T>(filter);
  if (!values || !transposed)
    return values;
  return transposeValues<T>(*values, cast<RankedTensorType>(filter.getType()).getShape(), {1, 0});
}

LogicalResult GraphLowering::packInteger(ConvPlan &plan, Operation *op, Value filter, bool transposed, Value bias,
                                         Value multiplier, bool fixed) {
  auto weights = getFilter<int8_t>(filter, transposed);
  auto biases = getConstantValues<int32_t>(bias);
  auto multipliers = getConstantValues<float>(multiplier);
  if (!weights || !biases || !multipliers)
    return emitNodeError(op) << "needs constant weights, biases and multipliers";
  if (failed(checkFixed(op, fixed, *multipliers)))
    return failure();
  plan.fixed = fixed;
  plan.belowOne = llvm::all_of(*multipliers, [](float m) { return std::fabs(m) < 1; });
  kernels::ConvParams params = getParams(builder, op->getLoc(), plan, plan.result, plan.input);
  plan.weights = createConstant(op->getLoc(), kernels::packConvWeights(params, ArrayRef<int8_t>(*weights)));
  plan.bias = createConstant(op->getLoc(), kernels::packConvBias(params, ArrayRef<int32_t>(*biases), *weights, dotInput));
  plan.multiplier = createConstant(op->getLoc(), kernels::packConvMultipliers(params, *multipliers));
  return success();
}

LogicalResult GraphLowering::packFloat(ConvPlan &plan, Operation *op, Value filter, bool transposed, Value bias) {
  auto weights = getFilter<float>(filter, transposed);
  std::optional<std::vector<float>> biases(std::vector<float>(plan.result.getDim(3), 0.0f));
  if (bias)
    biases = getConstantValues<float>(bias);
  if (!weights || !biases)
    return emitNodeError(op) << "needs constant weights and biases";
  kernels::ConvParams params = getParams(builder, op->getLoc(), plan, plan.result, plan.input);
  plan.weights = createConstant(op->getLoc(), kernels::packConvWeights(params, ArrayRef<float>(*weights)));
  plan.bias = createConstant(op->getLoc(), kernels::packConvBias(params, ArrayRef<float>(*biases)));
  return success();
}

Value GraphLowering::createConv(ConvPlan &plan, Location loc, BufferType result) {
  auto bound = [&](float value) { return std::isfinite(value) ? builder.getF32FloatAttr(value) : FloatAttr(); };
  return ukernel::ConvOp::create(builder, loc, result, plan.input, plan.weights, plan.bias, plan.multiplier,
                                 plan.addend, plan.kernel, plan.strides, plan.dilations, plan.pads, plan.groups,
                                 plan.fixed, plan.belowOne, plan.outputZeroPoint, plan.clamp, bound(plan.low),
                                 bound(plan.high), plan.residualIntegers, plan.residualScales);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

static LogicalResult checkOneImage(Operation *op, BufferType input) {
  if (input.getDim(0) == 1)
    return success();
  return emitNodeError(op) << "convolves " << input.getDim(0) << " images at a time, expected 1";
}

LogicalResult GraphLowering::lower(IntConvOp op) {
  ConvPlan plan;
  plan.input = lookupPadded(op.getInput(), op.getPads(), op.getPadValue());
  if (failed(checkOneImage(op, cast<BufferType>(plan.input.getType()))))
    return failure();
  ArrayRef<int64_t> filter = op.getFilter().getType().getShape();
  plan.kernel = {filter[1], filter[2]};
  plan.strides.assign(op.getStrides().begin(), op.getStrides().end());
  plan.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  plan.pads.assign(op.getPads().begin(), op.getPads().end());
  plan.groups = op.getGroups();
  plan.outputZeroPoint = op.getOutputZeroPoint();
  plan.clamp.assign(op.getClamp().begin(), op.getClamp().end());
  plan.result = getResultType(op.getResult());
  if (auto residual = op.getResidual()) {
    plan.addend = lookup(op.getAddend());
    // Read a little behind its last pixel, like the input.
    if (isExternal(plan.addend))
      plan.addend = copy(op.getLoc(), plan.addend, cast<BufferType>(plan.addend.getType()));
    plan.residualScales = {residual->getScale().getValue().convertToFloat(),
                           residual->getAddendScale().getValue().convertToFloat()};
    plan.residualIntegers = {residual->getAddendZeroPoint(), residual->getZeroPoint(), residual->getMin(),
                             residual->getMax()};
  }
  if (failed(packInteger(plan, op, op.getFilter(), false, op.getBias(), op.getMultiplier(),
                         op.getRequant() == RequantMode::Fixed)))
    return failure();
  define(op.getResult(), createConv(plan, op.getLoc(), plan.result));
  return success();
}

Operation *GraphLowering::getFusedClamp(Value value, float &low, float &high) {
  if (!value.hasOneUse())
    return nullptr;
  Operation *user = *value.user_begin();
  if (isa<ReluOp>(user)) {
    low = 0;
    return user;
  }
  auto clip = dyn_cast<ClipOp>(user);
  if (!clip)
    return nullptr;
  low = clip.getMin().convertToFloat();
  high = clip.getMax().convertToFloat();
  return user;
}

LogicalResult GraphLowering::lower(nibble::ConvOp op) {
  if (op.getLayout() != Layout::NHWC)
    return emitNodeError(op) << "has the layout nchw, expected nhwc (--nibble-convert-layout)";
  ConvPlan plan;
  plan.input = lookupPadded(op.getInput(), op.getPads(), 0);
  if (failed(checkOneImage(op, cast<BufferType>(plan.input.getType()))))
    return failure();
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  plan.kernel = {filter[1], filter[2]};
  plan.strides.assign(op.getStrides().begin(), op.getStrides().end());
  plan.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  plan.pads.assign(op.getPads().begin(), op.getPads().end());
  plan.groups = op.getGroups();
  Value result = op.getResult();
  if (Operation *clamp = getFusedClamp(result, plan.low, plan.high)) {
    fused.insert(clamp);
    result = clamp->getResult(0);
  }
  plan.result = getResultType(result);
  if (failed(packFloat(plan, op, op.getFilter(), false, op.getBias())))
    return failure();
  define(result, createConv(plan, result.getLoc(), plan.result));
  return success();
}

//===----------------------------------------------------------------------===//
// Matrix products with a constant: a 1x1 convolution over a row of pixels
//===----------------------------------------------------------------------===//

static bool isConstantMatrix(Value value) {
  return value.getDefiningOp<nibble::ConstantOp>() && cast<RankedTensorType>(value.getType()).getRank() == 2;
}

static int64_t getRows(BufferType type) { return type.getNumElements() / type.getShape().back(); }

LogicalResult GraphLowering::lowerConstantMatMul(IntMatMulOp op) {
  ConvPlan plan;
  Location loc = op.getLoc();
  Value lhs = lookupPadded(op.getLhs(), {0, 0, 0, 0}, 0);
  auto lhsType = cast<BufferType>(lhs.getType());
  if (!lhsType.isPlain())
    lhs = copy(loc, lhs, lhsType.getPlain());
  int64_t rows = getRows(lhsType);
  plan.input = view(loc, lhs, {1, 1, rows, lhsType.getShape().back()});
  plan.outputZeroPoint = op.getOutputZeroPoint();
  plan.clamp.assign(op.getClamp().begin(), op.getClamp().end());
  BufferType result = getPlainType(op.getResult());
  plan.result = BufferType::get({1, 1, rows, result.getShape().back()}, result.getElementType());
  if (failed(packInteger(plan, op, op.getRhs(), true, op.getBias(), op.getMultiplier(),
                         op.getRequant() == RequantMode::Fixed)))
    return failure();
  define(op.getResult(), view(loc, createConv(plan, loc, plan.result), result.getShape()));
  return success();
}

LogicalResult GraphLowering::lowerConstantMatMul(nibble::MatMulOp op) {
  ConvPlan plan;
  Value lhs = lookupPadded(op.getLhs(), {0, 0, 0, 0}, 0);
  auto lhsType = cast<BufferType>(lhs.getType());
  if (!lhsType.isPlain())
    lhs = copy(op.getLoc(), lhs, lhsType.getPlain());
  int64_t rows = getRows(lhsType);
  plan.input = view(op.getLoc(), lhs, {1, 1, rows, lhsType.getShape().back()});
  Value result = op.getResult();
  if (Operation *clamp = getFusedClamp(result, plan.low, plan.high)) {
    fused.insert(clamp);
    result = clamp->getResult(0);
  }
  BufferType type = getPlainType(result);
  plan.result = BufferType::get({1, 1, rows, type.getShape().back()}, type.getElementType());
  if (failed(packFloat(plan, op, op.getRhs(), true, op.getBias())))
    return failure();
  define(result, view(result.getLoc(), createConv(plan, result.getLoc(), plan.result), type.getShape()));
  return success();
}

LogicalResult GraphLowering::lower(IntMatMulOp op) {
  if (isConstantMatrix(op.getRhs()) && op.getLhsZeroPoint() == 0 && op.getRhsZeroPoint() == 0 &&
      op.getRhs().getType().getElementType().isSignlessInteger(8))
    return lowerConstantMatMul(op);
  auto multipliers = getConstantValues<float>(op.getMultiplier());
  bool fixed = op.getRequant() == RequantMode::Fixed;
  if (!multipliers)
    return emitNodeError(op) << "needs constant multipliers";
  if (failed(checkFixed(op, fixed, *multipliers)))
    return failure();
  define(op.getResult(),
         ukernel::MatMulOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getLhs()),
                                   lookup(op.getRhs()), lookup(op.getBias()), lookup(op.getMultiplier()), fixed,
                                   op.getLhsZeroPoint(), op.getRhsZeroPoint(), op.getOutputZeroPoint(), op.getClamp()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::MatMulOp op) {
  bool constantBias = !op.getBias() || op.getBias().getDefiningOp<nibble::ConstantOp>();
  if (isConstantMatrix(op.getRhs()) && constantBias)
    return lowerConstantMatMul(op);
  Value bias = op.getBias() ? lookup(op.getBias()) : Value();
  define(op.getResult(),
         ukernel::MatMulOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getLhs()),
                                   lookup(op.getRhs()), bias, Value(), false, 0, 0, 0, ArrayRef<int32_t>{0, 255}));
  return success();
}

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

LogicalResult GraphLowering::lower(IntConvTransposeOp op) {
  auto multipliers = getConstantValues<float>(op.getMultiplier());
  bool fixed = op.getRequant() == RequantMode::Fixed;
  if (!multipliers)
    return emitNodeError(op) << "needs constant multipliers";
  if (failed(checkFixed(op, fixed, *multipliers)))
    return failure();
  define(op.getResult(),
         ukernel::ConvTransposeOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                          lookup(op.getFilter()), lookup(op.getBias()), lookup(op.getMultiplier()),
                                          op.getStrides(), op.getPads(), op.getDilations(), op.getGroups(), fixed,
                                          op.getInputZeroPoint(), op.getOutputZeroPoint(), op.getClamp()));
  return success();
}

LogicalResult GraphLowering::lower(nibble::ConvTransposeOp op) {
  if (op.getLayout() != Layout::NHWC)
    return emitNodeError(op) << "has the layout nchw, expected nhwc (--nibble-convert-layout)";
  Value bias = op.getBias() ? lookup(op.getBias()) : Value();
  define(op.getResult(),
         ukernel::ConvTransposeOp::create(builder, op.getLoc(), getResultType(op.getResult()), lookup(op.getInput()),
                                          lookup(op.getFilter()), bias, Value(), op.getStrides(), op.getPads(),
                                          op.getDilations(), op.getGroups(), false, 0, 0, ArrayRef<int32_t>{0, 255}));
  return success();
}
