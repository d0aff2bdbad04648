// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's targets.

#ifndef NIBBLE_LIB_TARGET_TARGETS_H
#define NIBBLE_LIB_TARGET_TARGETS_H

#include "nibble/Target/TargetSpec.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
} // namespace llvm

namespace nibble {

/// Registers all of LLVM's targets, once.
void initializeTargets();

llvm::Expected<const llvm::Target *> findTarget(const TargetSpec &spec);

/// Replaces what `target`, a microcontroller, has no instructions for, and LLVM would call a library for: divisions of
/// 64 bits; on ARMv6-M all divisions, and products and shifts of 64 bits. To be done after all optimizations.
void expandWideIntegers(llvm::Module &module, const TargetSpec &target);

} // namespace nibble

#endif // NIBBLE_LIB_TARGET_TARGETS_H
