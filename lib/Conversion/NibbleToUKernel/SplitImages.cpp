// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolution kernels take one image: several become as many calls.

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/UKernel/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"

#define DEBUG_TYPE "ukernel-split-images"

using namespace mlir;
using namespace nibble;

namespace nibble::ukernel {
#define GEN_PASS_DEF_SPLITIMAGES
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

static Type withOneImage(Value value) {
  auto tensor = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(tensor.getShape());
  shape.front() = 1;
  return tensor.clone(shape);
}

/// Element `image` along dimension 0.
static Value slice(OpBuilder &b, Location loc, Value value, int64_t image) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1);
  starts.front() = image;
  return SliceOp::create(b, loc, withOneImage(value), value, starts, steps);
}

/// The operands that each image has a part of.
static SmallVector<Value> getImages(Operation *op, int64_t images) {
  SmallVector<Value> values = {op->getOperand(0)};
  if (auto conv = dyn_cast<IntConvOp>(op))
    values.push_back(conv.getAddend());
  if (auto conv = dyn_cast<ScaledConvOp>(op))
    values.push_back(conv.getRows());
  llvm::erase_if(values, [&](Value value) {
    auto tensor = value ? cast<RankedTensorType>(value.getType()) : RankedTensorType();
    return !tensor || tensor.getRank() == 0 || tensor.getDimSize(0) != images;
  });
  return values;
}

namespace {
struct SplitImages : ukernel::impl::SplitImagesBase<SplitImages> {
  void split(Operation *op, int64_t images) {
    OpBuilder b(op);
    SmallVector<Value> results;
    for (int64_t image = 0; image < images; ++image) {
      IRMapping mapping;
      for (Value value : getImages(op, images))
        mapping.map(value, slice(b, op->getLoc(), value, image));
      Operation *copy = b.clone(*op, mapping);
      copy->getResult(0).setType(withOneImage(op->getResult(0)));
      results.push_back(copy->getResult(0));
    }
    op->getResult(0).replaceAllUsesWith(ConcatOp::create(b, op->getLoc(), op->getResult(0).getType(), results, 0));
    op->erase();
    ++divided;
  }

  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (!isa<IntConvOp, ConvOp, ScaledConvOp, SumConvOp>(op))
        return;
      int64_t images = cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(0);
      if (!ShapedType::isDynamic(images) && images > 1)
        split(op, images);
    });
  }
};
} // namespace
