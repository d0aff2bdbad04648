// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/Nibble/Spelling.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace nibble {
#define GEN_PASS_DEF_FUSEMASKS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fuse-masks"

using namespace mlir;
using namespace nibble;

namespace {

/// `value * factor` or `value / (1 / factor)` for one number: the value.
Value getScaled(Value scaled, float &factor) {
  Operation *op = scaled.getDefiningOp();
  if (!isa_and_nonnull<MulOp, DivOp>(op))
    return Value();
  for (unsigned constant : {1, 0}) {
    std::optional<float> number = getUniform(op->getOperand(constant));
    Value value = op->getOperand(1 - constant);
    if (!number || value.getType() != scaled.getType())
      continue;
    if (isa<DivOp>(op) && constant == 0)
      return Value();
    factor = isa<MulOp>(op) ? *number : 1.0f / *number;
    return value;
  }
  return Value();
}

/// Whether `value` is a product of two activations, or what a model stores of one, perhaps scaled: scores, whose sum
/// with a mask a softmax takes. What is added to a product with weights is its bias.
bool isScores(Value value) {
  float factor;
  while (Value inner = getScaled(value, factor))
    value = inner;
  if (auto product = value.getDefiningOp<MatMulOp>())
    return !product.getRhs().getDefiningOp<ConstantOp>() && !product.getLhs().getDefiningOp<ConstantOp>();
  return isa_and_nonnull<DequantizeOp>(value.getDefiningOp());
}

/// softmax(scores + mask) -> softmax(scores) mask
struct FuseMask : OpRewritePattern<SoftmaxOp> {
  FuseMask(MLIRContext *context, Pass::Statistic &masks) : OpRewritePattern(context), masks(masks) {}
  Pass::Statistic &masks;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto sum = op.getInput().getDefiningOp<AddOp>();
    if (!sum || op.getMask() || !op.getScale().isExactlyValue(1.0))
      return rewriter.notifyMatchFailure(op, "no sum before it, or a mask or a scale already");
    for (unsigned mask : {1, 0}) {
      Value scores = sum->getOperand(1 - mask), other = sum->getOperand(mask);
      if (scores.getType() != op.getType() || !isScores(scores) || isScores(other))
        continue;
      rewriter.modifyOpInPlace(op, [&] {
        op.getInputMutable().assign(scores);
        op.getMaskMutable().assign(other);
      });
      ++masks;
      return success();
    }
    return rewriter.notifyMatchFailure(op, "not the sum of a product and something else");
  }
};

/// A choice between scores and one number, by a tensor of booleans.
struct Choice {
  Value condition, scores;
  float fill;
  bool fillsWhereTrue;
};

/// The input of `program` whose element at the last dimensions' indices `element` is; null if there is no such.
Value getReadInput(GenerateOp program, Value element) {
  auto read = element.getDefiningOp<ReadOp>();
  auto tensor = read ? dyn_cast<BlockArgument>(read.getTensor()) : BlockArgument();
  if (!tensor)
    return Value();
  const unsigned rank = program.getType().getRank(), own = read.getIndices().size();
  for (auto [i, index] : llvm::enumerate(read.getIndices()))
    if (index != program.getIndex(rank - own + i))
      return Value();
  return program.getInputs()[tensor.getArgNumber() - rank];
}

std::optional<Choice> getChoice(GenerateOp program) {
  auto select = cast<YieldOp>(program.getBody().front().getTerminator()).getValue().getDefiningOp<arith::SelectOp>();
  Value condition = select ? getReadInput(program, select.getCondition()) : Value();
  if (!condition)
    return std::nullopt;
  for (bool fillsWhereTrue : {true, false}) {
    Value fill = getReadInput(program, fillsWhereTrue ? select.getTrueValue() : select.getFalseValue());
    Value scores = getReadInput(program, fillsWhereTrue ? select.getFalseValue() : select.getTrueValue());
    std::optional<float> number = fill ? getUniform(fill) : std::nullopt;
    if (number && scores && scores.getType() == program.getType())
      return Choice{condition, scores, *number, fillsWhereTrue};
  }
  return std::nullopt;
}

/// softmax(where(c, -1e9, scores)) -> softmax(scores) mask where(c, -1e9, 0), for numbers that no sum with a score
/// changes
struct FuseChoice : OpRewritePattern<SoftmaxOp> {
  FuseChoice(MLIRContext *context, Pass::Statistic &masks) : OpRewritePattern(context), masks(masks) {}
  Pass::Statistic &masks;

  /// `extents` of the program that makes the condition; null if it is something else.
  static ExtentsAttr getExtents(Value condition) {
    auto program = condition.getDefiningOp<GenerateOp>();
    return program ? program.getExtentsAttr() : ExtentsAttr();
  }

  static Value createMask(PatternRewriter &rewriter, Location loc, const Choice &choice) {
    auto condition = cast<RankedTensorType>(choice.condition.getType());
    auto program = GenerateOp::create(rewriter, loc, condition.clone(rewriter.getF32Type()), choice.condition,
                                      getExtents(choice.condition));
    OpBuilder::InsertionGuard guard(rewriter);
    Block &block = program.getBody().emplaceBlock();
    for (int64_t i = 0; i < condition.getRank(); ++i)
      block.addArgument(rewriter.getIndexType(), loc);
    block.addArgument(condition, loc);
    rewriter.setInsertionPointToStart(&block);
    Value element = ReadOp::create(rewriter, loc, rewriter.getI1Type(), block.getArguments().back(),
                                   ValueRange(block.getArguments()).drop_back());
    auto number = [&](float value) -> Value {
      return arith::ConstantOp::create(rewriter, loc, rewriter.getF32FloatAttr(value));
    };
    Value fill = number(choice.fill), zero = number(0.0f);
    Value chosen = choice.fillsWhereTrue ? arith::SelectOp::create(rewriter, loc, element, fill, zero)
                                         : arith::SelectOp::create(rewriter, loc, element, zero, fill);
    YieldOp::create(rewriter, loc, chosen);
    return program.getResult();
  }

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    constexpr float leastFill = -1e8f;
    auto program = op.getInput().getDefiningOp<GenerateOp>();
    auto choice = program && !op.getMask() && op.getScale().isExactlyValue(1.0) ? getChoice(program) : std::nullopt;
    if (!choice || !(choice->fill <= leastFill) || !isScores(choice->scores) ||
        !(cast<RankedTensorType>(choice->condition.getType()).hasStaticShape() || getExtents(choice->condition)))
      return rewriter.notifyMatchFailure(op, "not a choice between scores and a large negative number");
    Value mask = createMask(rewriter, program.getLoc(), *choice);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(choice->scores);
      op.getMaskMutable().assign(mask);
    });
    ++masks;
    return success();
  }
};

/// softmax(scores * c) -> softmax(scores), scaled
struct FuseScale : OpRewritePattern<SoftmaxOp> {
  FuseScale(MLIRContext *context, Pass::Statistic &scales) : OpRewritePattern(context), scales(scales) {}
  Pass::Statistic &scales;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    float factor = 1;
    Value scores = getScaled(op.getInput(), factor);
    const float scale = op.getScale().convertToFloat() * factor;
    if (!scores || !isScores(scores) || !std::isnormal(scale) || scale < 0)
      return rewriter.notifyMatchFailure(op, "no scaled product before it");
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(scores);
      op.setScale(APFloat(scale));
    });
    ++scales;
    return success();
  }
};

struct FuseMasks : nibble::impl::FuseMasksBase<FuseMasks> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseMask, FuseChoice>(&getContext(), masks);
    patterns.add<FuseScale>(&getContext(), scales);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
