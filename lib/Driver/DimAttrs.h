// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the options say of dynamic dimensions, written into the graph.

#ifndef NIBBLE_LIB_DRIVER_DIMATTRS_H
#define NIBBLE_LIB_DRIVER_DIMATTRS_H

#include "nibble/Driver/Options.h"

#include "mlir/IR/BuiltinOps.h"

namespace nibble::driver {

/// Writes the largest values of dynamic dimensions, and those with code of their own, into the graph. Fails where one
/// of them names a dimension that no input has.
llvm::Error setDimAttrs(mlir::ModuleOp module, const CompileOptions &options);

/// Takes those with code of their own away: of a graph that is compiled only to be measured.
void dropSpecializations(mlir::ModuleOp module);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_DIMATTRS_H
