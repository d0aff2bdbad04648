// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of ONNX nodes and values, which operations carry as locations.

#ifndef NIBBLE_SUPPORT_LOCATIONS_H
#define NIBBLE_SUPPORT_LOCATIONS_H

#include "mlir/IR/Location.h"

namespace nibble {

/// `loc("node"("value"))`: the operation comes from ONNX node `node` and computes its output `value`.
mlir::Location getNodeLoc(mlir::MLIRContext *context, llvm::StringRef node, llvm::StringRef value);

/// Name of the ONNX node that an operation comes from; empty if there is none. Of fused locations, the last that has
/// one.
llvm::StringRef getNodeName(mlir::Location loc);

/// Name of the ONNX value that an operation computes; empty if there is none. Of fused locations, the last that has
/// one.
llvm::StringRef getValueName(mlir::Location loc);

} // namespace nibble

#endif // NIBBLE_SUPPORT_LOCATIONS_H
