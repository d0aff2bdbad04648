// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen.h"
#include "DimAttrs.h"
#include "LoadedExecutable.h"
#include "States.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Driver/Open.h"
#include "nibble/Kernels/ISA.h"
#include "nibble/Pipelines/Phases.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace nibble::driver {

/// `aarch64-linux-gnu`: what others call the system of a row. None of bare metal and GPUs, whose rows are machines.
static std::string systemOf(const TargetSpec &spec) {
  auto [arch, system] = StringRef(spec.triple).split("-unknown-");
  return nibble::isBareMetal(spec) || nibble::isGPU(spec) ? std::string() : (arch + "-" + system).str();
}

/// The rows that `name` stands for: one, or those of a system, `aarch64-linux-gnu`; with features behind it,
/// `aarch64-linux-gnu+dotprod`, those that need no others. None if it is unknown.
static SmallVector<StringRef> rowsOf(StringRef name) {
  if (lookupTargetSpec(name))
    return {name};
  SmallVector<StringRef> features, rows;
  name.split(features, '+');
  const std::string triple = features.front().str();
  for (const TargetSpec &spec : getTargetSpecs())
    if (const std::string system = systemOf(spec); !system.empty() && system == triple)
      rows.push_back(spec.isa);
  if (rows.empty() || features.size() == 1)
    return rows;
  SmallVector<StringRef> wanted{rows.front()};
  for (StringRef feature : drop_begin(features)) {
    if (!is_contained(rows, feature))
      return {};
    for (const kernels::ISA *isa = kernels::lookupISA(feature); isa; isa = kernels::lookupISA(isa->extends))
      wanted.push_back(isa->name);
  }
  return wanted;
}

/// Of GPUs that the table lacks: the latest before it, whose code it runs. Null for other names.
static const TargetSpec *findNearestGPU(StringRef name) {
  unsigned capability = 0;
  if (!name.consume_front("sm_") || name.getAsInteger(10, capability))
    return nullptr;
  const TargetSpec *nearest = nullptr;
  for (const TargetSpec &spec : getTargetSpecs()) {
    unsigned own = 0;
    if (nibble::isGPU(spec) && !StringRef(spec.isa).drop_front(3).getAsInteger(10, own) &&
        (!nearest || own <= capability))
      nearest = &spec;
  }
  return nearest;
}

/// Names what is nearest.
static Error unknownTarget(StringRef name) {
  if (const TargetSpec *gpu = findNearestGPU(name)) {
    const bool isOld = StringRef(gpu->isa).compare_numeric(name) > 0;
    return makeError("target '" + name + "' is unknown, the nearest is '" + gpu->isa +
                     (isOld ? "': older devices have too few instructions" : "', whose code later devices run"));
  }
  SmallVector<std::string> known{"host"};
  for (const TargetSpec &spec : getTargetSpecs())
    known.push_back(spec.isa);
  for (const TargetSpec &spec : getTargetSpecs()) {
    const std::string system = systemOf(spec);
    if (system.empty())
      continue;
    if (!is_contained(known, system))
      known.push_back(system);
    if (!isBaseline(spec))
      known.push_back(system + "+" + spec.isa);
  }
  const std::string &nearest = *std::min_element(known.begin(), known.end(), [&](StringRef a, StringRef b) {
    return name.edit_distance(a) < name.edit_distance(b);
  });
  return makeError("target '" + name + "' is unknown, the nearest is '" + nearest + "': expected " + join(known, ", ") +
                   " or several of them with commas between");
}

Expected<std::vector<TargetSpec>> parseTargets(StringRef target) {
  if (target == "host")
    return std::vector<TargetSpec>{getHostTargetSpec()};
  SmallVector<StringRef> names, rows;
  target.split(names, ',');
  for (StringRef name : names) {
    const SmallVector<StringRef> meant = rowsOf(name.trim());
    if (meant.empty())
      return unknownTarget(name.trim());
    append_range(rows, meant);
  }
  std::vector<TargetSpec> specs; // the plainest first, each once
  for (const TargetSpec &spec : getTargetSpecs())
    if (is_contained(rows, spec.isa))
      specs.push_back(spec);
  for (const TargetSpec &spec : specs)
    if (spec.triple != specs.front().triple)
      return makeError("targets '" + specs.front().isa + "' and '" + spec.isa +
                       "' are of different architectures, which one library cannot hold");
  if (specs.size() > 1 && isGPU(specs.front()))
    return makeError("one library holds code for one kind of GPU, which later kinds run too: expected '" +
                     specs.front().isa + "' alone");
  return specs;
}

bool isBareMetal(StringRef target) {
  const kernels::ISA *isa = kernels::lookupISA(target);
  return isa && isa->isBareMetal();
}

bool isFixed(const CompileOptions &options) {
  return options.requant == "fixed" || (options.requant == "auto" && isBareMetal(options.target));
}

bool hasQuantizedIO(const CompileOptions &options) {
  return options.io == "quantized" || (options.io == "auto" && isBareMetal(options.target));
}

/// What kernels on a GPU leave to others.
static Error checkGPU(const CompileOptions &options) {
  auto refuse = [&](const Twine &what) { return makeError("target '" + options.target + "' " + what); };
  if (!options.specializations.empty())
    return refuse(
        "has no code for dynamic dimensions, which specialize is for: fix their extents, with --dim or in the "
        "model");
  if (options.stopAfter.empty() && options.emit == "exe")
    return refuse("needs the system's loader to find the driver, which emit 'exe' is without: expected so, a or o");
  return Error::success();
}

Error checkTarget(const CompileOptions &options) {
  if (const kernels::ISA *isa = kernels::lookupISA(options.target); isa && isa->isGPU())
    return checkGPU(options);
  if (!options.ptxas.empty())
    return makeError("ptxas assembles code of GPUs, and target '" + options.target + "' is none");
  if (!isBareMetal(options.target))
    return Error::success();
  auto refuse = [&](const Twine &what) { return makeError("target '" + options.target + "' " + what); };
  if (options.quantization.isFloat())
    return refuse("has no floating-point instructions, which weights 'float' need");
  if (options.requant == "float")
    return refuse("has no floating-point instructions, which requant 'float' needs: expected auto or fixed");
  if (StringRef mode = options.quantization.getMode(); mode != "static")
    return refuse("has no floating-point instructions, which mode '" + mode + "' needs: expected auto or static");
  if (!options.specializations.empty())
    return refuse(
        "has no code for dynamic dimensions, which specialize is for: fix their extents, with --dim or in the "
        "model");
  if (options.stopAfter.empty() && (options.emit == "so" || options.emit == "exe"))
    return refuse("has no operating system to load what emit '" + options.emit + "' writes: expected a or o");
  return Error::success();
}

bool holdsQuantized(mlir::ModuleOp module) {
  auto isQuantized = [](mlir::Type type) { return isa<mlir::quant::QuantizedType>(mlir::getElementTypeOrSelf(type)); };
  mlir::WalkResult found = module.walk([&](mlir::Operation *op) {
    if (isa<SumConvOp, SumMatMulOp>(op))
      return mlir::WalkResult::interrupt();
    bool reads = any_of(op->getOperandTypes(), isQuantized), writes = any_of(op->getResultTypes(), isQuantized);
    return reads || writes ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return found.wasInterrupted();
}

/// Code is generated from integers: what a quantized model brought along is folded to them, if no phase did before.
static mlir::LogicalResult foldQuantized(Session &session, mlir::ModuleOp module) {
  if (!holdsQuantized(module))
    return mlir::success();
  mlir::PassManager passes(&session.context());
  buildFoldPhase(passes);
  return passes.run(module);
}

Expected<CompiledModel> generateCode(Session &session, mlir::ModuleOp module, const CodegenOptions &options) {
  ResourceScope scope(session.context());
  mlir::OwningOpRef<mlir::ModuleOp> copy(module.clone());
  removeStates(*copy);
  dropSpecializations(*copy);
  return attempt<CompiledModel>(session, [&]() -> Expected<CompiledModel> {
    if (mlir::failed(foldQuantized(session, *copy)))
      return makeError("folding failed");
    return compileToObjects(*copy, options);
  });
}

static Expected<std::unique_ptr<LoadedModel>> load(Session &session, mlir::ModuleOp module, unsigned optLevel) {
  CodegenOptions options;
  options.targets = {getHostTargetSpec()};
  options.optLevel = optLevel;
  Expected<CompiledModel> model = generateCode(session, module, options);
  if (!model)
    return model.takeError();
  return loadJIT(*model);
}

Expected<std::unique_ptr<Executable>> makeExecutable(Session &session, mlir::ModuleOp module, int threads) {
  Expected<std::unique_ptr<LoadedModel>> loaded = load(session, module, /*optLevel=*/2);
  if (!loaded)
    return loaded.takeError();
  return makeLoadedExecutable(std::move(*loaded), threads);
}

Expected<std::unique_ptr<Executable>> makeProbe(Session &session, mlir::ModuleOp module) {
  Expected<std::unique_ptr<LoadedModel>> loaded = load(session, module, /*optLevel=*/0);
  if (!loaded)
    return loaded.takeError();
  return makeLoadedExecutable(std::move(*loaded), /*threads=*/1, /*sparesMemory=*/true);
}

} // namespace nibble::driver
