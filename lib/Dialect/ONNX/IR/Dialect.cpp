// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the onnx dialect.

#include "nibble/Dialect/ONNX/ONNX.h"
#include "nibble/Dialect/ONNX/Register.h"

using namespace nibble::onnxir;

#include "nibble/Dialect/ONNX/Dialect.cpp.inc"

void ONNXDialect::initialize() { registerONNXDialectOperations(this); }

void nibble::registerONNXDialect(mlir::DialectRegistry &registry) { registry.insert<ONNXDialect>(); }

void nibble::loadONNXDialect(mlir::MLIRContext *context) { context->loadDialect<ONNXDialect>(); }
