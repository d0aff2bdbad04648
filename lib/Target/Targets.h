// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's targets.

#ifndef NIBBLE_LIB_TARGET_TARGETS_H
#define NIBBLE_LIB_TARGET_TARGETS_H

#include "nibble/Target/TargetSpec.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"

namespace nibble {

/// Registers all of LLVM's targets, once.
void initializeTargets();

llvm::Expected<const llvm::Target *> findTarget(const TargetSpec &spec);

} // namespace nibble

#endif // NIBBLE_LIB_TARGET_TARGETS_H
