// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an architecture does by instructions of its own. All else in a kernel is arith, math, scf and vector.

#ifndef NIBBLE_LIB_KERNELS_INSTRUCTIONS_H
#define NIBBLE_LIB_KERNELS_INSTRUCTIONS_H

#include "KernelBuilder.h"

namespace nibble {
namespace kernels {

class Instructions {
public:
  virtual ~Instructions() = default;

  static const Instructions &of(Arch arch);

  /// f32 to i32, to nearest even. The values are in the range of i32.
  virtual Value roundToInt(KernelBuilder &b, Value floats) const = 0;

  /// i32 to i16, or i16 to s8 or u8 (not `isSigned`), saturating: lane by lane of 128 bits, the first vector's elements
  /// and then the second's.
  virtual Value pack(KernelBuilder &b, Value first, Value second, bool isSigned) const = 0;

  /// Whether registers can hold a table of 256 bytes, for `lookup`.
  virtual bool hasLookup(const ISA &isa) const = 0;
  /// The entries at `bytes`, a whole register. Piece i has entries 16 i ... 16 i + 15, in each of its 128-bit lanes.
  virtual Value lookup(KernelBuilder &b, llvm::ArrayRef<Value> pieces, Value bytes) const = 0;
};

const Instructions &x86Instructions();
const Instructions &aarch64Instructions();
const Instructions &microcontrollerInstructions();
const Instructions &cudaInstructions();

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_INSTRUCTIONS_H
