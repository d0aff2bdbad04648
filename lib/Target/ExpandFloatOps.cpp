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
/// A sum or product in f64, and its exact error.
struct Exact {
  Value value, error;
};

/// Arithmetic on f64, or vectors of it, with exact errors.
class WideArith {
public:
  WideArith(PatternRewriter &b, Location loc, Type like)
      : b(b), loc(loc), wide(withElement(like, b.getF64Type())), bits(withElement(like, b.getI64Type())) {}

  Value extend(Value v) { return FPExtOp::create(b, loc, wide, v); }
  Value add(Value x, Value y) { return FAddOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return FSubOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return FMulOp::create(b, loc, x, y); }

  /// By Knuth.
  Exact sum(Value x, Value y) {
    Value value = add(x, y), back = sub(value, x);
    return {value, add(sub(x, sub(value, back)), sub(y, back))};
  }

  /// By Dekker: exact where nothing overflows and the error does not underflow.
  Exact product(Value x, Value y) {
    Exact p{mul(x, y), Value()}, xs = split(x), ys = split(y);
    Value rest = sub(mul(xs.value, ys.value), p.value);
    rest = add(add(rest, mul(xs.value, ys.error)), mul(xs.error, ys.value));
    p.error = add(rest, mul(xs.error, ys.error));
    return p;
  }

  /// The sum rounded to odd: to the nearest, and where that was inexact and even, one step towards the exact sum.
  Value roundToOdd(Exact sum);

private:
  Value i64(int64_t c) { return splatConstant(b, loc, bits, b.getI64IntegerAttr(c)); }
  Value f64(double c) { return splatConstant(b, loc, wide, b.getF64FloatAttr(c)); }

  /// High and low half of the significand, by Veltkamp.
  Exact split(Value x) {
    Value scaled = mul(x, f64(0x1p27 + 1)), high = sub(scaled, sub(scaled, x));
    return {high, sub(x, high)};
  }

  PatternRewriter &b;
  Location loc;
  Type wide, bits;
};
} // namespace

Value WideArith::roundToOdd(Exact sum) {
  Value pattern = BitcastOp::create(b, loc, bits, sum.value);
  Value even = ICmpOp::create(b, loc, ICmpPredicate::eq, AndOp::create(b, loc, pattern, i64(1)), i64(0));
  Value inexact = FCmpOp::create(b, loc, FCmpPredicate::one, sum.error, f64(0));
  // Away from zero where error and sum have one sign: one step up in the bit pattern.
  Value difference = XOrOp::create(b, loc, pattern, BitcastOp::create(b, loc, bits, sum.error));
  Value opposite = ICmpOp::create(b, loc, ICmpPredicate::slt, difference, i64(0));
  Value moved = AddOp::create(b, loc, pattern, SelectOp::create(b, loc, opposite, i64(-1), i64(1)));
  Value odd = SelectOp::create(b, loc, AndOp::create(b, loc, even, inexact), moved, pattern);
  return BitcastOp::create(b, loc, wide, odd);
}

namespace {
/// Of f32: the product is exact in f64, and the sum rounded to odd there becomes f32 as if from the exact sum, as f64
/// has more than two bits to spare. Of f64: product and sums with their errors, the two errors added with rounding to
/// odd (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008); exact where the product lies within
/// 2^-900 and 2^900, as all that the functions of Functions.h form do.
struct ExpandFMA : OpRewritePattern<FMAOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FMAOp op, PatternRewriter &b) const override {
    WideArith a(b, op.getLoc(), op.getType());
    if (getElementTypeOrSelf(op.getType()).isF64()) {
      Exact product = a.product(op.getA(), op.getB()), low = a.sum(op.getC(), product.error);
      Exact high = a.sum(product.value, low.value);
      b.replaceOp(op, a.add(high.value, a.roundToOdd(a.sum(low.error, high.error))));
      return success();
    }
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Value product = a.mul(a.extend(op.getA()), a.extend(op.getB()));
    Value sum = a.roundToOdd(a.sum(product, a.extend(op.getC())));
    b.replaceOpWithNewOp<FPTruncOp>(op, op.getType(), sum);
    return success();
  }
};

static bool isRounded(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF32() || element.isF64();
}

static Value floatConstant(PatternRewriter &b, Location loc, Type type, double value) {
  return splatConstant(b, loc, type, b.getFloatAttr(getElementTypeOrSelf(type), value));
}

// Below 2^23 (2^52 of f64) adding and subtracting that with x's sign rounds to an integer; above, x is one.
static Value roundNearest(PatternRewriter &b, Location loc, Value x) {
  Type type = x.getType();
  Value limit = floatConstant(b, loc, type, getElementTypeOrSelf(type).isF32() ? 0x1p23 : 0x1p52);
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
    if (!isRounded(op.getType()))
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
    if (!isRounded(op.getType()))
      return failure();
    Location loc = op.getLoc();
    Value x = op.getIn(), nearest = roundNearest(b, loc, x);
    Value step = floatConstant(b, loc, x.getType(), down ? 1.0 : -1.0);
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
