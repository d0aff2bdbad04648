// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Constants.h"

using namespace mlir;
using namespace nibble;

bool nibble::reportFindings(Operation *op, ArrayRef<WeightFinding> findings) {
  for (WeightFinding finding : findings) {
    switch (finding.kind) {
    case WeightFinding::NotFinite:
      op->emitError() << "weights or bias of output channel " << finding.channel << " are not finite";
      return false;
    case WeightFinding::Dead:
      op->emitRemark() << "all weights of output channel " << finding.channel << " are zero";
      break;
    case WeightFinding::ScaleUnderflow:
      op->emitRemark() << "weights of output channel " << finding.channel
                       << " are so small that their scale is raised to 2^-60";
      break;
    case WeightFinding::BiasOverflow:
      op->emitWarning() << "bias of output channel " << finding.channel
                        << " does not fit 32 bits with this channel's weights: their scale is raised";
      break;
    case WeightFinding::Outlier:
      op->emitRemark() << "weights of output channel " << finding.channel
                       << " are over 8 times larger than the median channel's: quantize per channel";
      break;
    }
  }
  return true;
}

std::string nibble::whyNotScaled(Operation *op) {
  auto product = getProduct(op);
  if (!product)
    return "only products with constant weights have this mode";
  if (isa<ConvTransposeOp>(op))
    return "transposed convolutions do not have this mode";
  if (!getConstantAttr(product->weights) || (product->bias && !getConstantAttr(product->bias)))
    return "its weights are not constant";
  if (isa<MatMulOp>(op) && cast<RankedTensorType>(product->weights.getType()).getRank() != 2)
    return "its weights are no single matrix";
  for (Value operand : op->getOperands())
    if (!getElementTypeOrSelf(operand.getType()).isF32())
      return "it does not compute in f32";
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.getLayout() != Layout::NHWC ? "it has the layout nchw" : "";
}

ScaledWeights nibble::createScaledWeights(OpBuilder &builder, const Product &product, bool perTensor) {
  auto weights = getConstantValues<float>(product.weights);
  auto bias = product.bias ? getConstantValues<float>(product.bias) : std::optional<std::vector<float>>(std::in_place);
  if (!weights || !bias)
    return {};
  for (auto [channel, value] : llvm::enumerate(*bias))
    if (!std::isfinite(value)) {
      reportFindings(product.op, WeightFinding{WeightFinding::NotFinite, int64_t(channel)});
      return {};
    }
  // The bias stays as it is: no scale is raised for it.
  QuantizedWeights result = quantizeWeights(
      *weights, [&](size_t i) { return product.channelOf(i); }, product.channels, {}, 1.0f, perTensor,
      getPlannedWeightBits(product.op));
  if (!reportFindings(product.op, result.findings))
    return {};
  if (perTensor)
    result.scales.assign(product.channels, result.scales.front());
  Location loc = product.weights.getLoc();
  auto shape = cast<RankedTensorType>(product.weights.getType()).getShape();
  return {createConstant<int8_t>(builder, loc, shape, result.values),
          createConstant<float>(builder, loc, {product.channels}, result.scales)};
}

void nibble::replaceByScaled(OpBuilder &builder, const Product &product, Value input, Value rows,
                             ScaledWeights weights) {
  Location loc = product.op->getLoc();
  Type type = product.op->getResult(0).getType();
  Value result;
  if (auto conv = dyn_cast<ConvOp>(product.op))
    result = ScaledConvOp::create(builder, loc, type, input, weights.values, weights.scales, product.bias, rows,
                                  conv.getStrides(), conv.getPads(), conv.getDilations(), conv.getGroups());
  else
    result = ScaledMatMulOp::create(builder, loc, type, input, weights.values, weights.scales, product.bias, rows);
  copyPlannedWeights(product.op, result.getDefiningOp());
  product.op->getResult(0).replaceAllUsesWith(result);
  product.op->erase();
}
