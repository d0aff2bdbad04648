// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What LLVM generates code for: one for each instruction set of Kernels/ISA.h.

#ifndef NIBBLE_TARGET_TARGETSPEC_H
#define NIBBLE_TARGET_TARGETSPEC_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace nibble {

/// An instruction set level, as LLVM names it.
struct TargetSpec {
  /// Our name of the level, the suffix of kernel names: `avx512vnni`.
  std::string isa;
  std::string triple;
  std::string cpu;
  /// Comma separated, each with + or -.
  std::string features;

  /// Fused multiply-add in hardware; without it, code for it is expanded exactly.
  bool hasFMA() const;
};

/// One for each row of kernels::getISAs().
llvm::ArrayRef<TargetSpec> getTargetSpecs();

/// The level called `isa`, or null.
const TargetSpec *lookupTargetSpec(llvm::StringRef isa);

/// The level of the same architecture that all its machines have.
const TargetSpec &getPlainestTargetSpec(const TargetSpec &spec);

/// What the code round the kernels runs on: this level's plainest, or, of a GPU, an x86-64 host's.
const TargetSpec &getLibraryTargetSpec(const TargetSpec &spec);

/// Whether its kernels run on a GPU.
bool isGPU(const TargetSpec &spec);

/// Whether all machines of its architecture have it.
bool isBaseline(const TargetSpec &spec);

/// Whether its machines have no operating system, no libraries and no floating-point instructions.
bool isBareMetal(const TargetSpec &spec);

/// True if this machine can run code for `spec`.
bool isHostCapable(const TargetSpec &spec);

/// The best level that this machine can run.
const TargetSpec &getHostTargetSpec();

} // namespace nibble

#endif // NIBBLE_TARGET_TARGETSPEC_H
