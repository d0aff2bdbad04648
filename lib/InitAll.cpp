// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/InitAll.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/ONNX/Register.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Export/ONNX.h"
#include "nibble/Import/ONNX.h"
#include "nibble/Pipelines/Phases.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"

void nibble::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<NibbleDialect, ukernel::UKernelDialect>();
  registerONNXDialect(registry);
  registry
      .insert<mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect, mlir::func::FuncDialect, mlir::LLVM::LLVMDialect,
              mlir::math::MathDialect, mlir::memref::MemRefDialect, mlir::quant::QuantDialect, mlir::scf::SCFDialect,
              mlir::tensor::TensorDialect, mlir::vector::VectorDialect>();
}

void nibble::registerAllPasses() {
  mlir::registerTransformsPasses();
  registerNibblePasses();
  registerPhases();
  ukernel::registerUKernelPasses();
}

void nibble::registerAllTranslations() {
  registerONNXImport();
  registerONNXExport();
}
