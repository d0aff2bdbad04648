// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Half 1 of the generated operations: in two files, they compile side by side.

#include "nibble/Dialect/ONNX/ONNX.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#define GET_OP_DEFS_1
#include "nibble/Dialect/ONNX/Ops.cpp.inc"
