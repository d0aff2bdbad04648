// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the onnx dialect without the classes of its operations.

#ifndef NIBBLE_DIALECT_ONNX_REGISTER_H
#define NIBBLE_DIALECT_ONNX_REGISTER_H

namespace mlir {
class DialectRegistry;
class MLIRContext;
} // namespace mlir

namespace nibble {

void registerONNXDialect(mlir::DialectRegistry &registry);
void loadONNXDialect(mlir::MLIRContext *context);

} // namespace nibble

#endif // NIBBLE_DIALECT_ONNX_REGISTER_H
