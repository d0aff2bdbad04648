// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ukernel dialect: operations, types and interfaces.

#ifndef NIBBLE_DIALECT_UKERNEL_UKERNEL_H
#define NIBBLE_DIALECT_UKERNEL_UKERNEL_H

#include "nibble/Kernels/Table.h"
#include "nibble/Support/Extent.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace nibble::ukernel {

/// A pointer that a kernel gets: `value`'s memory, `offset` bytes from its start. Null where `value` is.
struct KernelArgument {
  mlir::Value value;
  Extent offset = 0;
};

/// A buffer's first element.
KernelArgument getOrigin(mlir::Value value);

/// The first elements of all operands, then of the result.
void getOriginArguments(mlir::Operation *op, llvm::SmallVectorImpl<KernelArgument> &arguments);

/// An i64, or an `#ukernel.extent` where it is dynamic.
mlir::Attribute makeExtentAttr(mlir::MLIRContext *context, const Extent &extent);
Extent getExtent(mlir::Attribute attr);

} // namespace nibble::ukernel

#include "nibble/Dialect/UKernel/Dialect.h.inc"
#include "nibble/Dialect/UKernel/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "nibble/Dialect/UKernel/Attrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "nibble/Dialect/UKernel/Types.h.inc"

#include "nibble/Dialect/UKernel/Interfaces.h.inc"

#define GET_OP_CLASSES
#include "nibble/Dialect/UKernel/Ops.h.inc"

#endif // NIBBLE_DIALECT_UKERNEL_UKERNEL_H
