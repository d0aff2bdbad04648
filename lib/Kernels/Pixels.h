// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over the pixels of a row, several at a time.

#ifndef NIBBLE_LIB_KERNELS_PIXELS_H
#define NIBBLE_LIB_KERNELS_PIXELS_H

#include "KernelBuilder.h"

namespace nibble {
namespace kernels {

/// Emits `body` for all of `pixels`, at most `atOnce` at a time: pieces that differ by one at most where their number
/// is known, else pieces of `atOnce` and the rest by powers of two. A dynamic number may be 0.
void emitPixelGroups(KernelBuilder &b, const Extent &pixels, int64_t atOnce,
                     llvm::function_ref<void(Value first, int64_t count)> body);

/// pointer + rows + bytes, `rows` being a multiple of a row's pitch: one offset where it is known, else two, so that
/// run-time values do not multiply with the offsets within a row.
Value atRow(KernelBuilder &b, Value pointer, const Extent &rows, int64_t bytes);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_PIXELS_H
