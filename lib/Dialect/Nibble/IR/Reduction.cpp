// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How nibble-reduce makes a graph simpler.

#include "nibble/Dialect/Nibble/Nibble.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Reducer/ReductionPatternInterface.h"

using namespace mlir;
using namespace nibble;

namespace {
/// An operation gives way to an operand of the same type.
struct ReplaceByOperand : RewritePattern {
  explicit ReplaceByOperand(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<NibbleDialect>(op->getDialect()) || op->getNumResults() != 1)
      return failure();
    for (Value operand : op->getOperands())
      if (operand.getType() == op->getResult(0).getType()) {
        rewriter.replaceOp(op, operand);
        return success();
      }
    return failure();
  }
};

struct ReductionPatterns : DialectReductionPatternInterface {
  explicit ReductionPatterns(Dialect *dialect) : DialectReductionPatternInterface(dialect) {}

  void populateReductionPatterns(RewritePatternSet &patterns) const override {
    patterns.add<ReplaceByOperand>(patterns.getContext());
  }
};
} // namespace

namespace nibble {
void addReductionPatterns(NibbleDialect &dialect) { dialect.addInterfaces<ReductionPatterns>(); }
} // namespace nibble
