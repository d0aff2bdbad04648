// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Layouts.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/ElementData.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nibble {
#define GEN_PASS_DEF_SINKTRANSPOSES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-sink-transposes"

using namespace mlir;
using namespace nibble;

namespace {

/// The transpose from NHWC to NCHW that makes `value`; null if something else does.
TransposeOp getLayoutTranspose(Value value) {
  auto transpose = value.getDefiningOp<TransposeOp>();
  return transpose && transpose.getPermutation() == ArrayRef<int64_t>(kToNCHW) ? transpose : TransposeOp();
}

/// `value` as an NHWC image; leading dimensions of extent 1 are added before, as broadcasting does.
Value toNHWC(PatternRewriter &rewriter, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() < 4) {
    SmallVector<int64_t> shape(4 - type.getRank(), 1);
    llvm::append_range(shape, type.getShape());
    auto image = RankedTensorType::get(shape, type.getElementType());
    ElementsAttr attr = getConstantAttr(value);
    if (ElementsAttr reshaped = attr ? reshapeElements(attr, shape) : nullptr)
      value = ConstantOp::create(rewriter, value.getLoc(), image, reshaped);
    else
      value = ReshapeOp::create(rewriter, loc, image, value);
  }
  return createTranspose(rewriter, loc, value, kToNHWC);
}

/// op(transpose(x), ...) -> transpose(op'(x, ...)) for operations that keep the order of dimensions.
struct SinkBelow : RewritePattern {
  SinkBelow(MLIRContext *context, Pass::Statistic &sunk)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), sunk(sunk) {}
  Pass::Statistic &sunk;

  /// Changes the attributes of `op` that speak of dimensions.
  static void remapAttributes(Operation *op) {
    if (auto concat = dyn_cast<ConcatOp>(op)) {
      concat.setAxis(kToNCHW[concat.getAxis()]);
    } else if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
      softmax.setAxis(kToNCHW[softmax.getAxis()]);
    } else if (auto pad = dyn_cast<PadOp>(op)) {
      pad.setLow(permute(pad.getLow(), kToNHWC));
      pad.setHigh(permute(pad.getHigh(), kToNHWC));
    } else if (auto slice = dyn_cast<SliceOp>(op)) {
      slice.setStarts(permute(slice.getStarts(), kToNHWC));
      slice.setSteps(permute(slice.getSteps(), kToNHWC));
      if (ExtentsAttr extents = slice.getExtentsAttr())
        slice.setExtentsAttr(ExtentsAttr::get(
            op->getContext(), llvm::map_to_vector(kToNHWC, [&](int64_t dim) { return extents.getValue()[dim]; })));
    }
  }

  /// Keeps the order of dimensions, and works on images alone.
  static bool isSupported(Operation *op) {
    if (!isa<UnaryFunction, IntToFloatOp, ObserveOp, FakeQuantOp, QuantizeOp, DequantizeOp, RequantizeOp, AddOp, SubOp,
             MulOp, DivOp, PowOp, MinOp, MaxOp, ConcatOp, SoftmaxOp, PadOp, SliceOp>(op))
      return false;
    if (auto fakeQuant = dyn_cast<FakeQuantOp>(op); fakeQuant && !isa<quant::UniformQuantizedType>(fakeQuant.getType()))
      return false;
    // A reshape to an image tells one dynamic extent alone.
    return llvm::all_of(op->getOperandTypes(), [](Type type) {
      auto ranked = cast<RankedTensorType>(type);
      return ranked.getRank() == 4 || (ranked.getRank() < 4 && ranked.getNumDynamicDims() <= 1);
    });
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isSupported(op) || llvm::none_of(op->getOperands(), getLayoutTranspose))
      return rewriter.notifyMatchFailure(op, "no layout transpose before it, or it fixes the order of dimensions");
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(toNHWC(rewriter, op->getLoc(), operand));
    Operation *sunkOp = cloneWithOperands(rewriter, op->getLoc(), op, operands, permuteType(type, kToNHWC));
    remapAttributes(sunkOp);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, type, sunkOp->getResult(0), kToNCHW);
    ++sunk;
    return success();
  }
};

/// Operations of one image each that need more than other attributes.
template <typename OpTy>
struct SinkBelowOne : OpRewritePattern<OpTy> {
  SinkBelowOne(MLIRContext *context, Pass::Statistic &sunk) : OpRewritePattern<OpTy>(context), sunk(sunk) {}
  Pass::Statistic &sunk;

  /// Computes `op` on the NHWC `image`.
  virtual void sink(OpTy op, Value image, PatternRewriter &rewriter) const = 0;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    TransposeOp transpose = getLayoutTranspose(op.getInput());
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "no layout transpose before it");
    sink(op, transpose.getInput(), rewriter);
    ++sunk;
    return success();
  }
};

/// Scale and zero point of a tensor do not depend on the order of its elements.
struct SkipEncoding : SinkBelowOne<DynamicEncodingOp> {
  using SinkBelowOne::SinkBelowOne;

  void sink(DynamicEncodingOp op, Value image, PatternRewriter &rewriter) const override {
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(image); });
  }
};

struct SinkBelowEncode : SinkBelowOne<DynamicEncodeOp> {
  using SinkBelowOne::SinkBelowOne;

  void sink(DynamicEncodeOp op, Value image, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    Value encoded = DynamicEncodeOp::create(rewriter, op.getLoc(), permuteType(type, kToNHWC), image, op.getEncoding());
    rewriter.replaceOpWithNewOp<TransposeOp>(op, type, encoded, kToNCHW);
  }
};

/// Index tables of `resize_nearest` belong to axes: they are sorted by the new axes.
struct SinkBelowResize : SinkBelowOne<ResizeNearestOp> {
  using SinkBelowOne::SinkBelowOne;

  void sink(ResizeNearestOp op, Value image, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<std::pair<int64_t, ArrayRef<int64_t>>> tables;
    ArrayRef<int64_t> rest = op.getIndices();
    for (int64_t axis : op.getAxes()) {
      const int64_t extent = type.getDimSize(axis);
      tables.emplace_back(kToNCHW[axis], rest.take_front(extent));
      rest = rest.drop_front(extent);
    }
    llvm::sort(tables, llvm::less_first());
    SmallVector<int64_t> axes, indices;
    for (auto [axis, table] : tables) {
      axes.push_back(axis);
      llvm::append_range(indices, table);
    }
    Value resized = ResizeNearestOp::create(rewriter, op.getLoc(), permuteType(type, kToNHWC), image, axes, indices);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, type, resized, kToNCHW);
  }
};

/// A reduction may drop dimensions: what remains of the transpose follows it.
struct SinkBelowReduce : SinkBelowOne<ReduceOp> {
  using SinkBelowOne::SinkBelowOne;

  void sink(ReduceOp op, Value image, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> axes;
    for (int64_t axis : op.getAxes())
      axes.push_back(kToNCHW[axis]);
    llvm::sort(axes);
    // Dimension i of the result is dimension left[i] of the reduced NHWC image, counted among those that remain.
    SmallVector<int64_t> permutation;
    for (int64_t d = 0; d < 4; ++d) {
      const int64_t source = kToNCHW[d];
      if (op.getKeepDims())
        permutation.push_back(source);
      else if (!llvm::is_contained(axes, source))
        permutation.push_back(source - llvm::count_if(axes, [&](int64_t axis) { return axis < source; }));
    }
    auto type = cast<RankedTensorType>(op.getType());
    Value reduced = ReduceOp::create(rewriter, op.getLoc(), permuteType(type, invertPermutation(permutation)), image,
                                     op.getKind(), axes, op.getKeepDims());
    if (llvm::is_sorted(permutation))
      rewriter.replaceOp(op, reduced);
    else
      rewriter.replaceOpWithNewOp<TransposeOp>(op, type, reduced, permutation);
  }
};

/// transpose(transpose(x)) -> transpose(x) or x
struct Compose : OpRewritePattern<TransposeOp> {
  Compose(MLIRContext *context, Pass::Statistic &cancelled) : OpRewritePattern(context), cancelled(cancelled) {}
  Pass::Statistic &cancelled;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> permutation(op.getPermutation());
    Value input = op.getInput();
    if (auto first = input.getDefiningOp<TransposeOp>()) {
      permutation = permute(first.getPermutation(), op.getPermutation());
      input = first.getInput();
      ++cancelled;
    } else if (!llvm::is_sorted(permutation)) {
      return rewriter.notifyMatchFailure(op, "neither an identity nor behind another transpose");
    }
    if (llvm::is_sorted(permutation))
      rewriter.replaceOp(op, input);
    else
      rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), input, permutation);
    return success();
  }
};

struct SinkTransposes : nibble::impl::SinkTransposesBase<SinkTransposes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkBelow, SkipEncoding, SinkBelowEncode, SinkBelowResize, SinkBelowReduce>(&getContext(), sunk);
    patterns.add<Compose>(&getContext(), cancelled);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
