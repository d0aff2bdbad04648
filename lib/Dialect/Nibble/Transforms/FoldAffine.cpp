// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Support/Constants.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDAFFINE
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-affine"

using namespace mlir;
using namespace nibble;

namespace {

/// `constant` as one number an output channel of `product`; nullopt if it varies along another dimension or
/// enlarges the result.
std::optional<std::vector<double>> getPerChannel(const Product &product, Value constant) {
  auto type = cast<RankedTensorType>(constant.getType());
  auto result = cast<RankedTensorType>(product.op->getResult(0).getType());
  if (type.getRank() > result.getRank())
    return std::nullopt;
  const int64_t channelDim = product.resultChannelDim - (result.getRank() - type.getRank());
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (type.getDimSize(d) != 1 && d != channelDim)
      return std::nullopt;
  auto values = getConstantValues<float>(constant);
  if (!values || (values->size() != 1 && static_cast<int64_t>(values->size()) != product.channels))
    return std::nullopt;
  std::vector<double> perChannel(values->begin(), values->end());
  if (perChannel.size() == 1)
    perChannel.assign(product.channels, perChannel.front());
  return perChannel;
}

/// Op(product(x), constant) or Op(constant, product(x)) -> product'(x), Op being add, sub, mul or div.
template <typename Op>
struct FoldIntoProduct : OpRewritePattern<Op> {
  FoldIntoProduct(MLIRContext *context, Pass::Statistic &folded) : OpRewritePattern<Op>(context), folded(folded) {}
  Pass::Statistic &folded;

  /// The function that `op` applies to the product as scale and shift; `reversed` if the constant comes first.
  static LogicalResult getAffine(std::vector<double> &scale, std::vector<double> &shift, bool reversed) {
    // On entry `shift` holds the constant and `scale` ones.
    if (std::is_same_v<Op, MulOp>) {
      std::swap(scale, shift);
      std::fill(shift.begin(), shift.end(), 0.0);
    } else if (std::is_same_v<Op, DivOp>) {
      if (reversed || llvm::is_contained(shift, 0.0))
        return failure();
      for (size_t c = 0; c < scale.size(); ++c)
        scale[c] = 1.0 / shift[c];
      std::fill(shift.begin(), shift.end(), 0.0);
    } else if (std::is_same_v<Op, SubOp>) {
      for (double &value : reversed ? scale : shift)
        value = -value;
    }
    return success();
  }

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    const bool reversed = static_cast<bool>(getConstantAttr(op.getLhs()));
    Value input = reversed ? op.getRhs() : op.getLhs(), constant = reversed ? op.getLhs() : op.getRhs();
    auto product = getProduct(input.getDefiningOp());
    if (!product || !input.hasOneUse() || input.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no product of its own before it");
    auto shift = getPerChannel(*product, constant);
    if (!shift)
      return rewriter.notifyMatchFailure(op, "the other operand is no constant per output channel");
    std::vector<double> scale(product->channels, 1.0);
    if (failed(getAffine(scale, *shift, reversed)))
      return rewriter.notifyMatchFailure(op, "not an affine function of the product");
    Operation *scaled = createScaledProduct(rewriter, op.getLoc(), *product, scale, *shift);
    if (!scaled)
      return rewriter.notifyMatchFailure(op, "weights are not constant");
    rewriter.replaceOp(op, scaled->getResults());
    ++folded;
    return success();
  }
};

struct FoldAffine : nibble::impl::FoldAffineBase<FoldAffine> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoProduct<AddOp>, FoldIntoProduct<SubOp>, FoldIntoProduct<MulOp>, FoldIntoProduct<DivOp>>(
        &getContext(), folded);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
