// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the folded integer operations.

#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;

LogicalResult IntConvOp::verify() { return success(); }
LogicalResult IntConvTransposeOp::verify() { return success(); }
LogicalResult IntMatMulOp::verify() { return success(); }
LogicalResult IntAddOp::verify() { return success(); }
LogicalResult IntMulOp::verify() { return success(); }
LogicalResult IntAvgPoolOp::verify() { return success(); }
LogicalResult IntRequantizeOp::verify() { return success(); }
LogicalResult IntQuantizeOp::verify() { return success(); }
LogicalResult IntDequantizeOp::verify() { return success(); }
LogicalResult IntLookupOp::verify() { return success(); }
