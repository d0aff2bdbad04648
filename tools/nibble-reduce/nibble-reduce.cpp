// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shrinks an .mlir file that shows a fault, keeping the fault.

#include "Reducer.h"
#include "nibble/InitAll.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Locations.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace nibble;

/// Names of nodes stay, where there are any.
static void print(ModuleOp module, llvm::raw_ostream &os) {
  bool isNamed = false;
  module.walk([&](Operation *op) { isNamed |= !getNodeName(op->getLoc()).empty(); });
  module.print(os, OpPrintingFlags().enableDebugInfo(isNamed));
  os << "\n";
}

namespace {
/// The user's program: exit code 0 says that a file is interesting, as for llvm-reduce.
class Script {
public:
  Script(StringRef name, ArrayRef<std::string> arguments) : program(name), arguments(arguments) {
    if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName(name))
      program = *found;
  }

  llvm::Expected<bool> isInteresting(ModuleOp module) const {
    llvm::SmallString<128> path;
    int file;
    if (std::error_code code = llvm::sys::fs::createTemporaryFile("nibble-reduce", "mlir", file, path))
      return makeError("cannot make a temporary file: " + code.message());
    llvm::FileRemover remover(path);
    llvm::raw_fd_ostream stream(file, /*shouldClose=*/true);
    print(module, stream);
    stream.close();
    SmallVector<StringRef> command = {program};
    llvm::append_range(command, arguments);
    command.push_back(path);
    std::string message;
    int status = llvm::sys::ExecuteAndWait(program, command, std::nullopt, {}, 0, 0, &message);
    if (status == -1)
      return makeError("cannot run '" + program + "': " + message);
    return status == 0;
  }

private:
  std::string program;
  std::vector<std::string> arguments;
};
} // namespace

static unsigned countOperations(ModuleOp module) {
  unsigned count = 0;
  module.walk([&](Operation *) { ++count; });
  return count;
}

static llvm::Error reduce(OwningOpRef<ModuleOp> &module, const Script &script) {
  llvm::Expected<bool> interesting = script.isInteresting(*module);
  if (!interesting)
    return interesting.takeError();
  if (!*interesting)
    return makeError("the input is not interesting: the test must end with exit code 0");
  // A program that ran once runs again.
  Reducer([&](ModuleOp smaller) { return llvm::cantFail(script.isInteresting(smaller)); }).run(module);
  return llvm::Error::success();
}

static llvm::Error run(StringRef input, StringRef output, const Script &script) {
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  if (!module)
    return makeError("cannot read '" + input + "'");
  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(output, &message);
  if (!file)
    return makeError(message);
  unsigned before = countOperations(*module);
  if (llvm::Error error = reduce(module, script))
    return error;
  llvm::errs() << "nibble-reduce: " << before << " operations became " << countOperations(*module) << "\n";
  print(*module, file->os());
  file->keep();
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::OptionCategory category("Options");
  llvm::cl::opt<std::string> input(llvm::cl::Positional, llvm::cl::Required, llvm::cl::desc("INPUT.mlir"));
  llvm::cl::opt<std::string> test("test", llvm::cl::Required, llvm::cl::value_desc("program"), llvm::cl::cat(category),
                                  llvm::cl::desc("ends with exit code 0 if the file it is given shows the fault"));
  llvm::cl::list<std::string> arguments("test-arg", llvm::cl::value_desc("argument"), llvm::cl::cat(category),
                                        llvm::cl::desc("argument of the program, before the file"));
  llvm::cl::opt<std::string> output("o", llvm::cl::init("-"), llvm::cl::value_desc("file"), llvm::cl::cat(category),
                                    llvm::cl::desc("the smaller file"));
  llvm::cl::HideUnrelatedOptions(category);
  llvm::cl::ParseCommandLineOptions(argc, argv, "Shrinks an MLIR file that shows a fault, keeping the fault\n");
  llvm::Error error = run(input, output, Script(test, arguments));
  if (!error)
    return 0;
  llvm::errs() << "nibble-reduce: error: " << llvm::toString(std::move(error)) << "\n";
  return 1;
}
