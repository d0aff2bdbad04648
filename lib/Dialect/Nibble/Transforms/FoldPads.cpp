// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDPADS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-pads"

using namespace mlir;
using namespace nibble;

namespace {

/// conv(pad(x)) -> conv'(x), if the padding is of zeros and of rows and columns only.
struct FoldIntoConv : OpRewritePattern<ConvOp> {
  FoldIntoConv(MLIRContext *context, Pass::Statistic &folded) : OpRewritePattern(context), folded(folded) {}
  Pass::Statistic &folded;

  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad)
      return rewriter.notifyMatchFailure(op, "no pad before it");
    if (pad.getMode() != PadMode::Constant || (pad.getValue() && !pad.getValue()->isZero()))
      return rewriter.notifyMatchFailure(op, "the padding is not of zeros");
    const int64_t height = op.getLayout() == Layout::NCHW ? 2 : 1;
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    for (int64_t d = 0; d < 4; ++d) {
      bool spatial = d == height || d == height + 1;
      if (spatial ? low[d] < 0 || high[d] < 0 : low[d] != 0 || high[d] != 0)
        return rewriter.notifyMatchFailure(op, "the padding crops, or pads batch or channels");
    }
    SmallVector<int64_t> pads(op.getPads());
    for (int64_t i = 0; i < 2; ++i) {
      pads[i] += low[height + i];
      pads[2 + i] += high[height + i];
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(pad.getInput());
      op.setPads(pads);
    });
    ++folded;
    return success();
  }
};

struct FoldPads : nibble::impl::FoldPadsBase<FoldPads> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoConv>(&getContext(), folded);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
