// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls that run more than once, or not always.

#ifndef NIBBLE_DIALECT_UKERNEL_CONTROL_H
#define NIBBLE_DIALECT_UKERNEL_CONTROL_H

#include "nibble/Dialect/UKernel/UKernel.h"

#define GET_OP_CLASSES
#include "nibble/Dialect/UKernel/ControlOps.h.inc"

namespace nibble::ukernel {

/// Of a kernel in the body of a loop or branch: it writes what that yields at this position.
inline constexpr llvm::StringLiteral kYieldedAttr = "yielded";

/// Ends what people read of such a kernel's calls: they run more than once, or not always.
inline constexpr llvm::StringLiteral kInControl = " in a loop or branch";

} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_CONTROL_H
