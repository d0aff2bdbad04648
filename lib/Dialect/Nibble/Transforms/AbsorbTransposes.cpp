// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Layouts.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Support/Constants.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <numeric>

namespace nibble {
#define GEN_PASS_DEF_ABSORBTRANSPOSES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-absorb-transposes"

using namespace mlir;
using namespace nibble;

namespace {

/// transpose(x) -> reshape(x), if only dimensions of extent 1 move.
struct TransposeToReshape : OpRewritePattern<TransposeOp> {
  TransposeToReshape(MLIRContext *context, Pass::Statistic &absorbed) : OpRewritePattern(context), absorbed(absorbed) {}
  Pass::Statistic &absorbed;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    if (!isTransposeReshape(type, op.getPermutation()) || type.getNumDynamicDims() > 1)
      return rewriter.notifyMatchFailure(op, "elements change their places");
    if (isa<quant::UniformQuantizedPerAxisType>(type.getElementType()))
      return rewriter.notifyMatchFailure(op, "quantized per axis");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    ++absorbed;
    return success();
  }
};

/// reshape(reshape(x)) -> reshape(x) or x
struct ComposeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto first = op.getInput().getDefiningOp<ReshapeOp>();
    if (!first)
      return rewriter.notifyMatchFailure(op, "no reshape before it");
    // More dynamic extents than one may be others.
    auto type = cast<RankedTensorType>(op.getType());
    if (first.getInput().getType() == type && type.getNumDynamicDims() <= 1)
      rewriter.replaceOp(op, first.getInput());
    else
      rewriter.replaceOpWithNewOp<ReshapeOp>(op, type, first.getInput(), op.getExtentsAttr());
    return success();
  }
};

/// matmul(reshape(transpose(x)), w) -> matmul(reshape(x), w') with the rows of the constant w permuted. Elementwise
/// functions may stand between the reshape and the matmul.
struct PermuteRows : OpRewritePattern<MatMulOp> {
  PermuteRows(MLIRContext *context, Pass::Statistic &absorbed) : OpRewritePattern(context), absorbed(absorbed) {}
  Pass::Statistic &absorbed;

  LogicalResult matchAndRewrite(MatMulOp op, PatternRewriter &rewriter) const override {
    Value value = op.getLhs();
    while (Operation *function = value.getDefiningOp()) {
      if (!isa<UnaryFunction>(function) || !value.hasOneUse())
        break;
      value = function->getOperand(0);
    }
    auto reshape = value.getDefiningOp<ReshapeOp>();
    auto transpose = reshape ? reshape.getInput().getDefiningOp<TransposeOp>() : TransposeOp();
    if (!transpose || !value.hasOneUse())
      return rewriter.notifyMatchFailure(op, "no flattened transpose of its own before it");
    auto image = cast<RankedTensorType>(transpose.getType()), flat = cast<RankedTensorType>(reshape.getType());
    if (flat.getRank() != 2 || transpose.getPermutation()[0] != 0 || image.getDimSize(0) != flat.getDimSize(0) ||
        ShapedType::isDynamicShape(image.getShape().drop_front()))
      return rewriter.notifyMatchFailure(op, "the reshape does not flatten all but the first dimension");
    auto weights = getConstantValues<float>(op.getRhs());
    auto weightsType = cast<RankedTensorType>(op.getRhs().getType());
    if (!weights || weightsType.getRank() != 2)
      return rewriter.notifyMatchFailure(op, "the rhs is no f32 constant matrix");

    // Row k of the weights belongs to element k of the transposed image; see each row as one element of an image.
    const int64_t rows = weightsType.getDimSize(0), columns = weightsType.getDimSize(1);
    std::vector<int64_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    SmallVector<int64_t> permutation;
    for (int64_t p : invertPermutation(transpose.getPermutation()))
      if (p != 0)
        permutation.push_back(p - 1);
    order = transposeValues<int64_t>(order, image.getShape().drop_front(), permutation);
    std::vector<float> permuted;
    permuted.reserve(weights->size());
    for (int64_t row : order)
      permuted.insert(permuted.end(), weights->begin() + row * columns, weights->begin() + (row + 1) * columns);

    Value rhs = createConstant<float>(rewriter, op.getRhs().getLoc(), weightsType, permuted);
    rewriter.modifyOpInPlace(op, [&] { op.getRhsMutable().assign(rhs); });
    rewriter.modifyOpInPlace(reshape, [&] { reshape.getInputMutable().assign(transpose.getInput()); });
    ++absorbed;
    return success();
  }
};

struct AbsorbTransposes : nibble::impl::AbsorbTransposesBase<AbsorbTransposes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<TransposeToReshape, PermuteRows>(&getContext(), absorbed);
    patterns.add<ComposeReshapes>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
