// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the operations with weights or windows.

#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;

LogicalResult ConvOp::verify() { return success(); }
LogicalResult ConvTransposeOp::verify() { return success(); }
LogicalResult MatMulOp::verify() { return success(); }
LogicalResult MaxPoolOp::verify() { return success(); }
LogicalResult AvgPoolOp::verify() { return success(); }
LogicalResult BatchNormOp::verify() { return success(); }
LogicalResult SoftmaxOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
