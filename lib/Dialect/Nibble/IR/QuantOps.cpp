// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants and conversions.

#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;

LogicalResult ConstantOp::verify() { return success(); }
OpFoldResult ConstantOp::fold(FoldAdaptor adaptor) { return getValue(); }
LogicalResult QuantizeOp::verify() { return success(); }
OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) { return {}; }
LogicalResult DequantizeOp::verify() { return success(); }
LogicalResult RequantizeOp::verify() { return success(); }
OpFoldResult RequantizeOp::fold(FoldAdaptor adaptor) { return {}; }
void RequantizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {}
LogicalResult ObserveOp::verify() { return success(); }
LogicalResult FakeQuantOp::verify() { return success(); }
