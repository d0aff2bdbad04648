// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One row per instruction set the kernels are generated for.

#ifndef NIBBLE_KERNELS_ISA_H
#define NIBBLE_KERNELS_ISA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace nibble {
namespace kernels {

/// The instructions that multiply four bytes by four s8 and add them to an i32 lane.
enum class DotKind {
  Vpdpbusd, ///< one instruction, does not saturate
  Pmaddwd,  ///< bytes widened to 16 bits, two multiplications of pairs: exact for all bytes
  Sdot,     ///< one instruction
  Smmla,    ///< one instruction for two rows, two columns and eight bytes; Sdot where rows do not come in pairs
  Smull,    ///< products in 16 bits, then sums of pairs in 32: exact for all bytes
  Mla,      ///< byte by byte, in general registers
  Smlad,    ///< bytes widened to 16 bits, two multiplications in a general register
  Vmladav,  ///< a vector of bytes to one sum in a general register
  Dp4a,     ///< one instruction for a lane, bytes of either kind
  Mma,      ///< the lanes of a warp together: 16 rows by 8 columns by 32 bytes; Dp4a where a thread works alone
};

/// What the dot products' other operand is. Bytes of the other kind are XORed with 0x80 in registers, which the packed
/// bias makes up for: so all instruction sets of a library must agree. The last two are of bare metal, whose small
/// kernels have operands in an order of their own (lib/Kernels/Small.h): words of four bytes of either kind, or vectors
/// of s8. Either: all kernels take bytes of both kinds as they are.
enum class DotInput { U8, S8, Words, Vectors, Either };

enum class Arch { X86_64, AArch64, CortexM, RISCV32, CUDA };

/// No operating system, no threads, and no floating-point arithmetic.
constexpr bool isBareMetal(Arch arch) { return arch == Arch::CortexM || arch == Arch::RISCV32; }

/// An instruction set. A kernel reads nothing about its target but what stands here; nibble::TargetSpec is the same row
/// as LLVM sees it.
struct ISA {
  llvm::StringRef name; ///< as in kernel names and `--target`
  Arch arch;
  llvm::StringRef triple;   ///< LLVM's name of the machine; rows that one library can hold have the same
  llvm::StringRef cpu;      ///< what LLVM schedules for
  llvm::StringRef features; ///< what LLVM may use beyond it, in its notation
  llvm::StringRef extends;  ///< the row whose machines' features this one needs too, if any
  llvm::StringRef required; ///< features of a machine that runs it, comma separated
  unsigned vectorBits;
  unsigned registers; ///< vector registers
  DotKind dot;
  bool hasFMA;              ///< else code for it is expanded (`--ukernel-expand-float-ops`)
  llvm::StringRef verified; ///< how the project's tests verify it, for people

  unsigned lanes() const { return vectorBits / 32; }
  DotInput dotInput() const {
    if (isBareMetal())
      return dot == DotKind::Vmladav ? DotInput::Vectors : DotInput::Words;
    if (isGPU())
      return DotInput::Either;
    return arch == Arch::X86_64 ? DotInput::U8 : DotInput::S8;
  }
  /// Whether dot products take two steps at once (`ConvParams::pairedSteps`); others can follow.
  bool pairsSteps() const { return dot == DotKind::Smmla; }
  unsigned pointerBits() const { return isBareMetal() ? 32 : 64; }
  bool isBareMetal() const { return kernels::isBareMetal(arch); }
  /// Kernels run on a device, whose threads take the place of tiles (lib/Kernels/CUDA).
  bool isGPU() const { return arch == Arch::CUDA; }
  /// Of a GPU: copies to a block's memory run beside its threads; from sm_80 on, as such tensor cores do.
  bool hasAsyncCopies() const { return dot == DotKind::Mma; }
};

/// All rows; within an architecture the plainest first.
llvm::ArrayRef<ISA> getISAs();

/// The row called `name`, or null.
const ISA *lookupISA(llvm::StringRef name);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_ISA_H
