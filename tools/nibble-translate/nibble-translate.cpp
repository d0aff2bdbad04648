// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts models to MLIR and back: ONNX and the nibble dialect.

#include "nibble/InitAll.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  nibble::registerAllTranslations();
  return failed(mlir::mlirTranslateMain(argc, argv, "Nibble translation driver\n"));
}
