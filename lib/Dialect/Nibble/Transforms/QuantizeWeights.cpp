// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Quantization/Roles.h"

namespace nibble {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-quantize-weights"

using namespace mlir;
using namespace nibble;

namespace {

struct QuantizeWeights : nibble::impl::QuantizeWeightsBase<QuantizeWeights> {
  using QuantizeWeightsBase::QuantizeWeightsBase;

  void runOnOperation() override {
    SmallVector<Operation *> planned;
    getOperation()->walk([&](Operation *op) {
      if (isPlannedWeightOnly(op) && whyNotScaled(op).empty())
        planned.push_back(op);
    });
    for (Operation *op : planned) {
      OpBuilder builder(op);
      const Product product = *getProduct(op);
      ScaledWeights weights = createScaledWeights(builder, product, perTensor);
      if (!weights.values)
        return signalPassFailure();
      replaceByScaled(builder, product, product.input, Value(), weights);
      ++quantized;
    }
  }
};

} // namespace
