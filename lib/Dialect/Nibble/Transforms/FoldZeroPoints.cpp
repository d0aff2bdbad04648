// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Dialect/Nibble/Storage.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Numerics.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDZEROPOINTS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-zero-points"

using namespace mlir;
using namespace nibble;

namespace {

/// The scales of a per-tensor or per-axis type, one a channel.
std::vector<float> getScales(Value value, int64_t channels) {
  Type element = cast<ShapedType>(value.getType()).getElementType();
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element))
    return std::vector<float>(perAxis.getScales().begin(), perAxis.getScales().end());
  return std::vector<float>(channels, static_cast<float>(cast<quant::UniformQuantizedType>(element).getScale()));
}

/// Constant weights less their zero points.
struct Weights {
  std::vector<int8_t> values;
  /// The constant holds other values: weights of zero point 0 in i8 are used where they lie.
  bool moved = false;
};

struct FoldZeroPoints : nibble::impl::FoldZeroPointsBase<FoldZeroPoints> {
  /// fl32(fl32(sx * sw) / sy) for each channel; the verifier has seen to it that the mode can hold them.
  static std::vector<float> getMultipliers(const Product &product) {
    const float sx = getEncoding(getPerTensorType(product.input)).scale;
    const float sy = getEncoding(getPerTensorType(product.op->getResult(0))).scale;
    std::vector<float> multipliers;
    for (float sw : getScales(product.weights, product.channels))
      multipliers.push_back(numerics::foldScale(sx, sw, sy));
    return multipliers;
  }

  /// Nothing for weights that are not constant.
  FailureOr<std::optional<Weights>> getWeights(const Product &product) {
    std::vector<int32_t> stored;
    if (auto bytes = getConstantValues<int8_t>(product.weights))
      stored.assign(bytes->begin(), bytes->end());
    else if (auto bytes = getConstantValues<uint8_t>(product.weights))
      stored.assign(bytes->begin(), bytes->end());
    else
      return std::optional<Weights>();
    const QuantParams params = *QuantParams::get(product.weights.getType());
    Weights weights;
    weights.moved = !getConstantValues<int8_t>(product.weights).has_value();
    for (auto [i, q] : llvm::enumerate(stored)) {
      const int64_t channel = product.channelOf(i);
      const int32_t zero = params.getZeroPoint(channel), w = q - zero;
      if (!llvm::isInt<8>(w))
        return product.op->emitError() << "weight " << q << " of output channel " << channel << " less its zero point "
                                       << zero << " does not fit 8 bits";
      weights.moved |= zero != 0;
      weights.values.push_back(static_cast<int8_t>(w));
    }
    return std::optional<Weights>(std::move(weights));
  }

  /// The bias less the input's zero point times the sum of the channel's weights, where `fold`.
  std::optional<std::vector<int32_t>> getBias(const Product &product, ArrayRef<int8_t> weights, bool fold) {
    std::vector<int64_t> sums(product.channels, 0);
    if (product.bias) {
      auto bias = getConstantValues<int32_t>(product.bias);
      if (!bias) {
        product.op->emitError("expected a constant bias");
        return std::nullopt;
      }
      llvm::copy(*bias, sums.begin());
    }
    const int64_t zero = getEncoding(getPerTensorType(product.input)).zero;
    for (size_t i = 0; fold && i < weights.size(); ++i)
      sums[product.channelOf(i)] -= zero * weights[i];
    for (auto [c, sum] : llvm::enumerate(sums))
      if (!llvm::isInt<32>(sum)) {
        product.op->emitError() << "bias " << sum << " of output channel " << c
                                << " with the input's zero point folded in does not fit 32 bits";
        return std::nullopt;
      }
    return std::vector<int32_t>(sums.begin(), sums.end());
  }

  /// Whether the zero point goes into the bias: not where the number of taps, or the weights, vary along the result.
  static bool canFold(const Product &product) {
    if (isa<ConvTransposeOp>(product.op) || !getConstantAttr(product.weights))
      return false;
    auto type = cast<RankedTensorType>(product.weights.getType());
    return !isa<MatMulOp>(product.op) || type.getRank() == 2;
  }

  Value create(OpBuilder &builder, const Product &product, const std::optional<Weights> &constant, Value bias,
               Value multipliers, bool fold) {
    Location loc = product.op->getLoc();
    auto type = getStorageTensor(cast<RankedTensorType>(product.op->getResult(0).getType()));
    const Encoding in = getEncoding(getPerTensorType(product.input));
    const Encoding out = getEncoding(getPerTensorType(product.op->getResult(0)));
    Value input = toStorage(builder, product.input);
    auto shape = cast<RankedTensorType>(product.weights.getType()).getShape();
    Value weights = constant && constant->moved
                        ? createConstant<int8_t>(builder, product.weights.getLoc(), shape, constant->values)
                        : toStorage(builder, product.weights);
    const int32_t clamp[] = {out.min, out.max};
    if (auto conv = dyn_cast<ConvOp>(product.op))
      return IntConvOp::create(builder, loc, type, input, weights, bias, multipliers, Value(), conv.getStrides(),
                               conv.getPads(), conv.getDilations(), conv.getGroups(), in.zero, out.zero, clamp,
                               ResidualAttr(), conv.getRequant());
    if (auto conv = dyn_cast<ConvTransposeOp>(product.op))
      return IntConvTransposeOp::create(builder, loc, type, input, weights, bias, multipliers, conv.getStrides(),
                                        conv.getPads(), conv.getDilations(), conv.getGroups(), in.zero, out.zero, clamp,
                                        conv.getRequant());
    auto rhs = getPerTensorType(product.weights);
    return IntMatMulOp::create(builder, loc, type, input, weights, bias, multipliers, fold ? 0 : in.zero,
                               rhs && !constant ? getEncoding(rhs).zero : 0, out.zero, clamp,
                               cast<MatMulOp>(product.op).getRequant());
  }

  /// Notes how few bits the weights have, which are bytes from here on: what packs them reads it.
  static void setWeightBits(Operation *op, const Product &product) {
    auto type = cast<quant::QuantizedType>(cast<RankedTensorType>(product.weights.getType()).getElementType());
    if (getPlannedWeightGroup(product.op)) // factors make bytes of them
      copyPlannedWeights(product.op, op);
    else if (StringRef word = getWeightWord(type.getStorageTypeIntegralWidth()); word != "int8")
      op->setAttr(kWeightsAttr, StringAttr::get(op->getContext(), word));
  }

  LogicalResult convert(const Product &product) {
    auto spatial = dyn_cast<SpatialOp>(product.op);
    if (spatial && spatial.getLayout() != Layout::NHWC)
      return product.op->emitError("expected layout nhwc, got nchw: run --nibble-convert-layout before");
    FailureOr<std::optional<Weights>> weights = getWeights(product);
    if (failed(weights))
      return failure();
    if (!*weights && spatial)
      return product.op->emitError("expected a constant filter");
    if (!*weights && !getPerTensorType(product.weights))
      return product.op->emitError("expected weights quantized per tensor, as they are not constant");
    const bool fold = *weights && canFold(product);
    auto bias = getBias(product, fold ? ArrayRef<int8_t>((*weights)->values) : ArrayRef<int8_t>(), fold);
    if (!bias)
      return failure();
    OpBuilder builder(product.op);
    Location loc = product.op->getLoc();
    Value result = create(builder, product, *weights, createConstant<int32_t>(builder, loc, {product.channels}, *bias),
                          createConstant<float>(builder, loc, {product.channels}, getMultipliers(product)), fold);
    setWeightBits(result.getDefiningOp(), product);
    auto type = cast<RankedTensorType>(product.op->getResult(0).getType());
    product.op->getResult(0).replaceAllUsesWith(toQuantized(builder, loc, type, result));
    product.op->erase();
    ++converted;
    folded += fold;
    return success();
  }

  void runOnOperation() override {
    SmallVector<Product> products;
    getOperation()->walk([&](Operation *op) {
      auto product = getProduct(op);
      if (product && getPerTensorType(op->getResult(0)))
        products.push_back(*product);
    });
    for (Product product : products) {
      // A product before this one may have replaced the operands.
      if (failed(convert(*getProduct(product.op))))
        return signalPassFailure();
    }
  }
};

} // namespace
