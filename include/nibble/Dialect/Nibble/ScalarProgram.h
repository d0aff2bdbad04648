// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scalar programs that nibble.generate runs for each element: their operations.

#ifndef NIBBLE_DIALECT_NIBBLE_SCALARPROGRAM_H
#define NIBBLE_DIALECT_NIBBLE_SCALARPROGRAM_H

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Support/AngleFunctions.h"

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/GenerateOps.h.inc"

namespace nibble {

/// A function that nibble.apply may name: one of Support/Functions.h or AngleFunctions.h, over any arithmetic.
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
  struct Entry {
    llvm::StringLiteral name;
    V (*function)(A &, V);
  };
  static constexpr Entry table[] = {{"exp", f::exp},     {"log", f::log},     {"tanh", f::tanh},  {"erf", f::erf},
                                    {"sin", f::sin},     {"cos", f::cos},     {"tan", f::tan},    {"asin", f::asin},
                                    {"acos", f::acos},   {"atan", f::atan},   {"sinh", f::sinh},  {"cosh", f::cosh},
                                    {"asinh", f::asinh}, {"acosh", f::acosh}, {"atanh", f::atanh}};
  for (const Entry &entry : table)
    if (entry.name == name)
      return entry.function(a, x[0]);
  assert(name == "pow" && "a function that lookupScalarFunction knows");
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
