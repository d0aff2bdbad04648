// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Machine code from MLIR by LLVM's code generator.

#include "nibble/Target/Object.h"
#include "Targets.h"
#include "nibble/Support/Errors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/CodeGen/CodeGenTargetMachineImpl.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace mlir;
using namespace nibble;

void nibble::initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

llvm::Expected<const llvm::Target *> nibble::findTarget(const TargetSpec &spec) {
  initializeTargets();
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(llvm::Triple(spec.triple), message);
  if (!target)
    return makeError("no code generator for '" + spec.triple + "': " + message);
  return target;
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const TargetSpec &spec,
                                                                                unsigned optLevel) {
  llvm::Expected<const llvm::Target *> target = findTarget(spec);
  if (!target)
    return target.takeError();
  llvm::TargetOptions options;
  // No a*b+c may become a fused multiply-add that the IR does not ask for.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.FunctionSections = true;
  options.EmitStackSizeSection = isBareMetal(spec);
  std::unique_ptr<llvm::TargetMachine> machine(
      (*target)->createTargetMachine(llvm::Triple(spec.triple), spec.cpu, spec.features, options,
                                     isBareMetal(spec) ? llvm::Reloc::Static : llvm::Reloc::PIC_, std::nullopt,
                                     optLevel ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::Less));
  if (!machine)
    return makeError("cannot generate code for '" + spec.triple + "', cpu '" + spec.cpu + "'");
  return machine;
}

/// What TargetMachine::addPassesToEmitFile does. The scheduler of machine instructions is left out for RISC-V: it moves
/// all loads and products of an unrolled loop to its front and spills them, so that ic_resnet8 took 66.9 million
/// instructions and not 41.7 million. On Cortex-M it gains 5 %.
static bool addCodegenPasses(llvm::TargetMachine &machine, llvm::legacy::PassManager &pm, llvm::raw_pwrite_stream &os,
                             llvm::CodeGenFileType type) {
  if (!machine.getTargetTriple().isRISCV())
    return !machine.addPassesToEmitFile(pm, os, nullptr, type);
  auto &generator = static_cast<llvm::CodeGenTargetMachineImpl &>(machine);
  llvm::TargetPassConfig *config = generator.createPassConfig(pm);
  config->disablePass(&llvm::MachineSchedulerID);
  auto *information = new llvm::MachineModuleInfoWrapperPass(&machine);
  pm.add(config);
  pm.add(information);
  if (config->addISelPasses())
    return false;
  config->addMachinePasses();
  config->setInitialized();
  if (generator.addAsmPrinter(pm, os, nullptr, type, information->getMMI().getContext()))
    return false;
  pm.add(llvm::createFreeMachineFunctionPass());
  return true;
}

static LogicalResult lower(ModuleOp module, const TargetSpec &spec) {
  MLIRContext *context = module.getContext();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerLowerToLLVM(registry);
  context->appendDialectRegistry(registry);
  PassManager pm(context);
  buildLowerToLLVMPipeline(pm, spec.hasFMA());
  return pm.run(module);
}

llvm::Expected<ObjectBytes> nibble::emitObject(ModuleOp module, const TargetSpec &spec, unsigned optLevel,
                                               CodeKind kind) {
  if (failed(lower(module, spec)))
    return makeError("lowering to the LLVM dialect failed");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context);
  if (!code)
    return makeError("translation to LLVM IR failed");
  auto machine = createTargetMachine(spec, optLevel);
  if (!machine)
    return machine.takeError();
  code->setTargetTriple(llvm::Triple(spec.triple));
  code->setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration()) {
      if (isGPU(spec)) // all of them are called from the host
        function.setCallingConv(llvm::CallingConv::PTX_Kernel);
      function.addFnAttr("target-cpu", spec.cpu);
      function.addFnAttr("target-features", spec.features);
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr(llvm::Attribute::NoUnwind);
      // Loops stay loops: libraries call no memset or memcpy, as they need no libc.
      function.addFnAttr("no-builtins");
      if (isBareMetal(spec)) // no loop is worth several copies of itself
        function.addFnAttr(llvm::Attribute::OptimizeForSize);
    }
  if (optLevel)
    if (llvm::Error error = makeOptimizingTransformer(optLevel, 0, machine->get())(code.get()))
      return error;
  if (isBareMetal(spec))
    expandWideIntegers(*code, spec);

  ObjectBytes bytes;
  llvm::raw_svector_ostream os(bytes);
  if (kind == CodeKind::LLVMIR) {
    code->print(os, nullptr);
    return bytes;
  }
  llvm::legacy::PassManager pm;
  auto type = kind == CodeKind::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (!addCodegenPasses(**machine, pm, os, type))
    return makeError("the target '" + spec.triple + "' writes no such file");
  pm.run(*code);
  return bytes;
}
