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

  /// An operand's bytes, and the scales of its rows.
  struct Bytes {
    Value values, scales;
  };

  Bytes quantizeRows(OpBuilder &builder, Operation *op, Value input, int64_t rowDims) {
    const bool positive = !isSigned && isNonNegative(input);
    auto type = cast<RankedTensorType>(input.getType());
    Type byte = positive ? builder.getIntegerType(8, /*isSigned=*/false) : Type(builder.getI8Type());
    // Steps of the product's node, told apart in reports.
    auto step = [&](const Twine &name) {
      return getNodeLoc(&getContext(), (getNodeName(op->getLoc()) + name).str(), "");
    };
    auto scaleType = RankedTensorType::get(type.getShape().take_front(rowDims), builder.getF32Type());
    Value scales = DynamicScaleOp::create(builder, step("/scale"), scaleType, input, rowDims, positive ? 255 : 127);
    unsignedInputs += positive;
    return {DynamicQuantizeOp::create(builder, step("/quantize"), type.clone(byte), input, scales), scales};
  }

  LogicalResult quantizeProduct(const Product &product) {
    OpBuilder builder(product.op);
    ScaledWeights weights = createScaledWeights(builder, product, perTensor);
    if (!weights.values)
      return failure();
    auto type = cast<RankedTensorType>(product.input.getType());
    // A token of a matmul, a sample of a convolution.
    const int64_t rowDims = isa<MatMulOp>(product.op) ? type.getRank() - 1 : 1;
    Bytes input = quantizeRows(builder, product.op, product.input, rowDims);
    replaceByScaled(builder, product, input.values, input.scales, weights);
    return success();
  }

  void quantizeValues(MatMulOp op) {
    OpBuilder builder(op);
    Bytes lhs = quantizeRows(builder, op, op.getLhs(), op.getLhs().getType().getRank() - 1);
    auto result = DynamicMatMulOp::create(builder, op.getLoc(), op.getType(), lhs.values, op.getRhs(), lhs.scales);
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }

  LogicalResult quantize(Operation *op) {
    ++quantized;
    if (!isProductOfValues(op))
      return quantizeProduct(*getProduct(op));
    quantizeValues(cast<MatMulOp>(op));
    ++ofValues;
    return success();
  }

  void runOnOperation() override {
    SmallVector<Operation *> planned;
    getOperation()->walk([&](Operation *op) {
      if (isPlannedDynamic(op) && whyNotDynamic(op).empty())
        planned.push_back(op);
    });
    for (Operation *op : planned)
      if (failed(quantize(op)))
        return signalPassFailure();
  }
};

} // namespace
