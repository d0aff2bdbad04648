// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `nibble-translate --import-onnx`.

#include "nibble/Import/ONNX.h"
#include "nibble/InitAll.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace nibble;

void nibble::registerONNXImport() {
  static llvm::cl::opt<bool> keepUnsupported("onnx-keep-unsupported",
                                             llvm::cl::desc("Import nodes without a nibble form as onnx operations"));
  static TranslateToMLIRRegistration registration(
      "import-onnx", "ONNX model to the nibble dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) -> OwningOpRef<Operation *> {
        StringRef path = sources.getMemoryBuffer(sources.getMainFileID())->getBufferIdentifier();
        if (path == "<stdin>") {
          emitError(UnknownLoc::get(context),
                    "--import-onnx needs a file name, since weights may lie beside the model");
          return nullptr;
        }
        FailureOr<OwningOpRef<ModuleOp>> module = importONNX(context, path, {keepUnsupported});
        return failed(module) ? OwningOpRef<Operation *>() : OwningOpRef<Operation *>(module->release());
      },
      [](DialectRegistry &registry) { registerAllDialects(registry); });
}
