// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One row per instruction set the kernels are generated for.

#ifndef NIBBLE_KERNELS_ISA_H
#define NIBBLE_KERNELS_ISA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace nibble {
namespace kernels {

/// The instruction that multiplies four u8 by four s8 and adds them to an i32 lane.
enum class DotKind {
  Vpdpbusd, ///< one instruction, does not saturate
  Pmaddwd,  ///< bytes widened to 16 bits, two multiplications of pairs: exact for all bytes
};

/// An instruction set, as far as kernels go; nibble::TargetSpec has the compiler's side of it.
struct ISA {
  llvm::StringRef name; ///< as in kernel names, and of the TargetSpec
  unsigned vectorBits;
  unsigned registers; ///< vector registers
  DotKind dot;
  bool hasFMA; ///< without it there are no float kernels

  unsigned lanes() const { return vectorBits / 32; }
};

/// All rows, oldest first.
llvm::ArrayRef<ISA> getISAs();

/// The row called `name`, or null.
const ISA *lookupISA(llvm::StringRef name);

/// Whether this machine runs code for `isa`.
bool isExecutable(const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_ISA_H
