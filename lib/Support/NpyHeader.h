// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The header of a .npy file: numpy/lib/format.py.

#ifndef NIBBLE_LIB_SUPPORT_NPYHEADER_H
#define NIBBLE_LIB_SUPPORT_NPYHEADER_H

#include "nibble/Support/Array.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace nibble::npy {

struct Header {
  ElementKind kind;
  llvm::SmallVector<int64_t, 4> shape;
};

/// Reads the header through `read`, which fills a buffer, and checks that
/// `remaining` bytes, as it stands then, are exactly the elements.
llvm::Expected<Header> readHeader(llvm::function_ref<llvm::Error(char *, uint64_t)> read,
                                  llvm::function_ref<uint64_t()> remaining);

std::string makeHeader(const Array &array);

} // namespace nibble::npy

#endif // NIBBLE_LIB_SUPPORT_NPYHEADER_H
