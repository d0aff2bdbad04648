// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code generator: passes, then an object for each instruction set.

#include "nibble/Pipelines/Compile.h"
#include "ProgramEmitter.h"

#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Locations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

void nibble::buildLowerPipeline(OpPassManager &pm, bool observe, kernels::DotInput dotInput) {
  pm.addNestedPass<func::FuncOp>(createIsolateBatch());
  pm.addPass(createFromNibble(FromNibbleOptions{observe, dotInput}));
  pm.addNestedPass<func::FuncOp>(createPlanMemory());
}

int64_t Program::getBatch() const {
  if (!function->hasAttr("nibble.batch_loop"))
    return 1;
  auto size = function->getAttrOfType<IntegerAttr>("nibble.batch_size");
  return size ? size.getInt() : -1;
}

std::string Program::getString(StringRef moduleAttr) const {
  auto text = function->getParentOp()->getAttrOfType<StringAttr>(moduleAttr);
  return text ? text.str() : "";
}

static bool isIdentifier(StringRef name) {
  if (name.empty() || llvm::isDigit(name[0]))
    return false;
  return llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

// The kernel op that produces the memory of `value`.
static Operation *getProducer(Value value) {
  while (auto view = value.getDefiningOp<ViewOp>())
    value = view.getInput();
  return value.getDefiningOp();
}

static void describeCalls(const Program &program, const kernels::ISA &isa, CompiledModel &model) {
  for (Operation &op : program.function.front()) {
    if (auto kernel = dyn_cast<KernelOp>(op)) {
      auto type = cast<BufferType>(op.getResult(0).getType());
      KernelCall call{kernel.getKernelName(isa), getNodeName(op.getLoc()).str(), "", kernel.getTileCount(),
                      type.getBytes()};
      llvm::raw_string_ostream(call.result) << type;
      model.kernels.push_back(std::move(call));
    } else if (auto observe = dyn_cast<ukernel::ObserveOp>(op)) {
      auto type = cast<BufferType>(observe.getInput().getType());
      int64_t offset = getProducer(observe.getInput())->getAttrOfType<IntegerAttr>("offset").getInt();
      ObservedValue value{observe.getName().str(), offset + type.getOrigin() * type.getElementBytes(), {}, {}};
      value.shape.assign(type.getShape().begin(), type.getShape().end());
      value.strides = type.getStrides();
      model.observed.push_back(std::move(value));
    }
  }
}

static llvm::Error emitVariants(const Program &program, ArrayRef<TargetSpec> targets, const CompileOptions &options,
                                CompiledModel &model) {
  Location loc = program.function.getLoc();
  bool single = targets.size() == 1;
  for (const TargetSpec &target : targets) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    std::string symbol = single ? program.name + "_run" : getVariantSymbol(program, target);
    if (failed(emitRun(*module, program, symbol, single, target)))
      return makeError("no code for the instruction set '" + target.isa + "'");
    llvm::Expected<ObjectBytes> object = emitObject(*module, target, options.optLevel, options.codeKind);
    if (!object)
      return object.takeError();
    model.objects.push_back(std::move(*object));
    model.isas.push_back(target.isa);
  }
  // What does not compute runs everywhere.
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  emitDescription(*module, program, targets);
  if (!single)
    emitDispatch(*module, program, targets);
  llvm::SmallVector<ModuleOp> plain = {*module};
  OwningOpRef<ModuleOp> table = ModuleOp::create(loc);
  if (options.standalone) {
    emitStandaloneTable(*table, program, targets);
    plain.push_back(*table);
  }
  for (ModuleOp code : plain) {
    llvm::Expected<ObjectBytes> object = emitObject(code, getPlainestTargetSpec(targets.front()), 1, options.codeKind);
    if (!object)
      return object.takeError();
    model.objects.push_back(std::move(*object));
  }
  return llvm::Error::success();
}

llvm::Expected<CompiledModel> nibble::compileToObjects(ModuleOp module, const CompileOptions &options) {
  if (!isIdentifier(options.name))
    return makeError("expected a name of letters, digits and underscores, got '" + options.name + "'");
  std::vector<TargetSpec> targets = options.targets;
  if (targets.empty())
    targets.push_back(getHostTargetSpec());
  const kernels::ISA *isa = kernels::lookupISA(targets.back().isa);
  if (!isa)
    return makeError("no kernels for the instruction set '" + targets.back().isa + "'");
  // What the emitters produce.
  module.getContext()
      ->loadDialect<LLVM::LLVMDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                    math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  PassManager pm(module.getContext());
  buildLowerPipeline(pm, options.observe, isa->dotInput());
  if (failed(pm.run(module)))
    return makeError("lowering to kernels failed");
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function)
    return makeError("the module has no function 'main'");

  WeightBlob weights(function);
  int64_t arenaBytes = function->getAttrOfType<IntegerAttr>("ukernel.arena_bytes").getInt();
  Program program{options.name, function, weights, arenaBytes};
  CompiledModel model;
  model.name = options.name;
  model.arenaBytes = arenaBytes;
  model.weightBytes = weights.getBytes().size();
  describeCalls(program, *isa, model);
  if (llvm::Error error = emitVariants(program, targets, options, model))
    return error;
  if (options.codeKind != CodeKind::Object)
    return model;
  llvm::Expected<ObjectBytes> data = emitDataObject(program.getWeightSymbol(), weights.getBytes(), targets.front());
  if (!data)
    return data.takeError();
  model.objects.push_back(std::move(*data));
  return model;
}
