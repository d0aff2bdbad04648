// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Dialect/Nibble/StoredWeights.h"
#include "nibble/Quantization/Headroom.h"
#include "nibble/Quantization/Types.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Numerics.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_QUANTIZEOPS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-quantize-ops"

using namespace mlir;
using namespace nibble;

namespace {

/// The per-tensor type of a quantized tensor; null if there is none.
quant::UniformQuantizedType getPerTensor(Value value) {
  return dyn_cast<quant::UniformQuantizedType>(cast<ShapedType>(value.getType()).getElementType());
}

/// Types that operations have integer forms for: bytes, and 16 bits of zero point 0.
bool isOperandType(quant::UniformQuantizedType type) {
  return type && isActivationStorage(type) && (!isInt16(type) || type.getZeroPoint() == 0);
}

/// The stored values that a dequantize per tensor makes `value` from; null if something else makes it.
Value getQuantized(Value value) {
  auto op = value.getDefiningOp<DequantizeOp>();
  return op && isOperandType(getPerTensor(op.getInput())) ? op.getInput() : Value();
}

/// A constant operand of an elementwise operation in 16 bits.
Value createWideConstant(PatternRewriter &rewriter, Value value, ArrayRef<float> values, RealRange range) {
  auto type = chooseActivationType(rewriter.getContext(), range, ActivationKind::Int16);
  std::vector<int16_t> stored;
  for (float x : values)
    stored.push_back(static_cast<int16_t>(numerics::quantize(x, getScale(type), 0, -kLargestInt16, kLargestInt16)));
  return createConstant<int16_t>(rewriter, value.getLoc(), cast<RankedTensorType>(value.getType()).clone(type), stored);
}

/// The same for an operand of an elementwise operation, which may also be a constant: it gets a type of its own, of
/// 16 bits where `wide`.
Value getQuantizedOrConstant(PatternRewriter &rewriter, Value value, bool wide) {
  if (Value quantized = getQuantized(value))
    return quantized;
  auto values = getConstantValues<float>(value);
  if (!values || values->empty() || !llvm::all_of(*values, [](float x) { return std::isfinite(x); }))
    return Value();
  auto [min, max] = std::minmax_element(values->begin(), values->end());
  if (wide)
    return createWideConstant(rewriter, value, *values, {*min, *max});
  auto type = chooseActivationType(rewriter.getContext(), {*min, *max}, ActivationKind::UInt8);
  std::vector<uint8_t> stored;
  for (float x : *values)
    stored.push_back(
        static_cast<uint8_t>(numerics::quantize(x, getScale(type), static_cast<int32_t>(type.getZeroPoint()), 0, 255)));
  return createConstant<uint8_t>(rewriter, value.getLoc(), cast<RankedTensorType>(value.getType()).clone(type), stored);
}

struct Settings {
  bool perTensor;
  RequantMode requant;
};

/// quantize(clips(op(dequantize(q), ...))) -> the quantized operation
struct QuantizeResult : OpRewritePattern<QuantizeOp> {
  QuantizeResult(MLIRContext *context, Settings settings, Pass::Statistic &quantized, Pass::Statistic &absorbed)
      : OpRewritePattern(context), settings(settings), quantized(quantized), absorbed(absorbed) {}
  Settings settings;
  Pass::Statistic &quantized, &absorbed;

  /// The operation whose result `op` quantizes: behind relus and clips if `type` does their work.
  static Operation *getProducer(QuantizeOp op, quant::UniformQuantizedType type, unsigned &clamps) {
    Value value = op.getInput();
    for (clamps = 0; value.getDefiningOp() && value.hasOneUse(); ++clamps) {
      auto bounds = getClampBounds(value.getDefiningOp());
      if (!bounds || !impliesClamp(type, *bounds))
        break;
      value = value.getDefiningOp()->getOperand(0);
    }
    if (absorbsClamp(value.getDefiningOp()) && value.hasOneUse())
      return value.getDefiningOp();
    clamps = 0;
    return op.getInput().hasOneUse() ? op.getInput().getDefiningOp() : nullptr;
  }

  /// Whether the 32-bit accumulators of a product have room for its input, which bytes have enough of: where they
  /// overflow nevertheless, `--nibble-prove-accumulators` says so.
  static bool hasRoom(const Product &product, quant::UniformQuantizedType input, ArrayRef<int32_t> weights,
                      ArrayRef<int32_t> bias) {
    return !isInt16(input) ||
           accumulatorsFit(
               weights, [&](size_t i) { return product.channelOf(i); }, product.channels, bias, getReach(input));
  }

  /// The same for a product of two activations.
  static bool hasRoom(const Product &product, quant::UniformQuantizedType lhs, quant::UniformQuantizedType rhs) {
    if (!isInt16(lhs) && !isInt16(rhs))
      return true;
    auto type = cast<RankedTensorType>(product.weights.getType());
    const int64_t depth = getLargestDepth(type.getDimSize(type.getRank() - 2));
    return isa<MatMulOp>(product.op) &&
           getReach(lhs) * getReach(rhs) <= std::numeric_limits<int32_t>::max() / std::max<int64_t>(depth, 1);
  }

  /// Operands of a product whose weights are integers in the model: they stay as they are.
  static FailureOr<SmallVector<Value>> getStoredOperands(PatternRewriter &rewriter, const Product &product, Value input,
                                                         Value weights) {
    const float scale = getScale(getPerTensor(input));
    Product integers = product;
    integers.weights = weights;
    if (!hasRoom(product, getPerTensor(input), getCentredWeights(integers), getStoredBias(product, weights, scale)))
      return failure();
    FailureOr<Value> bias = createStoredBias(rewriter, product, weights, scale);
    if (failed(bias))
      return failure();
    SmallVector<Value> operands{input, weights};
    if (*bias)
      operands.push_back(*bias);
    return operands;
  }

  /// Quantized input, weights and bias of `product`.
  FailureOr<SmallVector<Value>> getProductOperands(PatternRewriter &rewriter, const Product &product) const {
    Value input = getQuantized(product.input);
    if (!input)
      return failure();
    if (Value weights = getStoredWeights(product))
      return getStoredOperands(rewriter, product, input, weights);
    if (Value weights = getQuantized(product.weights)) { // a matmul of two activations
      if (product.bias || !hasRoom(product, getPerTensor(input), getPerTensor(weights)))
        return failure();
      return SmallVector<Value>{input, weights};
    }
    auto weights = getConstantValues<float>(product.weights);
    auto bias =
        product.bias ? getConstantValues<float>(product.bias) : std::optional<std::vector<float>>(std::in_place);
    if (!weights || !bias)
      return failure();
    const unsigned bits = getPlannedWeightBits(product.op);
    QuantizedWeights result = quantizeWeights(
        *weights, [&](size_t i) { return product.channelOf(i); }, product.channels, *bias,
        getScale(getPerTensor(input)), settings.perTensor, bits);
    const std::vector<int32_t> values(result.values.begin(), result.values.end());
    if (!hasRoom(product, getPerTensor(input), values, result.bias) || !reportFindings(product.op, result.findings))
      return failure();
    SmallVector<Value> operands{input};
    auto type = cast<RankedTensorType>(product.weights.getType());
    operands.push_back(createConstant<int8_t>(
        rewriter, product.weights.getLoc(),
        type.clone(getWeightType(bits, -getLargestWeight(bits), getLargestWeight(bits), result.scales,
                                 static_cast<int32_t>(product.weightsChannelDim))),
        result.values));
    if (product.bias)
      operands.push_back(
          createConstant<int32_t>(rewriter, product.bias.getLoc(),
                                  cast<RankedTensorType>(product.bias.getType())
                                      .clone(getWeightType(32, INT32_MIN, INT32_MAX, result.biasScales, 0)),
                                  result.bias));
    return operands;
  }

  Type getWeightType(unsigned width, int64_t min, int64_t max, ArrayRef<float> scales, int32_t dimension) const {
    Type storage = IntegerType::get(getContext(), width), expressed = Float32Type::get(getContext());
    if (settings.perTensor)
      return quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed, storage, expressed, scales.front(), 0,
                                              min, max);
    SmallVector<double> exact(scales.begin(), scales.end());
    SmallVector<int64_t> zeros(scales.size(), 0);
    return quant::UniformQuantizedPerAxisType::get(quant::QuantizationFlags::Signed, storage, expressed, exact, zeros,
                                                   dimension, min, max);
  }

  /// `wide`: the result has 16 bits.
  FailureOr<SmallVector<Value>> getOperands(PatternRewriter &rewriter, Operation *op, bool wide) const {
    if (auto product = getProduct(op))
      return getProductOperands(rewriter, *product);
    const bool constants = isa<AddOp, SubOp, MulOp, ConcatOp>(op);
    SmallVector<Value> operands;
    // Nothing is made before all is known to match.
    const OperandRange stored = nibble::getStoredOperands(op);
    for (Value operand : stored)
      if (!getQuantized(operand) && !(constants && getConstantValues<float>(operand)))
        return failure();
    for (Value operand : stored)
      operands.push_back(constants ? getQuantizedOrConstant(rewriter, operand, wide) : getQuantized(operand));
    llvm::append_range(operands, op->getOperands().drop_front(stored.size()));
    if (llvm::is_contained(operands, Value()))
      return failure();
    return operands;
  }

  LogicalResult matchAndRewrite(QuantizeOp op, PatternRewriter &rewriter) const override {
    auto type = getPerTensor(op.getResult());
    if (!isOperandType(type))
      return rewriter.notifyMatchFailure(op, "quantized per axis, or not to bytes or symmetric 16 bits");
    unsigned clamps = 0;
    Operation *producer = getProducer(op, type, clamps);
    if (!hasQuantizedForm(producer) || isPlannedFloat(producer))
      return rewriter.notifyMatchFailure(op, "no operation of its own with a quantized form before it");
    if (getPerTensor(producer->getResult(0)))
      return rewriter.notifyMatchFailure(op, "quantized already");
    if (isa<SoftmaxOp>(producer) && !numerics::toFixedMultiplier(1.0f / getScale(type)))
      return rewriter.notifyMatchFailure(op, "a softmax's scale without a fixed-point form");
    rewriter.setInsertionPoint(op);
    FailureOr<SmallVector<Value>> operands = getOperands(rewriter, producer, isInt16(type));
    if (failed(operands))
      return rewriter.notifyMatchFailure(
          op, "an operand is neither quantized nor a constant, or accumulators have no room");
    Operation *result = cloneWithOperands(rewriter, op.getLoc(), producer, *operands, op.getType());
    if (!isa<UnaryFunction, SoftmaxOp, NormOp>(result))
      result->setAttr("requant", RequantModeAttr::get(getContext(), settings.requant));
    rewriter.replaceOp(op, result->getResults());
    ++quantized;
    absorbed += clamps;
    return success();
  }
};

/// move(dequantize(q)) -> dequantize(move(q)) for operations that keep elements
struct MoveQuantized : RewritePattern {
  MoveQuantized(MLIRContext *context, Pass::Statistic &quantized)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), quantized(quantized) {}
  Pass::Statistic &quantized;

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!keepsElements(op))
      return rewriter.notifyMatchFailure(op, "changes elements");
    Value input = getQuantized(op->getOperand(0));
    if (!input)
      return rewriter.notifyMatchFailure(op, "no dequantize before it");
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *moved = cloneWithOperands(rewriter, op->getLoc(), op, input, type.clone(getPerTensor(input)));
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, type, moved->getResult(0));
    ++quantized;
    return success();
  }
};

struct QuantizeOps : nibble::impl::QuantizeOpsBase<QuantizeOps> {
  using QuantizeOpsBase::QuantizeOpsBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<QuantizeResult>(&getContext(), Settings{perTensor, requant}, quantized, absorbed);
    patterns.add<MoveQuantized>(&getContext(), quantized);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
