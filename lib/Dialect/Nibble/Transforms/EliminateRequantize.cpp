// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Quantization/Types.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_ELIMINATEREQUANTIZE
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-eliminate-requantize"

using namespace mlir;
using namespace nibble;

namespace {

/// quantize(dequantize(q)) -> q or requantize(q)
struct ElideFloat : OpRewritePattern<QuantizeOp> {
  ElideFloat(MLIRContext *context, RequantMode requant, Pass::Statistic &elided)
      : OpRewritePattern(context), requant(requant), elided(elided) {}
  RequantMode requant;
  Pass::Statistic &elided;

  LogicalResult matchAndRewrite(QuantizeOp op, PatternRewriter &rewriter) const override {
    auto dequantize = op.getInput().getDefiningOp<DequantizeOp>();
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "no dequantize before it");
    if (dequantize.getInput().getType() == op.getType())
      rewriter.replaceOp(op, dequantize.getInput());
    else
      rewriter.replaceOpWithNewOp<RequantizeOp>(op, op.getType(), dequantize.getInput(), requant);
    ++elided;
    return success();
  }
};

/// requantize(op(x)) -> op(x) with the requantize's type, if nothing else reads op(x): rounded once instead of twice.
struct AbsorbInProducer : OpRewritePattern<RequantizeOp> {
  AbsorbInProducer(MLIRContext *context, Pass::Statistic &absorbed) : OpRewritePattern(context), absorbed(absorbed) {}
  Pass::Statistic &absorbed;

  LogicalResult matchAndRewrite(RequantizeOp op, PatternRewriter &rewriter) const override {
    if (op.getInput().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getInput());
      ++absorbed;
      return success();
    }
    Operation *producer = op.getInput().getDefiningOp();
    if (!hasQuantizedForm(producer) || !op.getInput().hasOneUse())
      return rewriter.notifyMatchFailure(op, "no operation of its own with a rounding before it");
    auto from = cast<quant::UniformQuantizedType>(op.getInput().getType().getElementType());
    auto to = cast<quant::UniformQuantizedType>(op.getType().getElementType());
    // A narrowed type clips: the new one must clip as much.
    const float infinity = std::numeric_limits<float>::infinity();
    auto bound = [&](int64_t q, int64_t widest, float none) {
      return q == widest ? none : static_cast<float>(from.getScale() * static_cast<double>(q - from.getZeroPoint()));
    };
    const int64_t highest =
        quant::QuantizedType::getDefaultMaximumForInteger(from.isSigned(), from.getStorageTypeIntegralWidth());
    const int64_t lowest = from.isSigned() ? -highest : 0;
    ClampBounds bounds{bound(std::max(from.getStorageTypeMin(), lowest), lowest, -infinity),
                       bound(from.getStorageTypeMax(), highest, infinity)};
    if (!impliesClamp(to, bounds))
      return rewriter.notifyMatchFailure(op, "the producer's type clips more than the new one");
    Operation *result = cloneWithOperands(rewriter, op.getLoc(), producer, producer->getOperands(), op.getType());
    rewriter.replaceOp(op, result->getResults());
    ++absorbed;
    return success();
  }
};

struct EliminateRequantize : nibble::impl::EliminateRequantizeBase<EliminateRequantize> {
  using EliminateRequantizeBase::EliminateRequantizeBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ElideFloat>(&getContext(), requant, elided);
    patterns.add<AbsorbInProducer>(&getContext(), absorbed);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
