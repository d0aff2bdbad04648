// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A function of a byte, by a table of 256 entries.

#ifndef NIBBLE_LIB_KERNELS_LOOKUP_H
#define NIBBLE_LIB_KERNELS_LOOKUP_H

#include "Instructions.h"

namespace nibble {
namespace kernels {

/// A table in registers where byte shuffles exist, else in memory.
class LookupTable {
public:
  /// Loads the table at `pointer`. Without `vectors` only single bytes are looked up.
  LookupTable(KernelBuilder &b, Value pointer, bool vectors);

  /// How many bytes are looked up best at a time.
  int64_t lanes() const { return pieces.empty() ? 16 : b.isa.vectorBits / 8; }

  /// The entries at `bytes`, a vector of at most `lanes()` ones.
  Value at(Value bytes);

private:
  Value loaded(Value bytes);

  KernelBuilder &b;
  const Instructions &instructions;
  Value pointer;
  llvm::SmallVector<Value, 16> pieces; ///< 16 entries each, repeated in each 128-bit lane
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_LOOKUP_H
