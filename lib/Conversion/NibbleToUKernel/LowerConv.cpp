// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions: packing, and what is fused behind them.

#include "ConvPlan.h"
#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Constants.h"

#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

// An operation with the plan's shapes, of which packing needs no more; erased again.
static kernels::ConvParams getParams(OpBuilder &builder, Location loc, const ConvPlan &plan, BufferType result,
                                     Value placeholder) {
  auto op = cast<ukernel::ConvOp>(ukernel::ConvOp::create(
      builder, loc, result, plan.input, placeholder, placeholder, plan.multiplier, plan.addend, plan.rows, plan.kernel,
      plan.strides, plan.dilations, plan.pads, plan.groups, plan.weightBits, plan.weightGroup, plan.pairedSteps,
      plan.fixed, plan.belowOne, plan.scaled, plan.sums, plan.outputZeroPoint, plan.clamp, FloatAttr(), FloatAttr(),
      plan.residualIntegers, plan.residualScales, plan.addendFirst));
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

// The bits that the plan gave the weights, if they hold them and kernels unpack them; `nibble explain` says where not.
void GraphLowering::chooseBits(kernels::ConvParams &params, ConvPlan &plan, Operation *op, ArrayRef<int8_t> weights,
                               ArrayRef<int32_t> bias) const {
  params.weightBits = getPlannedWeightBits(op);
  params.weightGroup = getPlannedWeightGroup(op);
  if (params.weightBits == 8 || !kernels::whyNotNarrow(params, weights, bias, dotInput).empty()) {
    params.weightBits = 8;
    params.weightGroup = 0;
  }
  plan.weightGroup = params.weightGroup;
  plan.weightBits = params.weightBits;
  chooseSteps(params, plan);
}

void GraphLowering::chooseSteps(kernels::ConvParams &params, ConvPlan &plan) const {
  params.pairedSteps = plan.pairedSteps = pairsSteps && kernels::canPairSteps(params);
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
  chooseBits(params, plan, op, *weights, *biases);
  plan.weights = createConstant(op->getLoc(), kernels::packConvWeights(params, ArrayRef<int8_t>(*weights), dotInput));
  plan.bias =
      createConstant(op->getLoc(), kernels::packConvBias(params, ArrayRef<int32_t>(*biases), *weights, dotInput));
  plan.multiplier = createConstant(op->getLoc(), kernels::packConvMultipliers(params, *multipliers, dotInput));
  return success();
}

LogicalResult GraphLowering::packFloat(ConvPlan &plan, Operation *op, Value filter, bool transposed, Value bias) {
  auto weights = getFilter<float>(filter, transposed);
  std::optional<std::vector<float>> biases(std::vector<float>(plan.result.getDim(3).getStatic(), 0.0f));
  if (bias)
    biases = getConstantValues<float>(bias);
  if (!weights || !biases)
    return emitNodeError(op) << "needs constant weights and biases";
  kernels::ConvParams params = getParams(builder, op->getLoc(), plan, plan.result, plan.input);
  plan.weights = createConstant(op->getLoc(), kernels::packConvWeights(params, ArrayRef<float>(*weights)));
  plan.bias = createConstant(op->getLoc(), kernels::packConvBias(params, ArrayRef<float>(*biases)));
  return success();
}

/// Minus the sums of each channel's weights, times the zero point.
static std::vector<int32_t> getStarts(ArrayRef<int8_t> weights, size_t channels, int32_t zeroPoint) {
  std::vector<int32_t> starts;
  const size_t taps = weights.size() / std::max<size_t>(1, channels);
  for (size_t o = 0; o < channels; ++o) {
    ArrayRef<int8_t> channel = weights.slice(o * taps, taps);
    starts.push_back(-zeroPoint * std::accumulate(channel.begin(), channel.end(), 0));
  }
  return starts;
}

LogicalResult GraphLowering::packScaled(ConvPlan &plan, Operation *op, Value filter, bool transposed, Value bias,
                                        Value scale) {
  auto weights = getFilter<int8_t>(filter, transposed);
  auto scales = getConstantValues<float>(scale);
  std::optional<std::vector<float>> biases(std::vector<float>(plan.result.getDim(3).getStatic(), 0.0f));
  if (bias)
    biases = getConstantValues<float>(bias);
  if (!weights || !scales || !biases)
    return emitNodeError(op) << "needs constant weights, scales and biases";
  plan.scaled = true;
  kernels::ConvParams params = getParams(builder, op->getLoc(), plan, plan.result, plan.input);
  // The sums start at 0, or at what the zero point makes of them; and those of bytes where the kernel's shift to its
  // own kind of bytes wants them.
  const std::vector<int32_t> starts = getStarts(*weights, scales->size(), isCentered(op->getOperand(0)) ? 128 : 0);
  chooseBits(params, plan, op, *weights, starts);
  std::vector<char> start = plan.rows ? kernels::packConvBias(params, starts, *weights, dotInput)
                                      : kernels::packConvBias(params, std::vector<float>(scales->size(), 0.0f));
  plan.weights = createConstant(op->getLoc(), kernels::packConvWeights(params, ArrayRef<int8_t>(*weights)));
  plan.bias = createConstant(op->getLoc(), start);
  plan.multiplier = createConstant(op->getLoc(), kernels::packConvScales(params, *scales, *biases));
  return success();
}

// A constant zero point stands in what the sums start at, one of an encoding behind them.
LogicalResult GraphLowering::packSums(ConvPlan &plan, Operation *op, Value filter, bool transposed, int32_t zeroPoint) {
  auto weights = getFilter<int8_t>(filter, transposed);
  if (!weights)
    return emitNodeError(op) << "needs constant weights";
  plan.sums = true;
  const size_t channels = plan.result.getDim(3).getStatic();
  kernels::ConvParams params = getParams(builder, op->getLoc(), plan, plan.result, plan.input);
  chooseSteps(params, plan);
  plan.weights = createConstant(op->getLoc(), kernels::packConvWeights(params, ArrayRef<int8_t>(*weights)));
  plan.bias = createConstant(
      op->getLoc(), kernels::packConvBias(params, getStarts(*weights, channels, zeroPoint), *weights, dotInput));
  if (plan.rows)
    plan.multiplier =
        createConstant(op->getLoc(), kernels::packConvWeightSums(params, getStarts(*weights, channels, -1)));
  return success();
}

Value GraphLowering::createConv(ConvPlan &plan, Location loc, BufferType result) {
  auto bound = [&](float value) { return std::isfinite(value) ? builder.getF32FloatAttr(value) : FloatAttr(); };
  return ukernel::ConvOp::create(
      builder, loc, result, plan.input, plan.weights, plan.bias, plan.multiplier, plan.addend, plan.rows, plan.kernel,
      plan.strides, plan.dilations, plan.pads, plan.groups, plan.weightBits, plan.weightGroup, plan.pairedSteps,
      plan.fixed, plan.belowOne, plan.scaled, plan.sums, plan.outputZeroPoint, plan.clamp, bound(plan.low),
      bound(plan.high), plan.residualIntegers, plan.residualScales, plan.addendFirst);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

// The window, and the input in memory with the padding round it.
template <typename Op>
LogicalResult GraphLowering::setWindow(ConvPlan &plan, Op op, int64_t padValue) {
  plan.input = lookupPadded(op.getInput(), op.getPads(), padValue);
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  plan.kernel = {filter[1], filter[2]};
  plan.strides.assign(op.getStrides().begin(), op.getStrides().end());
  plan.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  plan.pads.assign(op.getPads().begin(), op.getPads().end());
  plan.groups = op.getGroups();
  return success();
}

LogicalResult GraphLowering::lower(IntConvOp op) {
  ConvPlan plan;
  if (failed(setWindow(plan, op, int32_t(op.getPadValue()))))
    return failure();
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
    plan.addendFirst = residual->getAddendFirst();
  }
  if (failed(packInteger(plan, op, op.getFilter(), false, op.getBias(), op.getMultiplier(),
                         op.getRequant() == RequantMode::Fixed)))
    return failure();
  define(op.getResult(), createConv(plan, op.getLoc(), plan.result));
  return success();
}

// The value of the activation behind a float operation that it can compute itself, or its own.
Value GraphLowering::fuseClamp(ConvPlan &plan, Value value) {
  if (!value.hasOneUse())
    return value;
  Operation *user = *value.user_begin();
  if (auto clip = dyn_cast<ClipOp>(user)) {
    plan.low = clip.getMin().convertToFloat();
    plan.high = clip.getMax().convertToFloat();
  } else if (isa<ReluOp>(user)) {
    plan.low = 0;
  } else {
    return value;
  }
  fused.insert(user);
  return user->getResult(0);
}

LogicalResult GraphLowering::lower(nibble::ConvOp op) {
  ConvPlan plan;
  if (failed(checkLayout(op, op.getLayout())) || failed(setWindow(plan, op, 0)))
    return failure();
  Value result = fuseClamp(plan, op.getResult());
  plan.result = getResultType(result);
  if (failed(packFloat(plan, op, op.getFilter(), false, op.getBias())))
    return failure();
  define(result, createConv(plan, result.getLoc(), plan.result));
  return success();
}

LogicalResult GraphLowering::lower(SumConvOp op) {
  ConvPlan plan;
  if (op.getEncoding() && llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; }))
    return emitNodeError(op) << "pads bytes whose zero point is found at run time: pad what they are made from";
  if (failed(checkLayout(op, op.getLayout())) || failed(setWindow(plan, op, op.getZeroPoint())))
    return failure();
  if (op.getEncoding())
    plan.rows = lookupPlain(op.getEncoding());
  plan.result = getPlainType(op.getResult());
  if (failed(packSums(plan, op, op.getFilter(), false, op.getZeroPoint())))
    return failure();
  define(op.getResult(), createConv(plan, op.getLoc(), plan.result));
  return success();
}

LogicalResult GraphLowering::lower(ScaledConvOp op) {
  ConvPlan plan;
  if (failed(setWindow(plan, op, 0)))
    return failure();
  if (op.getRows())
    plan.rows = lookupPlain(op.getRows());
  Value result = fuseClamp(plan, op.getResult());
  plan.result = getResultType(result);
  if (failed(packScaled(plan, op, op.getFilter(), false, op.getBias(), op.getScale())))
    return failure();
  define(result, createConv(plan, result.getLoc(), plan.result));
  return success();
}
