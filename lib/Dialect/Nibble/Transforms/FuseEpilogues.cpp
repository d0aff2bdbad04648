// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Roles.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_FUSEEPILOGUES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fuse-epilogues"

using namespace mlir;
using namespace nibble;

namespace {

/// int_add(int_conv(x), a) -> int_conv(x) with the residual addition of a, if nothing else reads int_conv(x).
struct FuseResidual : OpRewritePattern<IntAddOp> {
  FuseResidual(MLIRContext *context, Pass::Statistic &fused) : OpRewritePattern(context), fused(fused) {}
  Pass::Statistic &fused;

  /// The convolution that can take the addition; of two the later one, so that the other's result is there.
  static IntConvOp getConv(IntAddOp op) {
    IntConvOp best;
    for (Value operand : {op.getLhs(), op.getRhs()}) {
      auto conv = operand.getDefiningOp<IntConvOp>();
      if (conv && conv->hasOneUse() && !conv.getAddend() && operand.getType() == op.getType() &&
          conv->getBlock() == op->getBlock() && (!best || best->isBeforeInBlock(conv)))
        best = conv;
    }
    return best;
  }

  LogicalResult matchAndRewrite(IntAddOp op, PatternRewriter &rewriter) const override {
    IntConvOp conv = getConv(op);
    if (!conv)
      return rewriter.notifyMatchFailure(op, "no convolution of its own before it");
    const bool isLhs = op.getLhs() == conv.getResult();
    Value addend = isLhs ? op.getRhs() : op.getLhs();
    const uint32_t zero = isLhs ? op.getLhsZeroPoint() : op.getRhsZeroPoint();
    if (addend.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "the addend is broadcast, or of another storage type");
    if (op.getRequant() != conv.getRequant())
      return rewriter.notifyMatchFailure(op, "modes differ");
    if (zero != conv.getOutputZeroPoint())
      return rewriter.notifyMatchFailure(op, "zero points differ");
    FloatAttr lhs = op.getLhsScaleAttr(), rhs = op.getRhsScaleAttr();
    // In mode `fixed` the order of the operands makes no difference.
    const bool addendFirst = !isLhs && op.getRequant() == RequantMode::Float;
    auto residual = ResidualAttr::get(getContext(), isLhs ? lhs : rhs, isLhs ? rhs : lhs,
                                      isLhs ? op.getRhsZeroPoint() : op.getLhsZeroPoint(), op.getOutputZeroPoint(),
                                      op.getClamp()[0], op.getClamp()[1], addendFirst);
    auto result = IntConvOp::create(rewriter, op.getLoc(), op.getType(), conv.getInput(), conv.getFilter(),
                                    conv.getBias(), conv.getMultiplier(), addend, conv.getStrides(), conv.getPads(),
                                    conv.getDilations(), conv.getGroups(), conv.getPadValue(),
                                    conv.getOutputZeroPoint(), conv.getClamp(), residual, conv.getRequant());
    copyPlannedWeights(conv, result);
    rewriter.replaceOp(op, result);
    ++fused;
    return success();
  }
};

struct FuseEpilogues : nibble::impl::FuseEpiloguesBase<FuseEpilogues> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseResidual>(&getContext(), fused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
