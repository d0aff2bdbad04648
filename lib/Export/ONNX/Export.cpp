// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The border of the exporter: no exception passes it.

#include "Exporter.h"
#include "nibble/Export/ONNX.h"
#include "nibble/InitAll.h"
#include "nibble/Support/OutputFile.h"

#include "onnx/checker.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-translate/Translation.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

FailureOr<std::string> nibble::serializeONNX(ModuleOp module) {
  try {
    onnx::ModelProto model;
    Exporter(model).run(module);
    if (model.ByteSizeLong() >= (2048UL << 20))
      return module.emitError() << "the model has " << model.ByteSizeLong()
                                << " bytes, ONNX allows fewer than 2 GiB in one file";
    onnx::checker::check_model(model);
    return model.SerializeAsString();
  } catch (const ExportError &error) {
    return emitError(error.loc) << error.what();
  } catch (const std::exception &error) {
    return module.emitError() << "cannot export to ONNX: " << error.what();
  }
}

LogicalResult nibble::exportONNX(ModuleOp module, StringRef path) {
  FailureOr<std::string> bytes = serializeONNX(module);
  if (failed(bytes))
    return failure();
  if (llvm::Error error = writeFile(path, *bytes))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}

void nibble::registerONNXExport() {
  static TranslateFromMLIRRegistration registration(
      "export-onnx", "nibble dialect, float or quantized, to an ONNX model",
      [](ModuleOp module, llvm::raw_ostream &output) -> LogicalResult {
        FailureOr<std::string> bytes = serializeONNX(module);
        if (failed(bytes))
          return failure();
        output << *bytes;
        return success();
      },
      [](DialectRegistry &registry) { registerAllDialects(registry); });
}
