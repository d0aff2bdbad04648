// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fused multiply-add and rounding for processors without them, exact to the last bit.

#include "nibble/Dialect/UKernel/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "ukernel-expand-float-ops"

using namespace mlir;
using namespace mlir::LLVM;

namespace nibble::ukernel {
#define GEN_PASS_DEF_EXPANDFLOATOPS
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

/// `type` with elements of another type.
static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

static Value splatConstant(PatternRewriter &b, Location loc, Type type, TypedAttr value) {
  Attribute attr = value;
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(value));
  return ConstantOp::create(b, loc, type, attr);
}

namespace {
/// The product is exact in f64. The sum is rounded to odd: to the nearest, and where that was inexact and even, one
/// step towards the exact sum. Then rounding to f32 is as if from the exact sum, as f64 has more than two bits to
/// spare (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
struct ExpandFMA : OpRewritePattern<FMAOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FMAOp op, PatternRewriter &b) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Location loc = op.getLoc();
    Type wide = withElement(op.getType(), b.getF64Type()), bits = withElement(op.getType(), b.getI64Type());
    auto extend = [&](Value v) -> Value { return FPExtOp::create(b, loc, wide, v); };
    Value p = FMulOp::create(b, loc, extend(op.getA()), extend(op.getB())), c = extend(op.getC());
    // The sum and its exact error, by Knuth.
    Value sum = FAddOp::create(b, loc, p, c), back = FSubOp::create(b, loc, sum, p);
    Value lostOfP = FSubOp::create(b, loc, p, FSubOp::create(b, loc, sum, back));
    Value error = FAddOp::create(b, loc, lostOfP, FSubOp::create(b, loc, c, back));

    Value zero = splatConstant(b, loc, wide, b.getF64FloatAttr(0)), pattern = BitcastOp::create(b, loc, bits, sum);
    Value one = splatConstant(b, loc, bits, b.getI64IntegerAttr(1));
    Value minusOne = splatConstant(b, loc, bits, b.getI64IntegerAttr(-1));
    Value izero = splatConstant(b, loc, bits, b.getI64IntegerAttr(0));
    Value even = ICmpOp::create(b, loc, ICmpPredicate::eq, AndOp::create(b, loc, pattern, one), izero);
    Value inexact = FCmpOp::create(b, loc, FCmpPredicate::one, error, zero);
    // Away from zero where error and sum have one sign: one step up in the bit pattern.
    Value difference = XOrOp::create(b, loc, pattern, BitcastOp::create(b, loc, bits, error));
    Value opposite = ICmpOp::create(b, loc, ICmpPredicate::slt, difference, izero);
    Value step = SelectOp::create(b, loc, opposite, minusOne, one);
    Value moved = AddOp::create(b, loc, pattern, step);
    Value odd = SelectOp::create(b, loc, AndOp::create(b, loc, even, inexact), moved, pattern);
    b.replaceOpWithNewOp<FPTruncOp>(op, op.getType(), BitcastOp::create(b, loc, wide, odd));
    return success();
  }
};

// Below 2^23 adding and subtracting 2^23 with x's sign rounds to an integer; above, x is one.
static Value roundNearest(PatternRewriter &b, Location loc, Value x) {
  Type type = x.getType();
  Value limit = splatConstant(b, loc, type, b.getF32FloatAttr(0x1p23f));
  Value size = FAbsOp::create(b, loc, type, x), magic = CopySignOp::create(b, loc, type, limit, x);
  Value rounded = FSubOp::create(b, loc, FAddOp::create(b, loc, x, magic), magic);
  rounded = CopySignOp::create(b, loc, type, rounded, x);
  Value small = FCmpOp::create(b, loc, FCmpPredicate::olt, size, limit);
  return SelectOp::create(b, loc, small, rounded, x);
}

template <typename Op>
struct ExpandRound : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &b) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    b.replaceOp(op, roundNearest(b, op.getLoc(), op.getIn()));
    return success();
  }
};

/// Rounds to the nearest and goes one back where that was the wrong way; keeps the sign of zero.
template <typename Op, bool down>
struct ExpandDirected : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &b) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Location loc = op.getLoc();
    Value x = op.getIn(), nearest = roundNearest(b, loc, x);
    Value step = splatConstant(b, loc, x.getType(), b.getF32FloatAttr(down ? 1.0f : -1.0f));
    Value wrong = FCmpOp::create(b, loc, down ? FCmpPredicate::ogt : FCmpPredicate::olt, nearest, x);
    Value moved = SelectOp::create(b, loc, wrong, FSubOp::create(b, loc, nearest, step), nearest);
    b.replaceOpWithNewOp<CopySignOp>(op, x.getType(), moved, x);
    return success();
  }
};

struct ExpandFloatOps : nibble::ukernel::impl::ExpandFloatOpsBase<ExpandFloatOps> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandFMA, ExpandRound<RintOp>, ExpandRound<RoundEvenOp>, ExpandDirected<FFloorOp, true>,
                 ExpandDirected<FCeilOp, false>>(&getContext());
    GreedyRewriteConfig config;
    config.enableFolding(false);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};
} // namespace
