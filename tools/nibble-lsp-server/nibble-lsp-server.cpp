// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Language server for .mlir files with our dialects: completion, hover, diagnostics in an editor.

#include "nibble/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  nibble::registerAllDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
