// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From files to what can be run.

#ifndef NIBBLE_DRIVER_OPEN_H
#define NIBBLE_DRIVER_OPEN_H

#include "nibble/Driver/Executable.h"
#include "nibble/Driver/Inspect.h"
#include "nibble/Driver/Session.h"

namespace nibble::driver {

/// Whether `path` is called like a model: .onnx, .mlir or .mlirbc.
bool isModel(llvm::StringRef path);
/// Whether `path` is called like a shared library: .so.
bool isSharedLibrary(llvm::StringRef path);

/// The reference interpreter on a module, which it keeps: slow, and by
/// definition right.
llvm::Expected<std::unique_ptr<Executable>> makeReference(Session &session, mlir::OwningOpRef<mlir::ModuleOp> module);

/// Compiles a module as it is, for this machine and in memory.
llvm::Expected<std::unique_ptr<Executable>> makeExecutable(Session &session, mlir::ModuleOp module, int threads = 1);

/// The same to run a few samples, on which optimizing would cost far more than it saves: the same bits, and only as
/// much memory as a kernel needs at a time.
llvm::Expected<std::unique_ptr<Executable>> makeProbe(Session &session, mlir::ModuleOp module);

/// Opens a compiled model (.so), or a model (.onnx, .mlir) in the reference
/// interpreter.
llvm::Expected<std::unique_ptr<Executable>> openExecutable(Session &session, llvm::StringRef path, bool reference,
                                                           int threads = 1);

/// The size of the file that `module` was loaded from, and of those beside it that hold its weights.
int64_t getFileBytes(llvm::StringRef path, mlir::ModuleOp module);

/// Describes a compiled model or a model.
llvm::Expected<ModelInfo> inspectFile(Session &session, llvm::StringRef path);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_OPEN_H
