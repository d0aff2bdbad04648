// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_REDUCETOPOOL
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-reduce-to-pool"

using namespace mlir;
using namespace nibble;

namespace {

/// Mean over rows and columns -> average pool with the image as its window.
struct MeanToPool : OpRewritePattern<ReduceOp> {
  MeanToPool(MLIRContext *context, Pass::Statistic &converted) : OpRewritePattern(context), converted(converted) {}
  Pass::Statistic &converted;

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    ArrayRef<int64_t> axes = op.getAxes();
    if (op.getKind() != ReduceKind::Mean || type.getRank() != 4 || axes.size() != 2 || axes[1] != axes[0] + 1 ||
        axes[0] == 0)
      return rewriter.notifyMatchFailure(op, "not the mean of an image's rows and columns");
    SmallVector<int64_t> kernel{type.getDimSize(axes[0]), type.getDimSize(axes[1])};
    if (ShapedType::isDynamicShape(kernel))
      return rewriter.notifyMatchFailure(op, "dynamic rows or columns");
    SmallVector<int64_t> shape(type.getShape()), ones{1, 1}, pads(4, 0);
    shape[axes[0]] = shape[axes[1]] = 1;
    auto pooled = RankedTensorType::get(shape, type.getElementType());
    if (pooled != op.getType() && pooled.getNumDynamicDims() > 1)
      return rewriter.notifyMatchFailure(op, "a reshape to more than one dynamic extent");
    Layout layout = axes[0] == 2 ? Layout::NCHW : Layout::NHWC;
    Value result = AvgPoolOp::create(rewriter, op.getLoc(), pooled, op.getInput(), kernel, ones, pads,
                                     /*count_include_pad=*/false, layout);
    if (pooled != op.getType())
      result = ReshapeOp::create(rewriter, op.getLoc(), op.getType(), result);
    rewriter.replaceOp(op, result);
    ++converted;
    return success();
  }
};

struct ReduceToPool : nibble::impl::ReduceToPoolBase<ReduceToPool> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MeanToPool>(&getContext(), converted);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
