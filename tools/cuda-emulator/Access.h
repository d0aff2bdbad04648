// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the lanes of a load or store find their bytes: every check of an access is here.

#ifndef PTX_ACCESS_H
#define PTX_ACCESS_H

#include "Decoder.h"

namespace ptx {

enum class AccessKind : uint8_t {
  Read,
  ReadConstant, // by .nc: nothing in the launch may write it, not even the thread itself
  Write,
  Synchronizing // atomics and volatile accesses, which do not race with each other
};

struct Access {
  uint8_t *adjacent = nullptr; // lane l has adjacent + l * bytes; else:
  uint8_t *at[lanes];          // of the lanes of the mask
};

/// Resolves the addresses (64 bits in slot i->a, plus i->offset) of `bytes` bytes a lane. False after a fault.
bool resolve(Warp &warp, const Instruction *i, uint32_t mask, uint32_t bytes, Decoder::Space space, AccessKind kind,
             Access &out);

/// Complains where two lanes of one store wrote different values to one place, `offset` bytes behind the access's.
bool checkOverlap(Warp &warp, const Instruction *i, uint32_t mask, uint32_t bytes, const Access &access,
                  uint32_t offset, const uint8_t *values, uint32_t stride);

} // namespace ptx

#endif
