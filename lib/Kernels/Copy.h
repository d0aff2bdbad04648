// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies of rows.

#ifndef NIBBLE_LIB_KERNELS_COPY_H
#define NIBBLE_LIB_KERNELS_COPY_H

#include "Box.h"

namespace nibble {
namespace kernels {

/// Copies `length` elements of a merged box from pointers[0] to pointers[1].
void emitCopyRow(KernelBuilder &b, const Box &box, llvm::ArrayRef<Value> pointers, const Extent &length);

/// What is wrong with elements of so many bytes and strides of so many dimensions; empty if nothing.
std::string whyNotElements(int64_t elementBytes, llvm::ArrayRef<Extent> shape,
                           llvm::ArrayRef<llvm::ArrayRef<Extent>> strides);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_COPY_H
