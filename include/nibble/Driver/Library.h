// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled models: shared libraries with the interface of nibble/Runtime/nibble_abi.h.

#ifndef NIBBLE_DRIVER_LIBRARY_H
#define NIBBLE_DRIVER_LIBRARY_H

#include "nibble/Driver/Executable.h"
#include "nibble/Driver/Inspect.h"

namespace nibble::driver {

/// Loads the shared library at `path`, runs of which use `threads` threads.
llvm::Expected<std::unique_ptr<Executable>> loadLibrary(llvm::StringRef path, int threads = 1);

/// The same of a library that is in memory.
llvm::Expected<std::unique_ptr<Executable>> loadLibraryBytes(llvm::ArrayRef<char> bytes, int threads = 1);

/// What a shared library tells of itself.
llvm::Expected<ModelInfo> inspectLibrary(llvm::StringRef path);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_LIBRARY_H
