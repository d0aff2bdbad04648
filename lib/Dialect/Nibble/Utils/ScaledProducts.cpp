// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Quantization/Headroom.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Constants.h"

#include "llvm/ADT/SmallPtrSet.h"

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

/// Whether the elements of `value` are those of an input, or of what is appended to one.
static bool continuesInput(Value value) {
  SmallVector<Value> worklist{value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!worklist.empty()) {
    Value source = getElementSource(worklist.pop_back_val());
    Operation *op = source.getDefiningOp();
    if (!op)
      return true;
    // Programs repeat the heads of a cache.
    if (isa<ConcatOp, GenerateOp, ObserveOp>(op) && seen.insert(op).second)
      for (Value operand : op->getOperands())
        if (getElementTypeOrSelf(operand.getType()).isF32())
          worklist.push_back(operand);
  }
  return false;
}

/// Extents from which on bytes of both operands, made at run time, save more than making them costs: each byte of the
/// left-hand side serves the columns, each of the right-hand side the rows, each result's scale the terms.
static constexpr int64_t kLeastRows = 32, kLeastColumns = 32, kLeastTerms = 16;

/// Why a product of two values has no form in bytes, or better stays in f32.
static std::string whyNotOfValues(MatMulOp op) {
  ArrayRef<int64_t> lhs = op.getLhs().getType().getShape(), rhs = op.getRhs().getType().getShape();
  const int64_t depth = lhs.back();
  if (op.getBias())
    return "a product of two values has a bias";
  if (ShapedType::isStatic(depth) && depth > kLargestDepthOfBytes)
    return "its 32-bit accumulators could overflow, as its depth is " + std::to_string(depth);
  if (continuesInput(op.getRhs()))
    return "its right-hand side is an input or continues one, as caches do: a run would quantize all of it for "
           "the rows that are new";
  const std::tuple<int64_t, int64_t, StringRef> extents[] = {
      {lhs[lhs.size() - 2], kLeastRows, "rows"}, {depth, kLeastTerms, "terms"}, {rhs.back(), kLeastColumns, "columns"}};
  for (auto [extent, least, what] : extents)
    if (ShapedType::isStatic(extent) && extent < least)
      return "quantizing both operands would cost more than it saves with " + std::to_string(extent) + " " + what.str();
  return "";
}

bool nibble::isProductOfValues(Operation *op) {
  auto matmul = dyn_cast<MatMulOp>(op);
  return matmul && !getConstantAttr(matmul.getRhs());
}

std::string nibble::whyNotDynamic(Operation *op) {
  if (!isProductOfValues(op))
    return getProduct(op) ? whyNotScaled(op) : "only convolutions and matrix products have this mode";
  auto matmul = cast<MatMulOp>(op);
  for (Value operand : op->getOperands())
    if (!getElementTypeOrSelf(operand.getType()).isF32())
      return "it does not compute in f32";
  return whyNotOfValues(matmul);
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
