// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The option --state in a graph.

#ifndef NIBBLE_LIB_DRIVER_STATES_H
#define NIBBLE_LIB_DRIVER_STATES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>

namespace nibble::driver {

/// Writes into the graph which inputs are one buffer with which outputs, by their names.
llvm::Error setStates(mlir::ModuleOp module, const std::map<std::string, std::string> &states);

/// Takes that away again, from what is only measured.
void removeStates(mlir::ModuleOp module);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_STATES_H
