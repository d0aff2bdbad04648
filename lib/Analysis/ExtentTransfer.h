// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The extents of one operation's result by its operands'.

#ifndef NIBBLE_LIB_ANALYSIS_EXTENTTRANSFER_H
#define NIBBLE_LIB_ANALYSIS_EXTENTTRANSFER_H

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/Nibble/ShapeUtils.h"

namespace nibble {

/// True if `a` is never above `b`, as far as that shows.
bool isAtMost(const Extent &a, const Extent &b);

/// Finds the extents of one operation's result; `none` says why it does not.
class ExtentTransfer {
public:
  using Result = std::optional<llvm::SmallVector<Extent>>;

  ExtentTransfer(mlir::Operation *op, llvm::ArrayRef<llvm::SmallVector<Extent>> operands, unsigned dimCount,
                 llvm::SmallVectorImpl<ExtentRequirement> &requirements)
      : op(op), operands(operands), dimCount(dimCount), requirements(requirements) {}

  Result run();
  std::string reason;

private:
  Result none(const llvm::Twine &why) {
    reason = why.str();
    return std::nullopt;
  }
  llvm::ArrayRef<int64_t> resultShape() const {
    return mlir::cast<mlir::RankedTensorType>(op->getResult(0).getType()).getShape();
  }
  /// Extents of an operand that may be missing.
  const llvm::SmallVector<Extent> &of(mlir::Value operand) const {
    return operands[std::distance(op->operand_begin(), llvm::find(op->getOperands(), operand))];
  }

  void requireEqual(const Extent &a, const Extent &b) {
    if (a != b)
      requirements.push_back({a, b, op});
  }
  void requireAtMost(const Extent &a, const Extent &b) {
    if (!isAtMost(a, b))
      requirements.push_back({nibble::min(a, b), a, op});
  }
  void requireEqual(llvm::ArrayRef<Extent> a, llvm::ArrayRef<Extent> b) {
    for (auto [x, y] : llvm::zip(a, b))
      requireEqual(x, y);
  }
  /// One value a channel in each of `values` that is there.
  void requireChannels(mlir::ValueRange values, const Extent &channels) {
    for (mlir::Value value : values)
      if (value)
        requireEqual(of(value).front(), channels);
  }

  Result fromAttribute(ExtentsAttr attr);
  Result broadcast(llvm::ArrayRef<Extent> a, llvm::ArrayRef<Extent> b);
  Result matmul(mlir::Value lhs, mlir::Value rhs);
  Result window(llvm::ArrayRef<Extent> input, const Window &window, Layout layout, const Extent &channels);
  /// The extents of a filter's window, which are static, of as many channels as the input has.
  template <typename OpTy>
  std::optional<llvm::SmallVector<int64_t, 2>> filterWindow(OpTy conv, Layout layout);
  template <typename OpTy>
  Result conv(OpTy conv, Layout layout);
  /// The same with parameters of each output channel.
  template <typename OpTy>
  Result conv(OpTy conv, Layout layout, mlir::ValueRange parameters);
  template <typename OpTy>
  Result convTranspose(OpTy conv, Layout layout);
  template <typename OpTy>
  Result pool(OpTy pool, Layout layout, llvm::ArrayRef<int64_t> dilations);

  Result visit(ReshapeOp reshape);
  Result visit(TransposeOp transpose);
  Result visit(ConcatOp concat);
  Result visit(SliceOp slice);
  Result visit(PadOp pad);
  Result visit(ResizeNearestOp resize);
  Result visit(GatherRowsOp gather);
  Result visit(GenerateOp generate);
  Result visit(ReduceOp reduce);
  Result visit(BatchNormOp norm);
  Result visit(NormOp norm);
  Result visit(SoftmaxOp softmax);
  Result visit(DynamicScaleOp scale);
  Result visit(DynamicQuantizeOp quantize);

  mlir::Operation *op;
  llvm::ArrayRef<llvm::SmallVector<Extent>> operands;
  unsigned dimCount;
  llvm::SmallVectorImpl<ExtentRequirement> &requirements;
};

} // namespace nibble

#endif // NIBBLE_LIB_ANALYSIS_EXTENTTRANSFER_H
