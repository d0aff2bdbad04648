// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes to, over and below the ukernel dialect, declared in UKernelPasses.td.

#ifndef NIBBLE_DIALECT_UKERNEL_PASSES_H
#define NIBBLE_DIALECT_UKERNEL_PASSES_H

#include "nibble/Dialect/UKernel/UKernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"

namespace nibble::ukernel {
/// Unit attribute of an argument that all samples of a batch share.
inline constexpr llvm::StringLiteral kSharedAttr = "nibble.shared";
/// Of a function: the largest value of each dynamic dimension that a run takes, an array of i64; 0 where there is none.
inline constexpr llvm::StringLiteral kBoundsAttr = "nibble.bounds";

#define GEN_PASS_DECL
#include "nibble/Dialect/UKernel/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_PASSES_H
