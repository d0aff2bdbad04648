// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Open.h"
#include "nibble/Driver/Library.h"
#include "nibble/Pipelines/Phases.h"
#include "nibble/Support/Errors.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace nibble::driver {

bool isModel(StringRef path) { return path.ends_with(".onnx") || path.ends_with(".mlir") || path.ends_with(".mlirbc"); }

bool isSharedLibrary(StringRef path) { return path.ends_with(".so"); }

/// The form of a float model that code is generated from.
static Error normalize(Session &session, mlir::ModuleOp module) {
  return session.attempt([&] {
    mlir::PassManager passes(&session.context());
    buildNormalizePhase(passes);
    return passes.run(module);
  });
}

Expected<std::unique_ptr<Executable>> openExecutable(Session &session, StringRef path, bool reference, int threads) {
  if (isSharedLibrary(path)) {
    if (reference)
      return makeError("'" + path + "' holds machine code alone: the reference interpreter needs the model");
    return loadLibrary(path, threads);
  }
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> module = session.load(path);
  if (!module)
    return module.takeError();
  if (reference)
    return makeReference(session, std::move(*module));
  if (path.ends_with(".onnx"))
    if (Error error = normalize(session, **module))
      return std::move(error);
  return makeExecutable(session, **module, threads);
}

int64_t getFileBytes(StringRef path, mlir::ModuleOp module) {
  uint64_t bytes = 0;
  (void)sys::fs::file_size(path, bytes);
  auto external = module->getAttrOfType<mlir::IntegerAttr>("nibble.external_bytes");
  return int64_t(bytes) + (external ? external.getInt() : 0);
}

Expected<ModelInfo> inspectFile(Session &session, StringRef path) {
  if (isSharedLibrary(path))
    return inspectLibrary(path);
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> module = session.load(path);
  if (!module)
    return module.takeError();
  Expected<ModelInfo> info = inspect(**module);
  if (info)
    info->fileBytes = getFileBytes(path, **module);
  return info;
}

} // namespace nibble::driver
