// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes of the nibble dialect, declared in NibblePasses.td.

#ifndef NIBBLE_DIALECT_NIBBLE_PASSES_H
#define NIBBLE_DIALECT_NIBBLE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "nibble/Dialect/Nibble/Nibble.h"

namespace nibble {
#define GEN_PASS_DECL
#include "nibble/Dialect/Nibble/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_PASSES_H
