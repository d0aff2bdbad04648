// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Spelling.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace nibble {
#define GEN_PASS_DEF_FUSEACTIVATIONS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fuse-activations"

using namespace mlir;
using namespace nibble;

namespace {

/// `value * factor`, written as a product or a quotient: the value.
Value getScaled(Value value, float factor) {
  if (auto mul = value.getDefiningOp<MulOp>())
    return getOther(mul, factor);
  if (auto div = value.getDefiningOp<DivOp>())
    return getOther(div, 1.0f / factor);
  return Value();
}

/// clip(x + 3, 0, 6): x
Value getShiftedRelu6(Value value) {
  auto clip = value.getDefiningOp<ClipOp>();
  if (!clip || !clip.getMin().isZero() || clip.getMax().convertToFloat() != 6.0f)
    return Value();
  auto add = clip.getInput().getDefiningOp<AddOp>();
  return add ? getOther(add, 3.0f) : Value();
}

/// The x of hard_sigmoid(x, 1/6, 1/2), in one operation or spelled out.
Value getHardSigmoid(Value value) {
  if (auto op = value.getDefiningOp<HardSigmoidOp>()) {
    bool sixth = std::fabs(op.getAlpha().convertToFloat() - 1.0f / 6.0f) < 1e-6f;
    return sixth && op.getBeta().convertToFloat() == 0.5f ? op.getInput() : Value();
  }
  Value shifted = getScaled(value, 1.0f / 6.0f);
  return shifted ? getShiftedRelu6(shifted) : Value();
}

/// The x of 1 + erf(x / sqrt(2)).
Value getErfTerm(Value value) {
  auto add = value.getDefiningOp<AddOp>();
  Value term = add ? getOther(add, 1.0f) : Value();
  auto erf = term ? term.getDefiningOp<ErfOp>() : ErfOp();
  return erf ? getScaled(erf.getInput(), static_cast<float>(M_SQRT1_2)) : Value();
}

/// The operands of a product, in both orders.
template <typename Match>
Value matchProduct(Value value, Match match) {
  auto mul = value.getDefiningOp<MulOp>();
  if (!mul)
    return Value();
  if (Value x = match(mul.getLhs(), mul.getRhs()))
    return x;
  return match(mul.getRhs(), mul.getLhs());
}

/// x * sigmoid(x)
Value matchSilu(Value value) {
  return matchProduct(value, [](Value x, Value gate) {
    auto sigmoid = gate.getDefiningOp<SigmoidOp>();
    return sigmoid && sigmoid.getInput() == x ? x : Value();
  });
}

/// x * hard_sigmoid(x), or (x * clip(x + 3, 0, 6)) / 6
Value matchHardSwish(Value value) {
  if (Value x = matchProduct(value, [](Value x, Value gate) { return getHardSigmoid(gate) == x ? x : Value(); }))
    return x;
  Value scaled = getScaled(value, 1.0f / 6.0f);
  return scaled ? matchProduct(scaled, [](Value x, Value gate) { return getShiftedRelu6(gate) == x ? x : Value(); })
                : Value();
}

/// x / 2 * (1 + erf(x / sqrt(2))), in any order of the factors
Value matchGelu(Value value) {
  if (Value x = matchProduct(value, [](Value half, Value term) {
        Value x = getErfTerm(term);
        return x && getScaled(half, 0.5f) == x ? x : Value();
      }))
    return x;
  Value scaled = getScaled(value, 0.5f);
  return scaled ? matchProduct(scaled, [](Value x, Value term) { return getErfTerm(term) == x ? x : Value(); })
                : Value();
}

/// The patterns are rooted at the product or quotient that comes last.
template <typename Root, typename Function, Value (*match)(Value)>
struct Fuse : OpRewritePattern<Root> {
  Fuse(MLIRContext *context, Pass::Statistic &fused) : OpRewritePattern<Root>(context, 2), fused(fused) {}
  Pass::Statistic &fused;

  LogicalResult matchAndRewrite(Root op, PatternRewriter &rewriter) const override {
    Value x = match(op.getResult());
    if (!x || x.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no spelled-out activation");
    rewriter.replaceOpWithNewOp<Function>(op, op.getType(), x);
    ++fused;
    return success();
  }
};

/// max(x, lo) and min(x, hi) -> clip or relu, clips of clips -> clip, clip(x, 0, inf) -> relu
template <typename Op>
struct FuseClip : OpRewritePattern<Op> {
  FuseClip(MLIRContext *context, Pass::Statistic &fused) : OpRewritePattern<Op>(context), fused(fused) {}
  Pass::Statistic &fused;
  using Bounds = std::tuple<Value, float, float>;

  static std::optional<Bounds> getBounds(Operation *op) {
    const float infinity = std::numeric_limits<float>::infinity();
    if (auto clip = dyn_cast_or_null<ClipOp>(op))
      return Bounds(clip.getInput(), clip.getMin().convertToFloat(), clip.getMax().convertToFloat());
    if (!isa_and_nonnull<MinOp, MaxOp>(op))
      return std::nullopt;
    for (unsigned constant : {1, 0}) {
      Value x = op->getOperand(1 - constant);
      std::optional<float> bound = getUniform(op->getOperand(constant));
      if (!bound || std::isnan(*bound) || x.getType() != op->getResult(0).getType())
        continue;
      return isa<MinOp>(op) ? Bounds(x, -infinity, *bound) : Bounds(x, *bound, infinity);
    }
    return std::nullopt;
  }

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto bounds = getBounds(op);
    if (!bounds)
      return rewriter.notifyMatchFailure(op, "no constant bound");
    auto [x, lo, hi] = *bounds;
    auto inner = x.hasOneUse() ? getBounds(x.getDefiningOp()) : std::nullopt;
    if (inner) {
      const float innerLo = std::get<1>(*inner), innerHi = std::get<2>(*inner);
      x = std::get<0>(*inner);
      hi = std::min(std::max(innerHi, lo), hi);
      lo = std::min(std::max(innerLo, lo), hi);
    }
    if (lo == 0.0f && std::isinf(hi))
      rewriter.replaceOpWithNewOp<ReluOp>(op, op.getType(), x);
    else if (inner || !isa<ClipOp>(op))
      rewriter.replaceOpWithNewOp<ClipOp>(op, op.getType(), x, APFloat(lo), APFloat(hi));
    else
      return rewriter.notifyMatchFailure(op, "already a clip");
    ++fused;
    return success();
  }
};

struct FuseActivations : nibble::impl::FuseActivationsBase<FuseActivations> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Fuse<MulOp, SiluOp, matchSilu>, Fuse<MulOp, HardSwishOp, matchHardSwish>,
                 Fuse<DivOp, HardSwishOp, matchHardSwish>, Fuse<MulOp, GeluOp, matchGelu>,
                 Fuse<DivOp, GeluOp, matchGelu>, FuseClip<ClipOp>, FuseClip<MinOp>, FuseClip<MaxOp>>(&getContext(),
                                                                                                     fused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
