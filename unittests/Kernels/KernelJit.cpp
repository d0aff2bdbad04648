// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelJit.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace nibble::kernels;

static void lower(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (failed(verify(module)) || failed(pm.run(module)))
    llvm::report_fatal_error("the kernel does not lower to LLVM");
}

static std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const ISA &isa) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  std::string error;
  const llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, isa.cpu, isa.features, llvm::TargetOptions(), llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Default));
}

static std::unique_ptr<llvm::Module> compile(llvm::LLVMContext &context, llvm::TargetMachine &machine, Emit emit) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext mlir(registry);
  mlir.loadDialect<arith::ArithDialect, func::FuncDialect, scf::SCFDialect, vector::VectorDialect, LLVM::LLVMDialect>();
  OpBuilder builder(&mlir);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  emit(builder, builder.getUnknownLoc());
  lower(*module);
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(*module, context);
  llvmModule->setDataLayout(machine.createDataLayout());
  llvmModule->setTargetTriple(machine.getTargetTriple());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder passes(&machine);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(graphs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, graphs, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(*llvmModule, modules);
  return llvmModule;
}

static llvm::SmallVector<char, 0> generate(const ISA &isa, Emit emit, llvm::CodeGenFileType type) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(isa);
  std::unique_ptr<llvm::Module> module = compile(context, *machine, emit);
  llvm::SmallVector<char, 0> output;
  llvm::raw_svector_ostream os(output);
  llvm::legacy::PassManager pm;
  machine->addPassesToEmitFile(pm, os, nullptr, type);
  pm.run(*module);
  return output;
}

std::string nibble::kernels::kernelAssembly(const ISA &isa, Emit emit) {
  auto text = generate(isa, emit, llvm::CodeGenFileType::AssemblyFile);
  return std::string(text.begin(), text.end());
}

KernelJit::KernelJit(const ISA &isa, Emit emit) {
  auto object = generate(isa, emit, llvm::CodeGenFileType::ObjectFile);
  llvm::ExitOnError orDie("kernel: ");
  jit = orDie(llvm::orc::LLJITBuilder().create());
  orDie(jit->addObjectFile(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object), "kernel", /*RequiresNullTerminator=*/false)));
  kernel = orDie(jit->lookup("kernel")).toPtr<Kernel>();
}
