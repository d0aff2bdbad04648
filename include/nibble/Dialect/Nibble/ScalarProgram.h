// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scalar programs that nibble.generate runs for each element: their operations.

#ifndef NIBBLE_DIALECT_NIBBLE_SCALARPROGRAM_H
#define NIBBLE_DIALECT_NIBBLE_SCALARPROGRAM_H

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Support/Functions.h"

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/GenerateOps.h.inc"

namespace nibble {

/// A function that nibble.apply may name: one of Support/Functions.h over any arithmetic.
struct ScalarFunction {
  llvm::StringLiteral name;
  unsigned variables;
};

/// Null if there is none of the name.
const ScalarFunction *lookupScalarFunction(llvm::StringRef name);

/// The value at `x` of a function, which lookupScalarFunction knows.
template <class A, class V>
V applyScalarFunction(A &a, llvm::StringRef name, llvm::ArrayRef<V> x) {
  namespace f = functions;
  if (name == "exp")
    return f::exp(a, x[0]);
  if (name == "log")
    return f::log(a, x[0]);
  if (name == "tanh")
    return f::tanh(a, x[0]);
  if (name == "erf")
    return f::erf(a, x[0]);
  assert(name == "pow" && "a function of the table");
  return f::pow(a, x[0], x[1]);
}

/// Whether programs may contain the operation.
bool isScalarOperation(mlir::Operation *op);

/// Whether an operation of programs takes, or makes, floats of type `type`.
bool acceptsFloat(mlir::Operation *op, mlir::Type type);

/// The constraints on a body that computes elements of `result`; errors are those of `op` or of the body's operations.
mlir::LogicalResult verifyScalarProgram(mlir::Operation *op, mlir::Region &body, mlir::RankedTensorType result);

/// The body without names and locations, so that two bodies of one text compute the same.
std::string printScalarProgram(mlir::Region &body);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_SCALARPROGRAM_H
