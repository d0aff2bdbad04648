// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs passes on MLIR text: mlir-opt with our dialects and passes.

#include "nibble/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;

/// As upstream, with the file in memory where bytecode wants it: weights are aligned to 64 bytes.
static LogicalResult runOnFile(StringRef input, StringRef output, DialectRegistry &registry) {
  auto buffer = llvm::MemoryBuffer::getFile(input, /*IsText=*/false, /*RequiresNullTerminator=*/true,
                                            /*IsVolatile=*/false, llvm::Align(64));
  std::string message = buffer ? "" : "cannot read '" + input.str() + "': " + buffer.getError().message();
  std::unique_ptr<llvm::ToolOutputFile> file = buffer ? openOutputFile(output, &message) : nullptr;
  if (!file) {
    llvm::WithColor::error(llvm::errs(), "nibble-opt") << message << '\n';
    return failure();
  }
  if (failed(MlirOptMain(file->os(), std::move(*buffer), registry, MlirOptMainConfig::createFromCLOptions())))
    return failure();
  file->keep();
  return success();
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  nibble::registerAllDialects(registry);
  nibble::registerAllPasses();
  auto [input, output] = registerAndParseCLIOptions(argc, argv, "Nibble pass driver\n", registry);
  if (input == "-")
    return asMainReturnCode(MlirOptMain(argc, argv, input, output, registry));
  llvm::InitLLVM init(argc, argv);
  return asMainReturnCode(runOnFile(input, output, registry));
}
