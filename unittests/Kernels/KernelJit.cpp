// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelJit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static OwningOpRef<ModuleOp> makeModule(MLIRContext &context, Emit emit) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect,
                      LLVM::LLVMDialect>();
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  emit(builder, builder.getUnknownLoc());
  if (failed(verify(*module)))
    llvm::report_fatal_error("the kernel is not valid IR");
  return module;
}

static ObjectBytes generate(const ISA &isa, Emit emit, CodeKind kind) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = makeModule(context, emit);
  return llvm::cantFail(emitObject(*module, *lookupTargetSpec(isa.name), /*optLevel=*/2, kind));
}

test::EmulatedKernel nibble::kernels::emulate(const ISA &isa, Emit emit) {
  MLIRContext context;
  return test::EmulatedKernel(*makeModule(context, emit), isa);
}

std::string nibble::kernels::kernelAssembly(const ISA &isa, Emit emit) {
  const ObjectBytes text = generate(isa, emit, CodeKind::Assembly);
  return std::string(text.begin(), text.end());
}

KernelJit::KernelJit(const ISA &isa, Emit emit)
    : library(llvm::cantFail(JITLibrary::load(generate(isa, emit, CodeKind::Object)))),
      kernel(llvm::cantFail(library->lookupFunction<Kernel>("kernel"))) {}
