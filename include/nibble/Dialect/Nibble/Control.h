// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops and branches that are decided when a model runs.

#ifndef NIBBLE_DIALECT_NIBBLE_CONTROL_H
#define NIBBLE_DIALECT_NIBBLE_CONTROL_H

#include "nibble/Dialect/Nibble/Nibble.h"

#define GET_OP_CLASSES
#include "nibble/Dialect/Nibble/ControlOps.h.inc"

namespace nibble {

/// Whether the model's dimensions alone tell how often `op` runs: all that it stands in are counted loops.
bool isCounted(mlir::Operation *op);

/// The same loop with one more result: the values that `inner`, of its body, has in all iterations. The loop is
/// counted.
LoopOp addSequence(LoopOp loop, mlir::Value inner);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_CONTROL_H
