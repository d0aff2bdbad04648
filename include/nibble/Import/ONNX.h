// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX models to modules of the nibble dialect.

#ifndef NIBBLE_IMPORT_ONNX_H
#define NIBBLE_IMPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <string>

namespace nibble {

struct ONNXImportOptions {
  /// Nodes without a form in the nibble dialect become operations of the onnx dialect instead of an error.
  bool keepUnsupported = false;
  /// Extents of inputs that the model leaves open, by the name that the model gives them; those without a name are
  /// INPUT.AXIS, as in "image.2".
  std::map<std::string, int64_t> dims;
};

/// Reads the model at `path` into a module with one function, `main`, in the nibble dialect and NCHW order. On failure,
/// the diagnostics name the file and the node. The context gets the dialects that the module needs.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importONNX(mlir::MLIRContext *context, llvm::StringRef path,
                                                              const ONNXImportOptions &options = {});

/// Adds `--import-onnx` to nibble-translate.
void registerONNXImport();

} // namespace nibble

#endif // NIBBLE_IMPORT_ONNX_H
