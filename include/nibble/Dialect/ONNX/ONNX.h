// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The onnx dialect: operators that the nibble dialect has no form of. Its header is large: include it where an
// operation's class is needed, else onnx operations are told by their names.

#ifndef NIBBLE_DIALECT_ONNX_ONNX_H
#define NIBBLE_DIALECT_ONNX_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"

#include "nibble/Dialect/ONNX/Dialect.h.inc"

#define GET_OP_CLASSES
#include "nibble/Dialect/ONNX/Ops.h.inc"

#endif // NIBBLE_DIALECT_ONNX_ONNX_H
