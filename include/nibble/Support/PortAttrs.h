// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the attributes of a function, its arguments and results say of a model's inputs and outputs.

#ifndef NIBBLE_SUPPORT_PORTATTRS_H
#define NIBBLE_SUPPORT_PORTATTRS_H

#include "mlir/IR/BuiltinAttributes.h"

namespace nibble {

/// Of a function: the largest value of each dynamic dimension that a run takes, an array of i64; 0 where there is none.
inline constexpr llvm::StringLiteral kBoundsAttr = "nibble.bounds";

/// Of an argument: the number of the result that is the same buffer, an i64. Of a concatenation: it appends to a state,
/// and moves elements as they are.
inline constexpr llvm::StringLiteral kStateAttr = "nibble.state";

/// Of an argument that is a state: how long its buffer is in the function that this is a copy of, an i64.
inline constexpr llvm::StringLiteral kCapacityAttr = "nibble.capacity";

/// The name of the input or output, `nibble.name`; empty if there is none.
inline llvm::StringRef getPortName(mlir::DictionaryAttr attrs) {
  auto name = attrs ? attrs.getAs<mlir::StringAttr>("nibble.name") : mlir::StringAttr();
  return name ? name.getValue() : llvm::StringRef();
}

/// The names of dynamic dimensions, `nibble.dims`: strings, empty where a dimension is none.
inline llvm::ArrayRef<mlir::Attribute> getDimNames(mlir::DictionaryAttr attrs) {
  auto dims = attrs ? attrs.getAs<mlir::ArrayAttr>("nibble.dims") : mlir::ArrayAttr();
  return dims ? dims.getValue() : llvm::ArrayRef<mlir::Attribute>();
}

/// The name of dynamic dimension `dim`; empty if there is none.
inline llvm::StringRef getDimName(mlir::DictionaryAttr attrs, size_t dim) {
  llvm::ArrayRef<mlir::Attribute> dims = getDimNames(attrs);
  auto name = dim < dims.size() ? llvm::dyn_cast<mlir::StringAttr>(dims[dim]) : mlir::StringAttr();
  return name ? name.getValue() : llvm::StringRef();
}

} // namespace nibble

#endif // NIBBLE_SUPPORT_PORTATTRS_H
