// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Constants.h"

namespace nibble {
#define GEN_PASS_DEF_STOREWEIGHTS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-store-weights"

using namespace mlir;
using namespace nibble;

namespace {

struct StoreWeights : nibble::impl::StoreWeightsBase<StoreWeights> {
  using StoreWeightsBase::StoreWeightsBase;

  /// One scale for each output channel.
  static Type getType(const Product &product, unsigned bits, ArrayRef<float> scales) {
    MLIRContext *context = product.op->getContext();
    const int64_t largest = getLargestWeight(bits);
    return quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, IntegerType::get(context, bits), Float32Type::get(context),
        SmallVector<double>(scales.begin(), scales.end()), SmallVector<int64_t>(scales.size(), 0),
        static_cast<int32_t>(product.weightsChannelDim), -largest, largest);
  }

  void store(const Product &product) {
    const unsigned bits = getPlannedWeightBits(product.op);
    auto weights = getRoundedWeights(product.op, bits);
    if (!weights || isPlannedFloat(product.op))
      return;
    auto type = cast<RankedTensorType>(product.weights.getType());
    OpBuilder builder(product.op);
    Value values = createConstant<int8_t>(builder, product.weights.getLoc(),
                                          type.clone(getType(product, weights->group ? 8 : bits, weights->scales)),
                                          weights->values);
    if (weights->group)
      product.op->setAttr(kWeightGroupAttr, builder.getI64IntegerAttr(weights->group));
    product.op->setOperand(1, DequantizeOp::create(builder, product.weights.getLoc(), type, values));
    ++stored;
  }

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      auto product = getProduct(op);
      if (!product)
        return;
      store(*product);
      op->removeAttr(kRoundedAttr);
      op->removeAttr(kMomentsAttr);
    });
  }
};

} // namespace
