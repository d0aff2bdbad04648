// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Spelling.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace nibble {
#define GEN_PASS_DEF_FUSEMASKS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fuse-masks"

using namespace mlir;
using namespace nibble;

namespace {

/// `value * factor` or `value / (1 / factor)` for one number: the value.
Value getScaled(Value scaled, float &factor) {
  Operation *op = scaled.getDefiningOp();
  if (!isa_and_nonnull<MulOp, DivOp>(op))
    return Value();
  for (unsigned constant : {1, 0}) {
    std::optional<float> number = getUniform(op->getOperand(constant));
    Value value = op->getOperand(1 - constant);
    if (!number || value.getType() != scaled.getType())
      continue;
    if (isa<DivOp>(op) && constant == 0)
      return Value();
    factor = isa<MulOp>(op) ? *number : 1.0f / *number;
    return value;
  }
  return Value();
}

/// Whether `value` is a matrix product, or what a model stores of one, perhaps scaled: scores, whose sum with a mask a
/// softmax takes.
bool isScores(Value value) {
  float factor;
  while (Value inner = getScaled(value, factor))
    value = inner;
  return isa_and_nonnull<MatMulOp, DequantizeOp>(value.getDefiningOp());
}

/// softmax(scores + mask) -> softmax(scores) mask
struct FuseMask : OpRewritePattern<SoftmaxOp> {
  FuseMask(MLIRContext *context, Pass::Statistic &masks) : OpRewritePattern(context), masks(masks) {}
  Pass::Statistic &masks;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto sum = op.getInput().getDefiningOp<AddOp>();
    if (!sum || op.getMask() || !op.getScale().isExactlyValue(1.0))
      return rewriter.notifyMatchFailure(op, "no sum before it, or a mask or a scale already");
    for (unsigned mask : {1, 0}) {
      Value scores = sum->getOperand(1 - mask), other = sum->getOperand(mask);
      if (scores.getType() != op.getType() || !isScores(scores) || isScores(other))
        continue;
      rewriter.modifyOpInPlace(op, [&] {
        op.getInputMutable().assign(scores);
        op.getMaskMutable().assign(other);
      });
      ++masks;
      return success();
    }
    return rewriter.notifyMatchFailure(op, "not the sum of a product and something else");
  }
};

/// softmax(scores * c) -> softmax(scores), scaled
struct FuseScale : OpRewritePattern<SoftmaxOp> {
  FuseScale(MLIRContext *context, Pass::Statistic &scales) : OpRewritePattern(context), scales(scales) {}
  Pass::Statistic &scales;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    float factor = 1;
    Value scores = getScaled(op.getInput(), factor);
    const float scale = op.getScale().convertToFloat() * factor;
    if (!scores || !isScores(scores) || !std::isnormal(scale) || scale < 0)
      return rewriter.notifyMatchFailure(op, "no scaled product before it");
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(scores);
      op.setScale(APFloat(scale));
    });
    ++scales;
    return success();
  }
};

struct FuseMasks : nibble::impl::FuseMasksBase<FuseMasks> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseMask>(&getContext(), masks);
    patterns.add<FuseScale>(&getContext(), scales);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
