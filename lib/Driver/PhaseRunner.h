// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs phases on a module, keeps their IR where asked, and stops where asked.

#ifndef NIBBLE_LIB_DRIVER_PHASERUNNER_H
#define NIBBLE_LIB_DRIVER_PHASERUNNER_H

#include "nibble/Driver/Session.h"
#include "nibble/Pipelines/Phases.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

namespace mlir {
class PassManager;
} // namespace mlir

namespace nibble::driver {

class PhaseRunner {
public:
  /// `stopAfter` is empty or the name of a phase, `dumpFolder` empty or a folder, which is made.
  static llvm::Expected<PhaseRunner> create(Session &session, llvm::StringRef stopAfter, llvm::StringRef dumpFolder);

  /// Runs the passes that `build` adds, if it is given, and writes the IR behind them.
  llvm::Error run(Phase phase, mlir::ModuleOp module, llvm::function_ref<void(mlir::PassManager &)> build = nullptr);

  /// Whether the phase to stop after has run.
  bool isDone() const { return done; }

  /// By node name, why it stays in float, as the phases remarked.
  const llvm::StringMap<std::string> &floatReasons() const { return reasons; }

private:
  explicit PhaseRunner(Session &session) : session(session) {}
  llvm::Error dump(Phase phase, mlir::ModuleOp module);

  Session &session;
  std::optional<Phase> last;
  std::string folder;
  bool done = false;
  llvm::StringMap<std::string> reasons;
};

/// The module as text with all its weights and locations, or as bytecode.
llvm::SmallVector<char, 0> printModule(mlir::ModuleOp module, bool bytecode);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_PHASERUNNER_H
