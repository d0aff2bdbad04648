// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Locations.h"

namespace nibble {
#define GEN_PASS_DEF_QUANTIZEDYNAMIC
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-quantize-dynamic"

using namespace mlir;
using namespace nibble;

namespace {

struct QuantizeDynamic : nibble::impl::QuantizeDynamicBase<QuantizeDynamic> {
  using QuantizeDynamicBase::QuantizeDynamicBase;

  LogicalResult quantize(const Product &product) {
    OpBuilder builder(product.op);
    ScaledWeights weights = createScaledWeights(builder, product, perTensor);
    if (!weights.values)
      return failure();
    auto type = cast<RankedTensorType>(product.input.getType());
    // A token of a matmul, a sample of a convolution.
    const int64_t rowDims = isa<MatMulOp>(product.op) ? type.getRank() - 1 : 1;
    const bool positive = !isSigned && isNonNegative(product.input);
    Type byte = positive ? builder.getIntegerType(8, /*isSigned=*/false) : Type(builder.getI8Type());
    // Steps of the product's node, told apart in reports.
    auto step = [&](const Twine &name) {
      return getNodeLoc(&getContext(), (getNodeName(product.op->getLoc()) + name).str(), "");
    };
    auto scaleType = RankedTensorType::get(type.getShape().take_front(rowDims), builder.getF32Type());
    Value rows =
        DynamicScaleOp::create(builder, step("/scale"), scaleType, product.input, rowDims, positive ? 255 : 127);
    Value bytes = DynamicQuantizeOp::create(builder, step("/quantize"), type.clone(byte), product.input, rows);
    replaceByScaled(builder, product, bytes, rows, weights);
    ++quantized;
    unsignedInputs += positive;
    return success();
  }

  void runOnOperation() override {
    SmallVector<Operation *> planned;
    getOperation()->walk([&](Operation *op) {
      if (isPlannedDynamic(op) && whyNotScaled(op).empty())
        planned.push_back(op);
    });
    for (Operation *op : planned)
      if (failed(quantize(*getProduct(op))))
        return signalPassFailure();
  }
};

} // namespace
