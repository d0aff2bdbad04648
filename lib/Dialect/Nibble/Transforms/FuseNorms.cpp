// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Spelling.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_FUSENORMS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fuse-norms"

using namespace mlir;
using namespace nibble;

namespace {

/// What the mean of rows is taken of.
struct RowMean {
  Value input;
  int64_t axis; // the first dimension of a row
};

/// If `value` is the mean of its operand's rows.
std::optional<RowMean> getRowMean(Value value) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReduceKind::Mean || !reduce.getKeepDims() || reduce.getAxes().empty())
    return std::nullopt;
  const int64_t rank = cast<RankedTensorType>(reduce.getInput().getType()).getRank();
  const int64_t first = reduce.getAxes().front();
  if (static_cast<int64_t>(reduce.getAxes().size()) != rank - first)
    return std::nullopt;
  return RowMean{reduce.getInput(), first};
}

/// x * x or pow(x, 2): x
Value getSquared(Value value) {
  if (auto mul = value.getDefiningOp<MulOp>())
    return mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
  auto power = value.getDefiningOp<PowOp>();
  return power && getUniform(power.getRhs()) == 2.0f ? power.getLhs() : Value();
}

/// sqrt(x) or pow(x, 1/2): x
Value getUnderRoot(Value value) {
  if (auto root = value.getDefiningOp<SqrtOp>())
    return root.getInput();
  auto power = value.getDefiningOp<PowOp>();
  return power && getUniform(power.getRhs()) == 0.5f ? power.getLhs() : Value();
}

/// 1 / sqrt(x) in any spelling: x
Value getUnderInverseRoot(Value value) {
  if (auto reciprocal = value.getDefiningOp<ReciprocalOp>())
    return getUnderRoot(reciprocal.getInput());
  if (auto quotient = value.getDefiningOp<DivOp>())
    return getUniform(quotient.getLhs()) == 1.0f ? getUnderRoot(quotient.getRhs()) : Value();
  auto power = value.getDefiningOp<PowOp>();
  return power && getUniform(power.getRhs()) == -0.5f ? power.getLhs() : Value();
}

/// A normalization that was recognized.
struct Norm {
  Value input;
  NormKind kind;
  int64_t axis;
  float epsilon;

  NormOp create(PatternRewriter &rewriter, Operation *op, Value scale, Value bias) const {
    return rewriter.replaceOpWithNewOp<NormOp>(op, op->getResult(0).getType(), input, scale, bias, kind, axis,
                                               APFloat(epsilon));
  }
};

/// `variance` is mean(d * d) + epsilon, and `centered` is d: what is normalized. d is x - mean(x), or all of x.
std::optional<Norm> getNorm(Value centered, Value variance) {
  float epsilon = 0;
  if (auto sum = variance.getDefiningOp<AddOp>()) {
    for (unsigned constant : {0, 1})
      if (std::optional<float> value = getUniform(sum->getOperand(constant))) {
        epsilon = *value;
        variance = sum->getOperand(1 - constant);
      }
  }
  std::optional<RowMean> mean = getRowMean(variance);
  if (!mean || getSquared(mean->input) != centered || !(epsilon >= 0) || !std::isfinite(epsilon))
    return std::nullopt;
  if (auto difference = centered.getDefiningOp<SubOp>())
    if (std::optional<RowMean> center = getRowMean(difference.getRhs());
        center && center->input == difference.getLhs() && center->axis == mean->axis)
      return Norm{center->input, NormKind::Layer, mean->axis, epsilon};
  return Norm{centered, NormKind::RMS, mean->axis, epsilon};
}

/// A product or quotient as the normalization that it ends.
std::optional<Norm> getNorm(Operation *op) {
  if (auto quotient = dyn_cast<DivOp>(op))
    if (Value variance = getUnderRoot(quotient.getRhs()))
      return getNorm(quotient.getLhs(), variance);
  if (!isa<MulOp>(op))
    return std::nullopt;
  for (unsigned factor : {0, 1})
    if (Value variance = getUnderInverseRoot(op->getOperand(factor)))
      if (auto norm = getNorm(op->getOperand(1 - factor), variance))
        return norm;
  return std::nullopt;
}

template <typename Op>
struct FuseNorm : OpRewritePattern<Op> {
  FuseNorm(MLIRContext *context, Pass::Statistic &fused) : OpRewritePattern<Op>(context), fused(fused) {}
  Pass::Statistic &fused;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    std::optional<Norm> norm = getNorm(op);
    if (!norm || norm->input.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "does not divide by a deviation");
    norm->create(rewriter, op, Value(), Value());
    ++fused;
    return success();
  }
};

/// `value` has one element for each of a row of `norm`, perhaps behind extents of 1; its shape becomes the row's.
Value getRowParameter(PatternRewriter &rewriter, Value value, ShapedType normalized, int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  ArrayRef<int64_t> row = normalized.getShape().drop_front(axis), shape = type.getShape();
  if (ShapedType::isDynamicShape(row) || shape.size() < row.size() || shape.take_back(row.size()) != row ||
      llvm::any_of(shape.drop_back(row.size()), [](int64_t extent) { return extent != 1; }))
    return Value();
  if (shape == row)
    return value;
  return ReshapeOp::create(rewriter, value.getLoc(), type.clone(row), value);
}

/// norm(x) * s and norm(x) + b -> the norm with a scale, or with a bias
template <typename Op>
struct FuseParameter : OpRewritePattern<Op> {
  FuseParameter(MLIRContext *context, Pass::Statistic &absorbed) : OpRewritePattern<Op>(context), absorbed(absorbed) {}
  Pass::Statistic &absorbed;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    for (unsigned operand : {0, 1}) {
      auto norm = op->getOperand(operand).template getDefiningOp<NormOp>();
      if (!norm || !norm->hasOneUse() || norm.getBias() || (std::is_same_v<Op, MulOp> && norm.getScale()) ||
          norm.getType() != op.getType())
        continue;
      Value parameter = getRowParameter(rewriter, op->getOperand(1 - operand), norm.getType(), norm.getAxis());
      if (!parameter)
        continue;
      Value scale = std::is_same_v<Op, MulOp> ? parameter : norm.getScale();
      Value bias = std::is_same_v<Op, MulOp> ? Value() : parameter;
      rewriter.replaceOpWithNewOp<NormOp>(op, op.getType(), norm.getInput(), scale, bias, norm.getKind(),
                                          norm.getAxis(), norm.getEpsilon());
      ++absorbed;
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no norm of its own and a value a column");
  }
};

/// x * s + (b - mean(x) * s), s being g / sqrt(variance + epsilon): how TensorFlow writes a layer normalization.
struct FuseDistributed : OpRewritePattern<AddOp> {
  FuseDistributed(MLIRContext *context, Pass::Statistic &fused) : OpRewritePattern(context), fused(fused) {}
  Pass::Statistic &fused;

  /// The other factor of a product; null if `factor` is none.
  static Value getOtherFactor(Value product, Value factor) {
    auto mul = product.getDefiningOp<MulOp>();
    if (!mul || (mul.getLhs() != factor && mul.getRhs() != factor))
      return Value();
    return mul.getLhs() == factor ? mul.getRhs() : mul.getLhs();
  }

  /// The normalization of x whose mean is `mean`, by the factor 1 / sqrt(variance + epsilon).
  static std::optional<Norm> getDistributed(Value x, Value mean, Value factor) {
    Value variance = getUnderInverseRoot(factor);
    if (!variance)
      return std::nullopt;
    for (Operation *user : x.getUsers())
      if (auto difference = dyn_cast<SubOp>(user); difference && difference.getRhs() == mean)
        if (auto norm = getNorm(difference.getResult(), variance); norm && norm->input == x)
          return norm;
    return std::nullopt;
  }

  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    auto scaled = op.getLhs().getDefiningOp<MulOp>();
    auto shifted = op.getRhs().getDefiningOp<SubOp>();
    if (!scaled || !shifted)
      return rewriter.notifyMatchFailure(op, "not a product and a difference");
    for (unsigned which : {0, 1}) {
      Value x = scaled->getOperand(which), factor = scaled->getOperand(1 - which);
      Value mean = getOtherFactor(shifted.getRhs(), factor);
      auto gain = factor.getDefiningOp<MulOp>();
      if (!mean || !gain || x.getType() != op.getType())
        continue;
      for (unsigned root : {0, 1}) {
        auto norm = getDistributed(x, mean, gain->getOperand(root));
        auto type = cast<ShapedType>(x.getType());
        Value scale = norm ? getRowParameter(rewriter, gain->getOperand(1 - root), type, norm->axis) : Value();
        Value bias = scale ? getRowParameter(rewriter, shifted.getLhs(), type, norm->axis) : Value();
        if (!bias)
          continue;
        norm->create(rewriter, op, scale, bias);
        ++fused;
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "not a layer normalization");
  }
};

struct FuseNorms : nibble::impl::FuseNormsBase<FuseNorms> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseNorm<MulOp>, FuseNorm<DivOp>, FuseDistributed>(&getContext(), fused);
    patterns.add<FuseParameter<MulOp>, FuseParameter<AddOp>>(&getContext(), absorbed);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
