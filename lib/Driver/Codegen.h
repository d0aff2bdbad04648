// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code generator, as the driver calls it.

#ifndef NIBBLE_LIB_DRIVER_CODEGEN_H
#define NIBBLE_LIB_DRIVER_CODEGEN_H

#include "nibble/Codegen/Load.h"
#include "nibble/Driver/Options.h"
#include "nibble/Driver/Session.h"
#include "nibble/Support/Errors.h"

namespace nibble::driver {

/// The instruction sets that `target` names: "host", or names with commas between.
llvm::Expected<std::vector<TargetSpec>> parseTargets(llvm::StringRef target);

/// Whether `target` is a machine without an operating system and floating point.
bool isBareMetal(llvm::StringRef target);

/// Whether a compilation's plan is one of integers alone.
bool isFixed(const CompileOptions &options);
/// Whether its inputs and outputs are quantized values.
bool hasQuantizedIO(const CompileOptions &options);

/// What a target without an operating system and floating point cannot do of what the options ask for.
llvm::Error checkTarget(const CompileOptions &options);

/// Fails with what is over if `model` does not fit the options' memory.
llvm::Error checkBudget(const CompileOptions &options, const CompiledModel &model);

/// Whether values of `module` are of quantized types.
bool holdsQuantized(mlir::ModuleOp module);

/// Runs `action`; if it fails, with the diagnostics, which say more than the error that follows them.
template <typename T>
llvm::Expected<T> attempt(Session &session, llvm::function_ref<llvm::Expected<T>()> action) {
  std::optional<T> result;
  std::string message;
  llvm::Error error = session.attempt([&] {
    llvm::Expected<T> made = action();
    if (made)
      result = std::move(*made);
    else
      message = llvm::toString(made.takeError());
    return mlir::success(result.has_value());
  });
  if (!error)
    return std::move(*result);
  std::string diagnostics = llvm::toString(std::move(error));
  bool isSilent = llvm::StringRef(diagnostics).starts_with("failed without a diagnostic");
  return makeError(isSilent && !message.empty() ? message : diagnostics);
}

/// Generates code for a copy of `module`.
llvm::Expected<CompiledModel> generateCode(Session &session, mlir::ModuleOp module, const CodegenOptions &options);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_CODEGEN_H
