// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Dialect/Nibble/Storage.h"
#include "nibble/Quantization/Types.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Numerics.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_BUILDTABLES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-build-tables"

using namespace mlir;
using namespace nibble;

namespace {

/// A constant of 256 bytes, given as the values modulo 256.
Value createTable(OpBuilder &builder, Location loc, Type element, ArrayRef<uint8_t> values) {
  auto type = RankedTensorType::get({256}, element);
  if (element.isUnsignedInteger())
    return createConstant<uint8_t>(builder, loc, type, values);
  return createConstant<int8_t>(builder, loc, type,
                                ArrayRef<int8_t>(reinterpret_cast<const int8_t *>(values.data()), values.size()));
}

/// The function of one variable of a quantized value -> a table of quantize(f(dequantize(q))).
struct BuildTable : OpInterfaceRewritePattern<UnaryFunction> {
  BuildTable(MLIRContext *context, Pass::Statistic &built) : OpInterfaceRewritePattern(context), built(built) {}
  Pass::Statistic &built;

  LogicalResult matchAndRewrite(UnaryFunction op, PatternRewriter &rewriter) const override {
    Value input = op->getOperand(0), result = op->getResult(0);
    auto inputType = getPerTensorType(input), resultType = getPerTensorType(result);
    if (!inputType || !resultType || inputType.getStorageTypeIntegralWidth() != 8 ||
        resultType.getStorageTypeIntegralWidth() != 8)
      return rewriter.notifyMatchFailure(op, "not of bytes");
    const Encoding in = getEncoding(inputType), out = getEncoding(resultType);
    std::vector<uint8_t> values(256);
    for (int32_t stored = 0; stored < 256; ++stored) {
      const int32_t q = inputType.isSigned() ? static_cast<int8_t>(stored) : stored;
      const float y = op.evaluate(numerics::dequantize(q, in.scale, in.zero));
      values[stored] = static_cast<uint8_t>(numerics::quantize(y, out.scale, out.zero, out.min, out.max));
    }
    auto type = cast<RankedTensorType>(result.getType());
    RankedTensorType storage = getStorageTensor(type);
    Value table = createTable(rewriter, op.getLoc(), storage.getElementType(), values);
    Value bytes = IntLookupOp::create(rewriter, op.getLoc(), storage, toStorage(rewriter, input), table);
    rewriter.replaceOp(op, toQuantized(rewriter, op.getLoc(), type, bytes));
    ++built;
    return success();
  }
};

/// A function or softmax of a 16-bit value, or to one, a norm or a masked softmax: dequantized, computed and quantized
/// at run time. (Other softmaxes of bytes are of integers: --nibble-fold-scales.)
struct ComputeInFloat : RewritePattern {
  ComputeInFloat(MLIRContext *context, Pass::Statistic &computed)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), computed(computed) {}
  Pass::Statistic &computed;

  /// Whether `op` has no integer form between these types.
  static bool needsFloat(Operation *op, quant::UniformQuantizedType input, quant::UniformQuantizedType result) {
    auto softmax = dyn_cast<SoftmaxOp>(op);
    if (isa<NormOp>(op) || (softmax && softmax.getMask()))
      return true;
    return (softmax || isa<UnaryFunction>(op)) && (isInt16(input) || isInt16(result));
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<UnaryFunction, SoftmaxOp, NormOp>(op))
      return rewriter.notifyMatchFailure(op, "neither a function of one variable, a softmax nor a norm");
    Value input = op->getOperand(0), result = op->getResult(0);
    auto inputType = getPerTensorType(input), resultType = getPerTensorType(result);
    if (!inputType || !resultType || !isActivationStorage(inputType) || !isActivationStorage(resultType) ||
        !needsFloat(op, inputType, resultType))
      return rewriter.notifyMatchFailure(op, "not quantized, or with an integer form");
    const Encoding in = getEncoding(inputType), out = getEncoding(resultType);
    auto type = cast<RankedTensorType>(result.getType());
    RankedTensorType real = type.clone(rewriter.getF32Type());
    SmallVector<Value> operands(op->getOperands());
    operands.front() = IntDequantizeOp::create(rewriter, op->getLoc(), real, toStorage(rewriter, input),
                                               llvm::APFloat(in.scale), in.zero);
    Value y = cloneWithOperands(rewriter, op->getLoc(), op, operands, real)->getResult(0);
    Value stored = IntQuantizeOp::create(rewriter, op->getLoc(), getStorageTensor(type), y, llvm::APFloat(out.scale),
                                         out.zero, ArrayRef<int32_t>{out.min, out.max});
    rewriter.replaceOp(op, toQuantized(rewriter, op->getLoc(), type, stored));
    ++computed;
    return success();
  }
};

/// lookup(lookup(x, s), t) -> lookup(x, t of s), if nothing else reads lookup(x, s).
struct ComposeTables : OpRewritePattern<IntLookupOp> {
  ComposeTables(MLIRContext *context, Pass::Statistic &composed) : OpRewritePattern(context), composed(composed) {}
  Pass::Statistic &composed;

  /// The entries of a table modulo 256; empty if it is not constant.
  static std::vector<uint8_t> getEntries(Value table) {
    if (auto entries = getConstantValues<uint8_t>(table))
      return *entries;
    if (auto entries = getConstantValues<int8_t>(table))
      return std::vector<uint8_t>(entries->begin(), entries->end());
    return {};
  }

  LogicalResult matchAndRewrite(IntLookupOp op, PatternRewriter &rewriter) const override {
    auto first = op.getInput().getDefiningOp<IntLookupOp>();
    if (!first || !first->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no lookup of its own before it");
    std::vector<uint8_t> inner = getEntries(first.getTable()), outer = getEntries(op.getTable());
    if (inner.size() != 256 || outer.size() != 256)
      return rewriter.notifyMatchFailure(op, "a table is not constant");
    for (uint8_t &entry : inner)
      entry = outer[entry];
    auto element = cast<RankedTensorType>(op.getType()).getElementType();
    rewriter.replaceOpWithNewOp<IntLookupOp>(op, op.getType(), first.getInput(),
                                             createTable(rewriter, op.getLoc(), element, inner));
    ++composed;
    return success();
  }
};

struct BuildTables : nibble::impl::BuildTablesBase<BuildTables> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<BuildTable>(&getContext(), built);
    patterns.add<ComputeInFloat>(&getContext(), computed);
    patterns.add<ComposeTables>(&getContext(), composed);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
