// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Support/Constants.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace nibble {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-batch-norm"

using namespace mlir;
using namespace nibble;

namespace {

/// result = scale * x + shift for each channel.
struct Affine {
  std::vector<double> scale, shift;
};

/// The normalization's affine function in f64; nullopt if a parameter is not an f32 constant.
std::optional<Affine> getAffine(BatchNormOp op) {
  auto gamma = getConstantValues<float>(op.getScale()), beta = getConstantValues<float>(op.getBias());
  auto mean = getConstantValues<float>(op.getMean()), variance = getConstantValues<float>(op.getVariance());
  if (!gamma || !beta || !mean || !variance)
    return std::nullopt;
  Affine affine;
  const double epsilon = op.getEpsilon().convertToFloat();
  for (size_t c = 0; c < gamma->size(); ++c) {
    double scale = (*gamma)[c] / std::sqrt((*variance)[c] + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back((*beta)[c] - (*mean)[c] * scale);
  }
  return affine;
}

/// batch_norm(product(x)) -> product'(x)
struct FoldIntoProduct : OpRewritePattern<BatchNormOp> {
  FoldIntoProduct(MLIRContext *context, Pass::Statistic &folded)
      : OpRewritePattern(context, /*benefit=*/2), folded(folded) {}
  Pass::Statistic &folded;

  LogicalResult matchAndRewrite(BatchNormOp op, PatternRewriter &rewriter) const override {
    auto product = getProduct(op.getInput().getDefiningOp());
    if (!product || !op.getInput().hasOneUse() || product->resultChannelDim != 1)
      return rewriter.notifyMatchFailure(op, "no product of its own before it with channels along dimension 1");
    auto affine = getAffine(op);
    if (!affine)
      return rewriter.notifyMatchFailure(op, "parameters are not constant");
    Operation *scaled = createScaledProduct(rewriter, op.getLoc(), *product, affine->scale, affine->shift);
    if (!scaled)
      return rewriter.notifyMatchFailure(op, "weights are not constant");
    rewriter.replaceOp(op, scaled->getResults());
    ++folded;
    return success();
  }
};

/// batch_norm(x) -> x * scale + shift
struct Expand : OpRewritePattern<BatchNormOp> {
  Expand(MLIRContext *context, Pass::Statistic &expanded) : OpRewritePattern(context), expanded(expanded) {}
  Pass::Statistic &expanded;

  LogicalResult matchAndRewrite(BatchNormOp op, PatternRewriter &rewriter) const override {
    auto affine = getAffine(op);
    if (!affine)
      return rewriter.notifyMatchFailure(op, "parameters are not constant");
    auto type = cast<RankedTensorType>(op.getInput().getType());
    SmallVector<int64_t> shape(type.getRank() - 1, 1);
    shape.front() = affine->scale.size();
    Location loc = op.getLoc();
    std::vector<float> scale(affine->scale.begin(), affine->scale.end());
    std::vector<float> shift(affine->shift.begin(), affine->shift.end());
    Value product = MulOp::create(rewriter, loc, type, op.getInput(),
                                  createConstant<float>(rewriter, op.getScale().getLoc(), shape, scale));
    rewriter.replaceOpWithNewOp<AddOp>(op, op.getType(), product,
                                       createConstant<float>(rewriter, op.getBias().getLoc(), shape, shift));
    ++expanded;
    return success();
  }
};

struct FoldBatchNorm : nibble::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoProduct>(&getContext(), folded);
    patterns.add<Expand>(&getContext(), expanded);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
