// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the nibble dialect.

#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Support/ExtentSyntax.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;

#include "nibble/Dialect/Nibble/Dialect.cpp.inc"
#include "nibble/Dialect/Nibble/Enums.cpp.inc"
#include "nibble/Dialect/Nibble/Interfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "nibble/Dialect/Nibble/Attrs.cpp.inc"

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/Ops.cpp.inc"

void NibbleDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "nibble/Dialect/Nibble/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nibble/Dialect/Nibble/Ops.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nibble/Dialect/Nibble/GenerateOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nibble/Dialect/Nibble/ControlOps.cpp.inc"
      >();
}

Operation *NibbleDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value))
    return ConstantOp::create(builder, loc, type, elements);
  // An extent, in the body of nibble.generate.
  return arith::ConstantOp::materialize(builder, value, type, loc);
}
