// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Constants.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

namespace nibble {
#define GEN_PASS_DEF_REMOVEDEADCHANNELS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-remove-dead-channels"

using namespace mlir;
using namespace nibble;

namespace {

int64_t getChannels(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

/// Constant weights and bias of a product.
struct Weights {
  std::vector<float> weights, bias; // no bias is zeros
};

/// They must be finite: a zero times anything else would be no zero.
std::optional<Weights> getWeights(const Product &product) {
  auto weights = getConstantValues<float>(product.weights);
  auto bias = product.bias ? getConstantValues<float>(product.bias)
                           : std::optional<std::vector<float>>(std::vector<float>(product.channels, 0.0f));
  if (!weights || !bias || !llvm::all_of(*weights, [](float w) { return std::isfinite(w); }))
    return std::nullopt;
  return Weights{std::move(*weights), std::move(*bias)};
}

/// A conv of all channels, NHWC, or a matmul with one matrix.
bool mixesChannels(Operation *op) {
  if (auto conv = dyn_cast<ConvOp>(op))
    return conv.getLayout() == Layout::NHWC && conv.getGroups() == 1;
  auto matmul = dyn_cast<MatMulOp>(op);
  return matmul && cast<RankedTensorType>(matmul->getOperand(1).getType()).getRank() == 2;
}

bool isDepthwise(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.getLayout() == Layout::NHWC && int64_t(conv.getGroups()) == getChannels(conv.getInput()) &&
         int64_t(conv.getGroups()) == getChannels(conv.getResult());
}

/// Each channel of the result comes from the same channel of the first operand.
bool keepsChannels(Operation *op) {
  if (auto pool = dyn_cast<MaxPoolOp>(op))
    return pool.getLayout() == Layout::NHWC;
  if (auto pool = dyn_cast<AvgPoolOp>(op))
    return pool.getLayout() == Layout::NHWC;
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return getChannels(reshape.getInput()) == getChannels(reshape.getResult());
  return getClampBounds(op).has_value() || isDepthwise(op);
}

/// A product, what follows it channel by channel, and the product that reads it.
struct Chain {
  Product producer, consumer;
  SmallVector<Operation *> between; // in order
};

std::optional<Chain> getChain(Operation *op) {
  if (!mixesChannels(op))
    return std::nullopt;
  SmallVector<Operation *> between;
  Value value = op->getOperand(0);
  for (; value.getDefiningOp() && value.hasOneUse() && keepsChannels(value.getDefiningOp());
       value = value.getDefiningOp()->getOperand(0))
    between.push_back(value.getDefiningOp());
  Operation *producer = value.getDefiningOp();
  if (!producer || !value.hasOneUse() || !mixesChannels(producer))
    return std::nullopt;
  auto first = getProduct(producer), last = getProduct(op);
  if (!first || !last)
    return std::nullopt;
  std::reverse(between.begin(), between.end());
  return Chain{*first, *last, std::move(between)};
}

/// The constant that each channel of a product is, where its weights are zero.
std::optional<std::vector<std::optional<float>>> getConstants(const Product &product) {
  std::optional<Weights> weights = getWeights(product);
  if (!weights)
    return std::nullopt;
  std::vector<std::optional<float>> constants(weights->bias.begin(), weights->bias.end());
  for (size_t i = 0; i < weights->weights.size(); ++i)
    if (weights->weights[i] != 0)
      constants[product.channelOf(i)].reset();
  return constants;
}

/// What `op` makes of the constants before it.
bool propagate(Operation *op, std::vector<std::optional<float>> &constants) {
  if (auto product = getProduct(op)) { // depthwise
    auto own = getConstants(*product);
    auto weights = getWeights(*product);
    if (!own || !weights)
      return false;
    for (auto [constant, after, bias] : llvm::zip_equal(constants, *own, weights->bias))
      constant = constant && *constant == 0 ? std::optional<float>(bias) : after;
    return true;
  }
  auto bounds = getClampBounds(op);
  for (std::optional<float> &constant : constants) {
    if (constant && bounds)
      constant = std::min(std::max(*constant, bounds->lo), bounds->hi);
    else if (constant && isa<AvgPoolOp>(op) && *constant != 0)
      constant.reset(); // it may be averaged with padding
  }
  return true;
}

struct RemoveDeadChannels : nibble::impl::RemoveDeadChannelsBase<RemoveDeadChannels> {
  /// The channels that the consumer has to read; one at least.
  static std::optional<SmallVector<int64_t>> findLiving(const Chain &chain) {
    auto constants = getConstants(chain.producer);
    if (!constants || !getWeights(chain.consumer))
      return std::nullopt;
    for (Operation *op : chain.between)
      if (!propagate(op, *constants))
        return std::nullopt;
    SmallVector<int64_t> living;
    for (auto [channel, constant] : llvm::enumerate(*constants))
      if (!constant || *constant != 0)
        living.push_back(channel);
    if (living.empty())
      living.push_back(0);
    return living;
  }

  /// The slices `living` of a constant along `dim`.
  static Value slice(OpBuilder &builder, Value constant, int64_t dim, ArrayRef<int64_t> living) {
    auto type = cast<RankedTensorType>(constant.getType());
    std::vector<float> values = *getConstantValues<float>(constant), kept;
    int64_t inner = 1;
    for (int64_t extent : type.getShape().drop_front(dim + 1))
      inner *= extent;
    for (size_t begin = 0; begin < values.size(); begin += type.getDimSize(dim) * inner)
      for (int64_t at : living)
        kept.insert(kept.end(), values.begin() + begin + at * inner, values.begin() + begin + (at + 1) * inner);
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = living.size();
    return createConstant<float>(builder, constant.getLoc(), shape, kept);
  }

  /// A copy of `op`, which reads `input`, with the living channels of its result.
  static Value shrink(Operation *op, Value input, ArrayRef<int64_t> living) {
    OpBuilder builder(op);
    SmallVector<Value> operands(op->getOperands());
    operands[0] = input;
    if (auto product = getProduct(op)) {
      operands[1] = slice(builder, product->weights, product->weightsChannelDim, living);
      if (product->bias)
        operands[2] = slice(builder, product->bias, 0, living);
    }
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = living.size();
    const bool depthwise = isDepthwise(op);
    Operation *copy = cloneWithOperands(builder, op->getLoc(), op, operands, type.clone(shape));
    if (depthwise)
      copy->setAttr("groups", builder.getI64IntegerAttr(living.size()));
    if (auto extents = op->getAttrOfType<ExtentsAttr>("extents")) {
      SmallVector<Extent> shrunk(extents.getValue());
      shrunk.back() = living.size();
      copy->setAttr("extents", ExtentsAttr::get(op->getContext(), shrunk));
    }
    return copy->getResult(0);
  }

  void remove(const Chain &chain, ArrayRef<int64_t> living) {
    Value value = shrink(chain.producer.op, chain.producer.input, living);
    for (Operation *op : chain.between)
      value = shrink(op, value, living);
    OpBuilder builder(chain.consumer.op);
    const int64_t dim = isa<ConvOp>(chain.consumer.op) ? 3 : 0; // of the weights: O, KH, KW, I or K, N
    Value weights = slice(builder, chain.consumer.weights, dim, living);
    chain.consumer.op->setOperand(0, value);
    chain.consumer.op->setOperand(1, weights);
    for (Operation *op : llvm::reverse(chain.between))
      op->erase();
    chain.producer.op->erase();
  }

  void runOnOperation() override {
    SmallVector<Operation *> consumers;
    getOperation()->walk([&](Operation *op) {
      if (mixesChannels(op))
        consumers.push_back(op);
    });
    // In program order, as a consumer that lost inputs may have dead channels itself. The producer of a later chain
    // may be replaced meanwhile, but never its consumer.
    for (Operation *&op : consumers) {
      std::optional<Chain> chain = op ? getChain(op) : std::nullopt;
      std::optional<SmallVector<int64_t>> living = chain ? findLiving(*chain) : std::nullopt;
      if (!living || static_cast<int64_t>(living->size()) == chain->producer.channels)
        continue;
      removed += chain->producer.channels - living->size();
      chain->producer.op->emitRemark() << chain->producer.channels - static_cast<int64_t>(living->size()) << " of "
                                       << chain->producer.channels
                                       << " output channels are always zero behind it and are removed";
      std::replace(consumers.begin(), consumers.end(), chain->producer.op, static_cast<Operation *>(nullptr));
      remove(*chain, *living);
    }
  }
};

} // namespace
