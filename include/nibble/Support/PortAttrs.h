// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the attributes of a function's arguments and results say of a model's inputs and outputs.

#ifndef NIBBLE_SUPPORT_PORTATTRS_H
#define NIBBLE_SUPPORT_PORTATTRS_H

#include "mlir/IR/BuiltinAttributes.h"

namespace nibble {

/// The name of the input or output, `nibble.name`; empty if there is none.
inline llvm::StringRef getPortName(mlir::DictionaryAttr attrs) {
  auto name = attrs ? attrs.getAs<mlir::StringAttr>("nibble.name") : mlir::StringAttr();
  return name ? name.getValue() : llvm::StringRef();
}

/// The name of dynamic dimension `dim`, an element of `nibble.dims`; empty if there is none.
inline llvm::StringRef getDimName(mlir::DictionaryAttr attrs, size_t dim) {
  auto dims = attrs ? attrs.getAs<mlir::ArrayAttr>("nibble.dims") : mlir::ArrayAttr();
  auto name = dims && dim < dims.size() ? llvm::dyn_cast<mlir::StringAttr>(dims[dim]) : mlir::StringAttr();
  return name ? name.getValue() : llvm::StringRef();
}

} // namespace nibble

#endif // NIBBLE_SUPPORT_PORTATTRS_H
