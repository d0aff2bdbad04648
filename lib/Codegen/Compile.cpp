// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code generator: passes, then an object for each instruction set.

#include "nibble/Codegen/Compile.h"
#include "ProgramEmitter.h"

#include "../Runtime/Cuda/Program.h"

#include "nibble/Analysis/Extents.h"
#include "nibble/Codegen/CudaRuntime.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/PortAttrs.h"

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

static std::vector<TargetSpec> getTargets(const CodegenOptions &options) {
  return options.targets.empty() ? std::vector<TargetSpec>{getHostTargetSpec()} : options.targets;
}

void nibble::buildLowerPipeline(OpPassManager &pm, const CodegenOptions &options) {
  const kernels::ISA *isa = kernels::lookupISA(getTargets(options).back().isa);
  // Before anything that depends on the target.
  pm.addPass(createHashPlan());
  // Behind the hash, which is that of the graph for all dimensions.
  pm.addPass(createSpecializeDims());
  if (!isa || !isa->isGPU()) // whose kernels take all samples at once
    pm.addNestedPass<func::FuncOp>(createIsolateBatch());
  pm.addPass(createFromNibble(
      FromNibbleOptions{options.observe, isa ? isa->dotInput() : kernels::DotInput::U8, isa && isa->pairsSteps()}));
  pm.addNestedPass<func::FuncOp>(createPlanMemory());
}

int64_t Program::getBatch() const {
  if (!function->hasAttr("nibble.batch_loop"))
    return 1;
  auto size = function->getAttrOfType<IntegerAttr>("nibble.batch_size");
  return size ? size.getInt() : -1;
}

/// The names of the inputs' dynamic dimensions; the code may be that of one sample, whose extent is 1.
Program::Program(StringRef name, ArrayRef<func::FuncOp> functions, const WeightBlob &weights)
    : name(name), function(functions.front()), weights(weights),
      arenaBytes(getExtent(function->getAttr("ukernel.arena_bytes"))), dims(getDimNames(function)) {
  if (auto values = function->getAttrOfType<DenseI64ArrayAttr>(kSpecializedAttr))
    fixed.assign(values.asArrayRef().begin(), values.asArrayRef().end());
  for (func::FuncOp specialization : functions.drop_front())
    specializations.emplace_back(name, specialization, weights);
}

Extent Program::getLargestArena() const {
  Extent largest = arenaBytes;
  for (const Program &each : specializations)
    largest = nibble::max(largest, each.arenaBytes);
  return largest.isStatic() ? largest : arenaBytes;
}

bool Program::isDynamic() const {
  const auto isDynamicType = [](Type type) { return !cast<BufferType>(type).hasStaticShape(); };
  if (llvm::any_of(function.getArgumentTypes(), isDynamicType))
    return true;
  return function
      .walk([&](Operation *op) {
        auto loop = dyn_cast<ukernel::LoopOp>(op);
        const bool isTrip = loop && isa_and_nonnull<ExtentAttr>(loop.getTripAttr());
        const bool isBuffer = isa<KernelOp>(op) && isDynamicType(op->getResult(0).getType());
        return isTrip || isBuffer ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

SmallVector<Program::StatePort> Program::getStates() const {
  SmallVector<StatePort> states;
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (auto output = function.getArgAttrOfType<IntegerAttr>(index, kStateAttr))
      states.push_back({unsigned(index), unsigned(output.getInt()), cast<BufferType>(type)});
  return states;
}

int64_t Program::getBound(unsigned index) const {
  auto bounds = function->getAttrOfType<DenseI64ArrayAttr>(kBoundsAttr);
  return bounds && index < unsigned(bounds.size()) ? bounds[index] : 0;
}

SmallVector<Extent> Program::getDoubtfulExtents() const {
  SmallVector<Extent> doubtful;
  const auto add = [&](const Extent &extent) {
    if (!isAtLeast(extent, 0) && !llvm::is_contained(doubtful, extent))
      doubtful.push_back(extent);
  };
  function.walk([&](Operation *op) {
    if (isa<KernelOp>(op))
      llvm::for_each(cast<BufferType>(op->getResult(0).getType()).getShape(), add);
    else if (auto loop = dyn_cast<ukernel::LoopOp>(op); loop && loop.getTripAttr())
      add(getExtent(loop.getTripAttr()));
  });
  return doubtful;
}

unsigned Program::getDimCount() const { return std::max<unsigned>(dims.size(), getBatch() < 0 ? 1 : 0); }

unsigned Program::getBatchDim() const {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!function.getArgAttr(i, kSharedAttr))
      if (StringRef name = getDimName(function.getArgAttrDict(i), 0); !name.empty())
        return llvm::find(dims, name) - dims.begin();
  return 0;
}

SmallVector<Extent> Program::getShape(Type type, DictionaryAttr attrs) const {
  SmallVector<Extent> shape(cast<BufferType>(type).getShape());
  const int64_t batch = getBatch();
  if (batch != 1 && !shape.empty() && !(attrs && attrs.contains(kSharedAttr)))
    shape.front() = batch < 0 ? Extent::dim(getBatchDim()) : Extent(batch);
  return shape;
}

std::string Program::spell(const Extent &extent) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  extent.print(os, [&](unsigned index) { return index < dims.size() ? dims[index] : "batch"; });
  return text;
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

llvm::Expected<SmallVector<func::FuncOp>> nibble::findPrograms(ModuleOp lowered) {
  auto main = lowered.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return makeError("the module has no function 'main'");
  SmallVector<func::FuncOp> functions = {main};
  for (auto function : lowered.getOps<func::FuncOp>())
    if (function->hasAttr(kSpecializedAttr))
      functions.push_back(function);
  return functions;
}

static constexpr llvm::StringLiteral kDispatch = "dispatch";

// Appends a module to `functions` and returns it; `isa` is empty for what every processor runs.
static ModuleOp addModule(ModuleOp functions, StringRef name, StringRef isa) {
  OpBuilder b = OpBuilder::atBlockEnd(functions.getBody());
  auto module = ModuleOp::create(b, functions.getLoc(), name);
  module->setAttr("nibble.isa", b.getStringAttr(isa));
  return module;
}

static constexpr llvm::StringLiteral kHost = "host";

/// The modules of a program whose kernels run on a GPU. Its arena lies there; the caller's is a name for it.
static LogicalResult emitDeviceFunctions(ModuleOp functions, const Program &program, const TargetSpec &target,
                                         bool isAssembled) {
  ModuleOp device = addModule(functions, target.isa, target.isa);
  if (failed(emitDevice(device, addModule(functions, kHost, ""), program, target, isAssembled)))
    return failure();
  Program ofCaller = program;
  ofCaller.arenaBytes = NIBBLE_CUDA_ARENA_BYTES;
  emitDescription(addModule(functions, "description", ""), ofCaller, target);
  return success();
}

llvm::Expected<OwningOpRef<ModuleOp>> nibble::emitFunctions(ModuleOp lowered, const CodegenOptions &options) {
  // What the emitters produce.
  lowered.getContext()
      ->loadDialect<LLVM::LLVMDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                    math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  llvm::Expected<SmallVector<func::FuncOp>> programs = findPrograms(lowered);
  if (!programs)
    return programs.takeError();
  WeightBlob weights(*programs);
  Program program(options.name, *programs, weights);
  if (llvm::Error error = checkSpecializations(program))
    return error;
  std::vector<TargetSpec> targets = getTargets(options);
  OwningOpRef<ModuleOp> functions = ModuleOp::create(program.function.getLoc());
  if (isGPU(targets.front())) {
    if (failed(emitDeviceFunctions(*functions, program, targets.front(), !options.ptxas.empty())))
      return makeError("no code for '" + targets.front().isa + "'");
    return functions;
  }
  const bool runsAnywhere = targets.size() == 1 && isBaseline(targets.front());
  for (const TargetSpec &target : targets) {
    std::string symbol = runsAnywhere ? program.name + "_run" : getVariantSymbol(program, target);
    if (failed(emitRun(addModule(*functions, target.isa, target.isa), program, symbol, runsAnywhere, target)))
      return makeError("no code for the instruction set '" + target.isa + "'");
  }
  // What does not compute runs everywhere.
  emitDescription(addModule(*functions, "description", ""), program, targets);
  if (!runsAnywhere)
    emitDispatch(addModule(*functions, kDispatch, ""), program, targets);
  if (options.standalone)
    emitStandaloneTable(addModule(*functions, "standalone", ""), program, targets);
  return functions;
}

/// Puts the PTX into the host's module, and what `assembler` makes of it where there is one.
static llvm::Error emitDeviceCodes(ModuleOp host, const Program &program, const TargetSpec &target, StringRef ptx,
                                   StringRef assembler) {
  emitDeviceCode(host, program, kPtxSuffix, ptx.str() + '\0');
  if (assembler.empty())
    return llvm::Error::success();
  llvm::Expected<ObjectBytes> cubin = assemblePTX(ptx, target, assembler);
  if (!cubin)
    return cubin.takeError();
  emitDeviceCode(host, program, kCubinSuffix, {cubin->data(), cubin->size()});
  return llvm::Error::success();
}

/// Generates code of one module of `functions`, which is used up, and adds it to the model.
static llvm::Error emitPart(ModuleOp part, ModuleOp functions, const Program &program, const TargetSpec &library,
                            const CodegenOptions &options, CompiledModel &model) {
  StringRef isa = part->getAttrOfType<StringAttr>("nibble.isa").getValue();
  const TargetSpec &target = isa.empty() ? library : *lookupTargetSpec(isa);
  if (!isa.empty())
    model.isas.push_back(isa.str());
  if (part.getSymName() == kDispatch)
    model.dispatch = model.objects.size();
  part->remove();
  OwningOpRef<ModuleOp> owner(part);
  const bool isText = isGPU(target) && options.codeKind == CodeKind::Object; // that the host's object will hold
  llvm::Expected<ObjectBytes> object =
      emitObject(part, target, isa.empty() ? 1 : options.optLevel, isText ? CodeKind::Assembly : options.codeKind);
  if (!object)
    return object.takeError();
  if (isText)
    return emitDeviceCodes(functions.lookupSymbol<ModuleOp>(kHost), program, target, {object->data(), object->size()},
                           options.ptxas);
  model.objects.push_back(std::move(*object));
  return llvm::Error::success();
}

/// Adds the weights, and the address that code reaches them by.
static llvm::Error addWeights(const Program &program, const TargetSpec &library, CompiledModel &model) {
  if (!isBareMetal(library)) {
    llvm::Expected<ObjectBytes> address =
        emitAddressObject(program.getWeightAddressSymbol(), program.getWeightSymbol(), library);
    if (!address)
      return address.takeError();
    model.objects.push_back(std::move(*address));
  }
  llvm::Expected<RawData> data = emitRawData(program.getWeightSymbol(), program.weights.store(), library);
  if (!data)
    return data.takeError();
  model.weights = std::move(*data);
  return llvm::Error::success();
}

/// What a model whose kernels run on a GPU has beyond others.
static void addDeviceRuntime(CompiledModel &model) {
  for (const std::vector<char> &object : getCudaRuntimeObjects(kernels::Arch::X86_64))
    model.objects.emplace_back(object.begin(), object.end());
  model.hasRelease = true;
  model.arena = NIBBLE_CUDA_ARENA_BYTES;
}

llvm::Expected<CompiledModel> nibble::emitObjects(ModuleOp lowered, ModuleOp functions, const CodegenOptions &options) {
  llvm::Expected<SmallVector<func::FuncOp>> programs = findPrograms(lowered);
  if (!programs)
    return programs.takeError();
  WeightBlob weights(*programs);
  Program program(options.name, *programs, weights);
  CompiledModel model;
  model.name = options.name;
  model.arena = program.getLargestArena();
  model.arenaBytes = evaluateUsually(model.arena);
  for (unsigned i = 0, count = program.getDimCount(); i < count; ++i)
    model.dims.push_back(program.spell(Extent::dim(i)));
  model.weightBytes = weights.getSize();
  model.stateCount = program.getStates().size();
  std::vector<TargetSpec> targets = getTargets(options);
  describeProgram(program, targets.back(), model);
  const TargetSpec &library = getLibraryTargetSpec(targets.front());
  for (ModuleOp part : llvm::make_early_inc_range(functions.getOps<ModuleOp>()))
    if (llvm::Error error = emitPart(part, functions, program, library, options, model))
      return std::move(error);
  if (options.codeKind != CodeKind::Object)
    return model;
  if (isGPU(targets.front()))
    addDeviceRuntime(model);
  if (llvm::Error error = addWeights(program, library, model))
    return std::move(error);
  measureFootprint(model);
  return model;
}

llvm::Expected<CompiledModel> nibble::compileToObjects(ModuleOp module, const CodegenOptions &options) {
  if (!isIdentifier(options.name))
    return makeError("expected a name of letters, digits and underscores, got '" + options.name + "'");
  if (std::string isa = getTargets(options).back().isa; !kernels::lookupISA(isa))
    return makeError("no kernels for the instruction set '" + isa + "'");
  PassManager pm(module.getContext());
  buildLowerPipeline(pm, options);
  if (failed(pm.run(module)))
    return makeError("lowering to kernels failed");
  llvm::Expected<OwningOpRef<ModuleOp>> functions = emitFunctions(module, options);
  if (!functions)
    return functions.takeError();
  return emitObjects(module, **functions, options);
}
