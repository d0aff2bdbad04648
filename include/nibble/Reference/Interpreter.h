// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference interpreter: executes nibble IR exactly as dialects/Nibble/README.md defines it. Compiled code that
// differs from it in one bit is wrong.

#ifndef NIBBLE_REFERENCE_INTERPRETER_H
#define NIBBLE_REFERENCE_INTERPRETER_H

#include "nibble/Reference/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace nibble::reference {

/// Called after each operation with what it computed.
using Hook = llvm::function_ref<void(mlir::Operation *op, llvm::ArrayRef<Tensor> results)>;

/// Runs a function of nibble operations (float, quantized or integer), `arith.constant` and `func.return` on `inputs`
/// and returns its results. Inputs may have quantized element types or their storage types. Dynamic extents follow
/// from the inputs. An error names the node and operation that cannot be executed: one of another dialect, operands
/// that do not fit at run time, or an accumulator that leaves i32.
llvm::Expected<std::vector<Tensor>> interpret(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> inputs,
                                              Hook hook = nullptr);

} // namespace nibble::reference

#endif // NIBBLE_REFERENCE_INTERPRETER_H
