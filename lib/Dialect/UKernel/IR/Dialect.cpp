// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the ukernel dialect.

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/UKernel/Control.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

#include "nibble/Dialect/UKernel/Dialect.cpp.inc"
#include "nibble/Dialect/UKernel/Enums.cpp.inc"
#include "nibble/Dialect/UKernel/Interfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "nibble/Dialect/UKernel/Attrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "nibble/Dialect/UKernel/Types.cpp.inc"

#define GET_OP_CLASSES
#include "nibble/Dialect/UKernel/Ops.cpp.inc"

void UKernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "nibble/Dialect/UKernel/Attrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "nibble/Dialect/UKernel/Types.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nibble/Dialect/UKernel/Ops.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nibble/Dialect/UKernel/ControlOps.cpp.inc"
      >();
}
