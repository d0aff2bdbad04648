// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
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

  /// The input channel of element `i` of the weights: filters are O, KH, KW, I/groups, matrices K, N.
  static int64_t getInputChannel(const Product &product, size_t i) {
    auto type = cast<RankedTensorType>(product.weights.getType());
    if (isa<MatMulOp>(product.op))
      return static_cast<int64_t>(i) / product.channels;
    const int64_t width = type.getDimSize(3), groups = cast<ConvOp>(product.op).getGroups();
    return product.channelOf(i) / (product.channels / groups) * width + static_cast<int64_t>(i) % width;
  }

  /// What the rounding of the weights takes from each output channel's mean.
  std::vector<double> getErrors(const Product &product, ArrayRef<float> weights, ArrayRef<float> means) {
    auto channelOf = [&](size_t i) { return product.channelOf(i); };
    QuantizedWeights quantized = quantizeWeights(weights, channelOf, product.channels, {}, 1.0f, perTensor);
    std::vector<double> errors(product.channels, 0.0);
    if (quantized.values.size() != weights.size()) // not finite: --nibble-quantize-ops says so
      return errors;
    for (size_t i = 0; i < weights.size(); ++i) {
      const int64_t channel = product.channelOf(i);
      const double stored = quantized.values[i] * static_cast<double>(quantized.scales[perTensor ? 0 : channel]);
      errors[channel] += (weights[i] - stored) * means[getInputChannel(product, i)];
    }
    return errors;
  }

  void correct(const Product &product) {
    auto type = cast<RankedTensorType>(product.weights.getType());
    if (isa<ConvTransposeOp>(product.op) || isPlannedFloat(product.op) || (isa<MatMulOp>(product.op) && type.getRank() != 2))
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
