// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nibble dialect: operations, attributes and interfaces.

#ifndef NIBBLE_DIALECT_NIBBLE_NIBBLE_H
#define NIBBLE_DIALECT_NIBBLE_NIBBLE_H

#include "nibble/Support/Extent.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "nibble/Dialect/Nibble/Dialect.h.inc"
#include "nibble/Dialect/Nibble/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "nibble/Dialect/Nibble/Attrs.h.inc"

#include "nibble/Dialect/Nibble/Interfaces.h.inc"

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/Ops.h.inc"

#endif // NIBBLE_DIALECT_NIBBLE_NIBBLE_H
