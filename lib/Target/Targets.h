// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's targets.

#ifndef NIBBLE_LIB_TARGET_TARGETS_H
#define NIBBLE_LIB_TARGET_TARGETS_H

#include "nibble/Target/Object.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
} // namespace llvm

namespace nibble {

/// Registers all of LLVM's targets, once.
void initializeTargets();

llvm::Expected<const llvm::Target *> findTarget(const TargetSpec &spec);

/// Where objects have raw data, and how they are aligned. A linked file has them in a section `.nibble_weights`.
inline constexpr llvm::StringLiteral kRawDataSection = ".rodata.nibble_weights";
inline constexpr uint64_t kRawDataAlignment = 64;

/// Writes the bytes of `data` into the file at `path`, which their objects were linked into in this order, or one is.
llvm::Error fillRawData(llvm::ArrayRef<RawData> data, llvm::StringRef path);

/// Replaces what `target`, a microcontroller, has no instructions for, and LLVM would call a library for: divisions of
/// 64 bits; on ARMv6-M all divisions, and products and shifts of 64 bits. To be done after all optimizations.
void expandWideIntegers(llvm::Module &module, const TargetSpec &target);

} // namespace nibble

#endif // NIBBLE_LIB_TARGET_TARGETS_H
