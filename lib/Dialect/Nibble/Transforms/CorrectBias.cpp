// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Constants.h"

namespace nibble {
#define GEN_PASS_DEF_CORRECTBIAS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-correct-bias"

using namespace mlir;
using namespace nibble;

namespace {

struct CorrectBias : nibble::impl::CorrectBiasBase<CorrectBias> {
  using CorrectBiasBase::CorrectBiasBase;

  /// The mean of each element of the last dimension of `value`; empty if calibration did not measure it.
  static ArrayRef<float> getMeans(Value value) {
    auto lastDim = [](Value v) { return cast<RankedTensorType>(v.getType()).getShape().back(); };
    while (auto reshape = value.getDefiningOp<ReshapeOp>()) {
      if (lastDim(value) != lastDim(reshape.getInput()))
        return {};
      value = reshape.getInput();
    }
    auto observe = value.getDefiningOp<ObserveOp>();
    auto means = observe ? observe->getAttrOfType<DenseF32ArrayAttr>(kMeansAttr) : DenseF32ArrayAttr();
    return means && means.size() == lastDim(value) ? means.asArrayRef() : ArrayRef<float>();
  }

  /// For each tap along spatial dimension `dim` of a filter, the share of the output's positions at which it reads the
  /// input: elsewhere it reads a zero of the padding, and its rounding does nothing. All where an extent is dynamic.
  static SmallVector<double> getCoverage(ConvOp conv, Value weights, unsigned dim) {
    auto extent = [&](Value value, unsigned at) { return cast<RankedTensorType>(value.getType()).getDimSize(at); };
    const int64_t taps = extent(weights, 1 + dim), in = extent(conv.getInput(), 1 + dim),
                  out = extent(conv.getResult(), 1 + dim);
    SmallVector<double> coverage(taps, 1.0);
    if (ShapedType::isDynamic(in) || ShapedType::isDynamic(out) || out == 0)
      return coverage;
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t inside = 0;
      for (int64_t at = 0; at < out; ++at) {
        const int64_t read = at * conv.getStrides()[dim] + tap * conv.getDilations()[dim] - conv.getPads()[dim];
        inside += read >= 0 && read < in;
      }
      coverage[tap] = static_cast<double>(inside) / static_cast<double>(out);
    }
    return coverage;
  }

  /// What the rounding of the weights takes from each output channel's mean.
  std::vector<double> getErrors(const Product &product, ArrayRef<float> weights, ArrayRef<float> means) {
    auto channelOf = [&](size_t i) { return product.channelOf(i); };
    const unsigned bits = getPlannedWeightBits(product.op);
    std::optional<RoundedWeights> quantized = getRoundedWeights(product.op, bits);
    if (!quantized) {
      QuantizedWeights nearest = quantizeWeights(weights, channelOf, product.channels, {}, 1.0f, perTensor, bits);
      quantized = RoundedWeights{std::move(nearest.values), std::move(nearest.scales)};
    }
    std::vector<double> errors(product.channels, 0.0);
    if (quantized->values.size() != weights.size()) // not finite: --nibble-quantize-ops says so
      return errors;
    auto add = [&](size_t i, int64_t channel, int64_t inputChannel, double share) {
      const double stored =
          quantized->values[i] * static_cast<double>(quantized->scales[quantized->scales.size() == 1 ? 0 : channel]);
      errors[channel] += share * (weights[i] - stored) * means[inputChannel];
    };
    size_t i = 0;
    auto conv = dyn_cast<ConvOp>(product.op);
    if (!conv) { // K, N
      for (int64_t k = 0; i < weights.size(); ++k)
        for (int64_t n = 0; n < product.channels; ++n)
          add(i++, n, k, 1.0);
      return errors;
    }
    const SmallVector<double> rows = getCoverage(conv, product.weights, 0),
                              columns = getCoverage(conv, product.weights, 1);
    const int64_t width = cast<RankedTensorType>(product.weights.getType()).getDimSize(3); // O, KH, KW, I/groups
    const int64_t groupSize = product.channels / conv.getGroups();
    for (int64_t o = 0; o < product.channels; ++o)
      for (double row : rows)
        for (double column : columns)
          for (int64_t c = 0; c < width; ++c)
            add(i++, o, o / groupSize * width + c, row * column);
    return errors;
  }

  void correct(const Product &product) {
    auto type = cast<RankedTensorType>(product.weights.getType());
    if (isa<ConvTransposeOp>(product.op) || isPlannedFloat(product.op) ||
        (isa<MatMulOp>(product.op) && type.getRank() != 2))
      return;
    auto conv = dyn_cast<ConvOp>(product.op);
    if (conv && conv.getLayout() != Layout::NHWC)
      return;
    ArrayRef<float> means = getMeans(product.input);
    auto weights = getConstantValues<float>(product.weights);
    auto bias = product.bias ? getConstantValues<float>(product.bias)
                             : std::optional<std::vector<float>>(std::vector<float>(product.channels, 0.0f));
    if (means.empty() || !weights || !bias)
      return;
    std::vector<double> errors = getErrors(product, *weights, means);
    for (auto [b, error] : llvm::zip_equal(*bias, errors))
      b = static_cast<float>(b + error);
    OpBuilder builder(product.op);
    Value corrected = createConstant<float>(builder, product.op->getLoc(), {product.channels}, *bias);
    if (product.bias)
      product.op->setOperand(2, corrected);
    else
      product.op->insertOperands(2, corrected);
    ++this->corrected;
  }

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (auto product = getProduct(op))
        correct(*product);
    });
  }
};

} // namespace
