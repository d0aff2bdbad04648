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

enum class Arch { X86_64 };

/// An instruction set. A kernel reads nothing about its target but what stands here; nibble::TargetSpec is the same row
/// as LLVM sees it.
struct ISA {
  llvm::StringRef name; ///< as in kernel names and `--target`
  Arch arch;
  llvm::StringRef cpu;      ///< what LLVM schedules for
  llvm::StringRef features; ///< what LLVM may use beyond it, in its notation
  llvm::StringRef extends;  ///< the row whose machines' features this one needs too, if any
  llvm::StringRef required; ///< features of a machine that runs it, comma separated
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

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_ISA_H
