// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Execution of the body of nibble.generate, one element at a time.

#ifndef NIBBLE_LIB_REFERENCE_SCALARPROGRAM_H
#define NIBBLE_LIB_REFERENCE_SCALARPROGRAM_H

#include "Evaluate.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"

#include "llvm/ADT/APInt.h"

namespace nibble::reference {

/// Executes nibble.generate; `std::nullopt` if `op` is another operation.
/// `dims` are the values of the model's dynamic dimensions.
std::optional<Result> evaluateGenerated(mlir::Operation *op, Operands operands, llvm::ArrayRef<int64_t> dims);

/// The bits of a scalar, as many as its type has; an index has 64.
using Scalar = llvm::APInt;

/// The result of an operation without regions, of arith, math or nibble.apply, on scalars. The operation is one of
/// those that programs may contain.
Scalar evaluateScalar(mlir::Operation *op, llvm::ArrayRef<Scalar> operands);

/// Runs a body for one index after another.
class ScalarProgram {
public:
  ScalarProgram(mlir::Region &body, llvm::ArrayRef<int64_t> resultShape, Operands inputs, llvm::ArrayRef<int64_t> dims);

  /// The element at `index`.
  Scalar run(llvm::ArrayRef<int64_t> index);

private:
  Scalar get(mlir::Value value) const { return values.find(value)->second; }
  /// Executes a block and gives its terminator's operands.
  llvm::SmallVector<Scalar, 2> runBlock(mlir::Block &block);
  void execute(mlir::Operation &op);
  void runLoop(mlir::Operation &op);
  void runBranch(mlir::Operation &op);
  Scalar read(ReadOp op) const;

  mlir::Region &body;
  llvm::ArrayRef<int64_t> dims;
  llvm::DenseMap<mlir::Value, const Tensor *> tensors;
  llvm::DenseMap<mlir::Value, Scalar> values;
};

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_SCALARPROGRAM_H
