// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The last part of a compilation: code, package and summary.

#include "Codegen.h"
#include "Compilation.h"
#include "Explanation.h"
#include "LoadedExecutable.h"
#include "nibble/Codegen/Package.h"
#include "nibble/Driver/Bench.h"
#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Explain.h"
#include "nibble/Driver/Library.h"
#include "nibble/Driver/Open.h"
#include "nibble/Kernels/ISA.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace nibble::driver {

/// Packages `model` and returns the file's bytes, which stay in a file.
static Expected<StoredBytes> package(const CompiledModel &model, PackageKind kind) {
  SmallString<128> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("nibble", folder))
    return makeError("cannot make a temporary folder: " + code.message());
  SmallString<128> path(folder);
  sys::path::append(path, "package");
  llvm::scope_exit remove([&] { sys::fs::remove_directories(folder); });
  if (Error error = writePackage(model, path, kind))
    return std::move(error);
  Expected<StoredBytes> bytes = mapFile(path);
  if (!bytes)
    return addContext("cannot read '" + path + "'", bytes.takeError());
  return bytes;
}

static Expected<StoredBytes> package(const CompiledModel &model, StringRef emit) {
  if (emit == "so")
    return package(model, PackageKind::SharedLibrary);
  if (emit == "a")
    return package(model, PackageKind::StaticLibrary);
  if (emit == "o")
    return package(model, PackageKind::Object);
  if (emit == "exe")
    return package(model, PackageKind::Executable);
  SmallVector<char, 0> text; // of LLVM IR or assembly
  for (const ObjectBytes &object : model.objects)
    if (!StringRef(object.data(), object.size())
             .starts_with("\x7f"
                          "ELF"))
      text.append(object.begin(), object.end());
  return storeBytes(text);
}

/// Runs the phases lower and codegen on a copy of the graph.
Error Compilation::lower(const CodegenOptions &codegen) {
  lowered = module->clone();
  if (Error error =
          phases.run(Phase::Lower, *lowered, [&](mlir::PassManager &pm) { nibble::buildLowerPipeline(pm, codegen); });
      error || isDone())
    return error;
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> emitted =
      attempt<mlir::OwningOpRef<mlir::ModuleOp>>(session, [&] { return emitFunctions(*lowered, codegen); });
  if (!emitted)
    return emitted.takeError();
  functions = std::move(*emitted);
  return phases.run(Phase::Codegen, *functions);
}

Expected<Compiled> Compilation::emit() {
  session.reporter().beginStep("generating code", std::nullopt);
  ResourceScope scope(session.context()); // packed weights are copied into the model
  CodegenOptions codegen;
  codegen.name = name;
  Expected<std::vector<TargetSpec>> targets = parseTargets(options.target);
  if (!targets)
    return targets.takeError();
  codegen.targets = *targets;
  if (isGPU(targets->front()))
    session.reporter().note(targets->front().isa + ": " + kernels::lookupISA(targets->front().isa)->verified.str());
  codegen.ptxas = options.ptxas;
  codegen.standalone = options.emit == "exe";
  codegen.codeKind = options.emit == "ll"    ? CodeKind::LLVMIR
                     : options.emit == "asm" ? CodeKind::Assembly
                                             : CodeKind::Object;
  if (Error error = lower(codegen))
    return std::move(error);
  if (isDone())
    return finish(storeBytes(print()));
  Expected<CompiledModel> model =
      attempt<CompiledModel>(session, [&] { return emitObjects(*lowered, *functions, codegen); });
  if (!model)
    return model.takeError();
  if (Error error = checkBudget(options, *model))
    return std::move(error);
  if (Error error = checkSpecializations(*model))
    return std::move(error);
  session.reporter().beginStep("measuring the result", std::nullopt);
  if (isBareMetal(options.target)) {
    summary.codeBytes = model->codeBytes;
    summary.stackBytes = model->stackBytes;
  }
  summary.target = join(model->isas, ", ");
  summary.arenaBytes = model->arenaBytes;
  if (!model->arena.isStatic())
    summary.arenaDimension = kUsualDimension;
  summary.weightBytes = model->weightBytes;
  if (Error error = measureQuality(*model))
    return std::move(error);
  summarizeGraph(&*model);
  return packageAll(std::move(*model));
}

/// Says which specializations are in vain.
Error Compilation::checkSpecializations(const CompiledModel &model) {
  for (const SpecializedCode &code : model.specializations)
    for (const auto &[name, value] : code.dims)
      if (code.isUsual && value > 0)
        if (Error error = session.warn("specialize '" + name + "=" + std::to_string(value) +
                                       "' makes nothing faster: samples run one by one, whatever their number"))
          return error;
  return Error::success();
}

/// Packages the model, with what `nibble explain` reads of it.
Expected<Compiled> Compilation::packageAll(CompiledModel model) {
  if (!options.strip && isCode())
    if (Error error = addNote(model, kExplanationSection, packExplanation(summary)))
      return std::move(error);
  Expected<StoredBytes> bytes = package(model, options.emit);
  if (!bytes)
    return bytes.takeError();
  if (Error error = measureFloat())
    return std::move(error);
  Compiled compiled = finish(std::move(*bytes));
  if (options.emit == "a" || options.emit == "o")
    compiled.header = makeHeader(model);
  code = std::move(model);
  return compiled;
}

/// Whether what is made can be run, once it is linked.
bool Compilation::isCode() const { return is_contained({"so", "a", "o", "exe"}, options.emit); }

Error Compilation::measureNodes(Summary &summary) {
  if (hasControl(summary) || code->hasRelease) {
    session.reporter().note(code->hasRelease ? kNoDeviceTimes : kNoTimes);
    return Error::success();
  }
  Expected<std::unique_ptr<LoadedModel>> loaded = loadJIT(*code);
  if (!loaded)
    return loaded.takeError();
  Error error = measureCalls(**loaded, kept.empty() ? nullptr : &kept.front().feed, ownInputs, summary);
  if (!error || !kept.empty() || code->dims.empty())
    return error;
  session.reporter().note("there are no times: " + toString(std::move(error)));
  return Error::success();
}

/// How far the quantized code is from the float model on the samples that calibration kept, if this machine runs it.
Error Compilation::measureQuality(const CompiledModel &model) {
  Expected<std::vector<TargetSpec>> targets = parseTargets(options.target);
  if (!targets)
    return targets.takeError();
  if (kept.empty() || !isCode() || !all_of(*targets, isHostCapable))
    return Error::success();
  Expected<std::unique_ptr<LoadedModel>> loaded = loadJIT(model);
  if (!loaded)
    return loaded.takeError();
  Expected<std::unique_ptr<Executable>> executable = makeLoadedExecutable(std::move(*loaded), options.threads);
  if (!executable)
    return executable.takeError();
  ArrayRef<Port> inputs = (*executable)->inputs();
  Expected<std::vector<Difference>> differences = measureDifferences(**executable, kept, ownInputs, ownOutputs);
  if (!differences)
    return differences.takeError();
  for (auto [port, difference] : zip_equal(ownOutputs, *differences))
    if (std::string text = difference.describeLost(); !text.empty())
      if (Error error = session.warn("output '" + port.name + "' " + text + " in float, on calibration inputs"))
        return error;
  summary.sqnr = getWorstSqnr(*differences);
  Expected<Latency> latency = measure(**executable, adapt(ownInputs, kept.front().feed, inputs), /*seconds=*/0.1);
  if (!latency)
    return latency.takeError();
  summary.latency = latency->minimum;
  return Error::success();
}

/// What the model would be without quantization.
Error Compilation::measureFloat() {
  if (!floatGraph || !summary.latency)
    return Error::success();
  session.reporter().beginStep("compiling the float model for comparison", std::nullopt);
  CodegenOptions codegen;
  codegen.targets = {getHostTargetSpec()};
  Expected<CompiledModel> model = generateCode(session, *floatGraph, codegen);
  if (!model)
    return model.takeError();
  summary.floatWeightBytes = model->weightBytes;
  summary.floatArenaBytes = model->arenaBytes;
  if (!model->arena.isStatic())
    summary.arenaDimension = kUsualDimension;
  Expected<std::unique_ptr<LoadedModel>> loaded = loadJIT(*model);
  if (!loaded)
    return loaded.takeError();
  Expected<std::unique_ptr<Executable>> executable = makeLoadedExecutable(std::move(*loaded), options.threads);
  if (!executable)
    return executable.takeError();
  Expected<Latency> latency = measure(**executable, kept.front().feed, /*seconds=*/0.1);
  if (!latency)
    return latency.takeError();
  summary.floatLatency = latency->minimum;
  return Error::success();
}

} // namespace nibble::driver
