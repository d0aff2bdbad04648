// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs passes on MLIR text: mlir-opt with our dialects and passes.

#include "nibble/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  nibble::registerAllDialects(registry);
  nibble::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Nibble pass driver\n", registry));
}
