// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of the rows of matrices, in a batch of such: what products of two values are cut into.

#ifndef NIBBLE_LIB_KERNELS_ROWTILES_H
#define NIBBLE_LIB_KERNELS_ROWTILES_H

#include "Box.h"

namespace nibble {
namespace kernels {

/// The operands' pointers at matrix number `batch`. `box` is merged.
Values enterBatch(KernelBuilder &b, const Box &box, ValueRange pointers, Value batch);

/// Emits `body` for tile `tile` of the `rows` rows of a matrix: with its first row, and the number of its rows. Of a
/// last tile of a dynamic number the body has parts, of powers of two; so `tileRows` is one.
void emitRowTile(KernelBuilder &b, const Extent &rows, int64_t tileRows, Value tile,
                 llvm::function_ref<void(Value first, int64_t count)> body);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_ROWTILES_H
