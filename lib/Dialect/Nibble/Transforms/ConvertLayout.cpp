// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Layouts.h"
#include "nibble/Dialect/Nibble/Passes.h"

namespace nibble {
#define GEN_PASS_DEF_CONVERTLAYOUT
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-convert-layout"

using namespace mlir;
using namespace nibble;

namespace {

struct ConvertLayout : nibble::impl::ConvertLayoutBase<ConvertLayout> {
  /// Makes `op` NHWC between two transposes; filters become O, KH, KW, I/groups.
  void convert(SpatialOp op) {
    OpBuilder builder(op);
    Operation *operation = op;
    for (OpOperand &operand : operation->getOpOperands())
      if (cast<RankedTensorType>(operand.get().getType()).getRank() == 4)
        operand.set(createTranspose(builder, op.getLoc(), operand.get(), kToNHWC));
    op.setLayout(Layout::NHWC);
    Value result = operation->getResult(0);
    auto type = cast<RankedTensorType>(result.getType());
    result.setType(permuteType(type, kToNHWC));
    builder.setInsertionPointAfter(op);
    auto back = TransposeOp::create(builder, op.getLoc(), type, result, kToNCHW);
    result.replaceAllUsesExcept(back, back);
    ++converted;
  }

  void runOnOperation() override {
    getOperation()->walk([&](SpatialOp op) {
      if (op.getLayout() == Layout::NCHW)
        convert(op);
    });
  }
};

} // namespace
