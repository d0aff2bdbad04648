// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders and canonicalizers of reshape and transpose.

#include "nibble/Dialect/Nibble/ShapeUtils.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;

/// What a folded constant's data is called.
static StringRef getDataName(Operation *op) {
  StringRef name = getValueName(op->getLoc());
  return name.empty() ? "folded" : name;
}

//===----------------------------------------------------------------------===//
// reshape
//===----------------------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  if (getInput().getType() == type && llvm::count_if(type.getShape(), ShapedType::isDynamic) <= 1)
    return getInput();
  auto value = dyn_cast_or_null<ElementsAttr>(adaptor.getInput());
  if (!value || !type.hasStaticShape())
    return {};
  return reshapeElements(value, type.getShape());
}

namespace {
/// reshape(reshape(x)) is one reshape.
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ReshapeOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "input is not a reshape");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeReshapes>(context);
}

//===----------------------------------------------------------------------===//
// transpose
//===----------------------------------------------------------------------===//

static bool isIdentity(ArrayRef<int64_t> permutation) {
  return llvm::all_of(llvm::enumerate(permutation), [](auto item) { return int64_t(item.index()) == item.value(); });
}

static ElementsAttr transposeElements(TransposeOp op, ElementsAttr value) {
  ShapedType type = value.getShapedType();
  SmallVector<int64_t> shape;
  for (int64_t dim : op.getPermutation())
    shape.push_back(type.getDimSize(dim));
  auto data = getElementData(value);
  if (!data)
    return {};
  if (data->splat)
    return cast<DenseElementsAttr>(value).reshape(type.clone(shape));
  std::vector<char> bytes =
      transposeBytes(data->bytes, *getElementBytes(type.getElementType()), type.getShape(), op.getPermutation());
  releasePages(data->bytes);
  return makeElements(type.clone(shape), bytes, getDataName(op));
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType() && isIdentity(getPermutation()))
    return getInput();
  auto value = dyn_cast_or_null<ElementsAttr>(adaptor.getInput());
  if (!value || !cast<RankedTensorType>(getType()).hasStaticShape())
    return {};
  return transposeElements(*this, value);
}

namespace {
/// transpose(transpose(x)) is one transpose.
struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<TransposeOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "input is not a transpose");
    SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation())
      permutation.push_back(producer.getPermutation()[dim]);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(producer.getInput());
      op.setPermutation(permutation);
    });
    return success();
  }
};
} // namespace

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeTransposes>(context);
}
