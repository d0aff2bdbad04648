// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes to, over and below the ukernel dialect, declared in UKernelPasses.td.

#ifndef NIBBLE_DIALECT_UKERNEL_PASSES_H
#define NIBBLE_DIALECT_UKERNEL_PASSES_H

#include "nibble/Dialect/UKernel/UKernel.h"
#include "nibble/Support/PortAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"

namespace nibble::ukernel {
/// Unit attribute of an argument that all samples of a batch share.
inline constexpr llvm::StringLiteral kSharedAttr = "nibble.shared";
using nibble::kBoundsAttr;
/// Of a function: arrays with a value of each dynamic dimension, or 0, that it gets code of its own for.
inline constexpr llvm::StringLiteral kSpecializationsAttr = "nibble.specializations";
/// Of such code: the array.
inline constexpr llvm::StringLiteral kSpecializedAttr = "nibble.specialized";

#define GEN_PASS_DECL
#include "nibble/Dialect/UKernel/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_PASSES_H
