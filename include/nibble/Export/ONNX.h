// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules of the nibble dialect to ONNX models.

#ifndef NIBBLE_EXPORT_ONNX_H
#define NIBBLE_EXPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"

namespace nibble {

/// The bytes of an ONNX model that computes what the module's function `main` does: float operations as they are,
/// quantized ones between DequantizeLinear and QuantizeLinear. Layouts may be NCHW or NHWC, for which transposes are
/// inserted where they are needed. Operations on plain integers (behind the fold phase) are refused. What QDQ cannot
/// express is a warning.
mlir::FailureOr<std::string> serializeONNX(mlir::ModuleOp module);

/// Writes that model to `path`, whole or not at all.
mlir::LogicalResult exportONNX(mlir::ModuleOp module, llvm::StringRef path);

/// Adds `--export-onnx` to nibble-translate.
void registerONNXExport();

} // namespace nibble

#endif // NIBBLE_EXPORT_ONNX_H
