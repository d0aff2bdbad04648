// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code generator, as the driver calls it.

#ifndef NIBBLE_LIB_DRIVER_CODEGEN_H
#define NIBBLE_LIB_DRIVER_CODEGEN_H

#include "nibble/Driver/Options.h"
#include "nibble/Driver/Session.h"
#include "nibble/Pipelines/Compile.h"

namespace nibble::driver {

/// The instruction sets that `target` names: "host", or names with commas between.
llvm::Expected<std::vector<TargetSpec>> parseTargets(llvm::StringRef target);

/// Whether values of `module` are of quantized types.
bool holdsQuantized(mlir::ModuleOp module);

/// Generates code for a copy of `module`.
llvm::Expected<CompiledModel> generateCode(Session &session, mlir::ModuleOp module,
                                           const nibble::CompileOptions &options);

/// Brings generated code into this process.
llvm::Expected<std::unique_ptr<LoadedModel>> loadCode(const CompiledModel &model);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_CODEGEN_H
