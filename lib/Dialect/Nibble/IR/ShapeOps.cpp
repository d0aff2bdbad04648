// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers and folders of data movement.

#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;

LogicalResult ReshapeOp::verify() { return success(); }
OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) { return {}; }
void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {}
LogicalResult TransposeOp::verify() { return success(); }
OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) { return {}; }
void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {}
LogicalResult ConcatOp::verify() { return success(); }
LogicalResult SliceOp::verify() { return success(); }
LogicalResult PadOp::verify() { return success(); }
LogicalResult ResizeNearestOp::verify() { return success(); }
