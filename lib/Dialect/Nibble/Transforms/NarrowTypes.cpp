// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Types.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_NARROWTYPES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-narrow-types"

using namespace mlir;
using namespace nibble;

namespace {

/// dequantize(quantize(clip(x))) -> dequantize(quantize(x)) by a type whose stored values are those that remain.
struct NarrowType : OpRewritePattern<QuantizeOp> {
  NarrowType(MLIRContext *context, Pass::Statistic &narrowed) : OpRewritePattern(context), narrowed(narrowed) {}
  Pass::Statistic &narrowed;

  LogicalResult matchAndRewrite(QuantizeOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<quant::UniformQuantizedType>(cast<RankedTensorType>(op.getType()).getElementType());
    Operation *clamp = op.getInput().getDefiningOp();
    auto bounds = getClampBounds(clamp);
    if (!type || !bounds)
      return rewriter.notifyMatchFailure(op, "quantized per axis, or no relu or clip before it");
    // quantize(clip(dequantize(q))) is a function of bytes: a table.
    if (!clamp->hasOneUse() || clamp->getOperand(0).getDefiningOp<DequantizeOp>())
      return rewriter.notifyMatchFailure(op, "the clip has other uses, or is a function of bytes");
    if (!llvm::all_of(op->getUsers(), llvm::IsaPred<DequantizeOp>))
      return rewriter.notifyMatchFailure(op, "something but a dequantize reads the stored values");
    quant::UniformQuantizedType narrow = narrowType(type, *bounds);
    if (!impliesClamp(narrow, *bounds))
      return rewriter.notifyMatchFailure(op, "the clip leaves out the zero point");
    auto tensor = cast<RankedTensorType>(op.getType()).clone(narrow);
    rewriter.replaceOpWithNewOp<QuantizeOp>(op, tensor, clamp->getOperand(0));
    ++narrowed;
    return success();
  }
};

struct NarrowTypes : nibble::impl::NarrowTypesBase<NarrowTypes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<NarrowType>(&getContext(), narrowed);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
