// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PhaseRunner.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/OutputFile.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace nibble::driver {

Expected<PhaseRunner> PhaseRunner::create(Session &session, StringRef stopAfter, StringRef dumpFolder) {
  PhaseRunner runner(session);
  runner.folder = dumpFolder.str();
  if (!stopAfter.empty()) {
    runner.last = symbolizePhase(stopAfter);
    if (!runner.last)
      return makeError("stop-after '" + stopAfter + "' is not a phase, expected " +
                       join(map_range(getPhases(), stringifyPhase), ", "));
  }
  if (!dumpFolder.empty())
    if (std::error_code code = sys::fs::create_directories(dumpFolder))
      return makeError("cannot make the folder '" + dumpFolder + "': " + code.message());
  return runner;
}

Error PhaseRunner::run(Phase phase, mlir::ModuleOp module, function_ref<void(mlir::PassManager &)> build) {
  auto keepReason = [&](mlir::Location location, StringRef text) {
    constexpr StringLiteral phrase = "stays in float: ";
    const size_t at = text.find(phrase);
    if (at != StringRef::npos) // the summary says it
      reasons[getNodeName(location)] = text.drop_front(at + phrase.size()).str();
    return at != StringRef::npos;
  };
  auto action = [&]() -> mlir::LogicalResult {
    if (!build)
      return mlir::success();
    mlir::PassManager passes(&session.context());
    build(passes);
    return passes.run(module);
  };
  if (Error error = session.attempt(action, keepReason))
    return error;
  done = last == phase;
  return folder.empty() ? Error::success() : dump(phase, module);
}

/// A readable file, weights elided, and a complete one.
Error PhaseRunner::dump(Phase phase, mlir::ModuleOp module) {
  SmallString<128> path(folder);
  size_t number = find(getPhases(), phase) - getPhases().begin();
  sys::path::append(path, formatv("{0}-{1}.mlir", number, stringifyPhase(phase)).str());
  std::string text;
  raw_string_ostream stream(text);
  mlir::OpPrintingFlags flags;
  module.print(stream, flags.elideLargeElementsAttrs(16).elideLargeResourceString(64).enableDebugInfo());
  if (Error error = writeFile(path, text))
    return error;
  SmallVector<char, 0> bytes = printModule(module, /*bytecode=*/true);
  return writeFile((path + "bc").str(), StringRef(bytes.data(), bytes.size()));
}

SmallVector<char, 0> printModule(mlir::ModuleOp module, bool bytecode) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  if (bytecode)
    (void)mlir::writeBytecodeToFile(module, stream);
  else
    module.print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  return bytes;
}

} // namespace nibble::driver
