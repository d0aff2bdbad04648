// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading functions that a model spells out in single operations.

#ifndef NIBBLE_DIALECT_NIBBLE_SPELLING_H
#define NIBBLE_DIALECT_NIBBLE_SPELLING_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include <optional>

namespace nibble {

/// The value of a constant whose elements are all the same.
std::optional<float> getUniform(mlir::Value value);

/// Whether `value` is a constant of elements `expected`, to within the rounding of a spelled-out number.
bool isUniform(mlir::Value value, float expected);

/// If `op` has a uniform constant `expected` as one operand (as the rhs, if it does not commute), the other operand.
mlir::Value getOther(mlir::Operation *op, float expected);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_SPELLING_H
