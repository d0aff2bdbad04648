// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes a module smaller while it stays interesting.

#ifndef NIBBLE_REDUCE_REDUCER_H
#define NIBBLE_REDUCE_REDUCER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace nibble {

/// Delta debugging: pieces of the module are taken out, large ones first, and stay out where what is left verifies and
/// the test still finds it interesting. Whatever used a value that is gone reads a new argument of its function.
class Reducer {
public:
  using Test = std::function<bool(mlir::ModuleOp)>;
  using Edit = llvm::function_ref<void(mlir::ModuleOp)>;

  explicit Reducer(Test test) : test(std::move(test)) {}

  /// Until nothing more can go.
  void run(mlir::OwningOpRef<mlir::ModuleOp> &module);

private:
  /// Applies `edit` to a copy, which takes the module's place if it is interesting.
  bool attempt(mlir::OwningOpRef<mlir::ModuleOp> &module, Edit edit);
  bool dropFunctions(mlir::OwningOpRef<mlir::ModuleOp> &module);
  bool dropOperations(mlir::OwningOpRef<mlir::ModuleOp> &module, unsigned function);
  bool dropResults(mlir::OwningOpRef<mlir::ModuleOp> &module, unsigned function);
  bool dropArguments(mlir::OwningOpRef<mlir::ModuleOp> &module, unsigned function);
  bool dropAttributes(mlir::OwningOpRef<mlir::ModuleOp> &module);

  Test test;
};

} // namespace nibble

#endif // NIBBLE_REDUCE_REDUCER_H
