// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Compile.h"
#include "Codegen.h"
#include "Compilation.h"
#include "DimAttrs.h"
#include "Explanation.h"
#include "States.h"
#include "UsualExtents.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Driver/Explain.h"
#include "nibble/Driver/Open.h"
#include "nibble/Export/ONNX.h"
#include "nibble/Quantization/CalibrationFile.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "mlir/Pass/PassManager.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace nibble::driver {

/// A C identifier made of the name that was chosen, or of the file's stem.
static Expected<std::string> chooseName(StringRef chosen, StringRef path) {
  std::string name = chosen.empty() ? sys::path::stem(path).str() : chosen.str();
  auto isFine = [](char c) { return isAlnum(c) || c == '_'; };
  if (!chosen.empty() && (!all_of(chosen, isFine) || isDigit(chosen.front())))
    return makeError("name '" + chosen + "' is not a C identifier");
  for (char &c : name)
    c = isFine(c) ? c : '_';
  if (name.empty() || isDigit(name.front()))
    name.insert(0, "m");
  return name;
}

/// The phase whose IR is asked for.
static StringRef getLastPhase(const CompileOptions &options) {
  return StringSwitch<StringRef>(options.emit)
      .Case("onnx-mlir", "import")
      .Case("mlir", "fold")
      .Case("ukernel-mlir", "lower")
      .Case("vector-mlir", "codegen")
      .Default(options.stopAfter);
}

Expected<std::unique_ptr<Compilation>> Compilation::create(Session &session, StringRef path,
                                                           const CompileOptions &options) {
  if (Error error = check(options))
    return std::move(error);
  if (Expected<std::vector<TargetSpec>> targets = parseTargets(options.target); !targets)
    return targets.takeError();
  if (Error error = checkTarget(options))
    return std::move(error);
  Expected<std::string> name = chooseName(options.name, path);
  if (!name)
    return name.takeError();
  Expected<PhaseRunner> phases = PhaseRunner::create(session, getLastPhase(options), options.dumpPhases);
  if (!phases)
    return phases.takeError();
  auto compilation = std::unique_ptr<Compilation>(new Compilation(session, path, options, std::move(*phases)));
  compilation->name = *name;
  return compilation;
}

Error Compilation::import() {
  session.reporter().beginStep("importing", std::nullopt);
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> loaded = session.load(path);
  if (!loaded)
    return loaded.takeError();
  module = std::move(*loaded);
  summary.modelBytes = getFileBytes(path, *module);
  if (Error error = setDimAttrs(*module, options))
    return error;
  if (Error error = setStates(*module, options.states))
    return error;
  if (auto name = module.get()->getAttrOfType<mlir::StringAttr>("nibble.model"))
    summary.model = name.str();
  return phases.run(Phase::Import, *module);
}

Error Compilation::normalize() {
  return phases.run(Phase::Normalize, *module, [&](mlir::PassManager &pm) {
    buildNormalizePhase(pm);
    if (!options.states.empty())
      pm.addNestedPass<mlir::func::FuncOp>(createBindStates());
  });
}

/// A file that goes with its object.
TemporaryFile::~TemporaryFile() {
  if (!path.empty())
    sys::fs::remove(path);
}

Error TemporaryFile::write(StringRef suffix, StringRef content) {
  if (path.empty())
    if (std::error_code code = sys::fs::createTemporaryFile("nibble", suffix, path))
      return makeError("cannot make a temporary file: " + code.message());
  return writeFile(path, content);
}

/// Keeps what was measured where the options say, or in a temporary file.
Error Compilation::keepRanges() {
  std::string text;
  raw_string_ostream stream(text);
  writeCalibration(*measured, stream);
  calibrationFile = options.quantization.calibFile;
  if (!calibrationFile.empty())
    return writeFile(calibrationFile, text);
  Error error = temporaryCalibration.write("calib.json", text);
  calibrationFile = temporaryCalibration.path.str().str();
  return error;
}

Error Compilation::measureRanges(Samples &samples) {
  mlir::OwningOpRef<mlir::ModuleOp> observed(module->clone());
  returnObserved(observed->lookupSymbol<mlir::func::FuncOp>("main"));
  Expected<CalibrationRun> run = driver::calibrate(session, *observed, samples);
  if (!run)
    return run.takeError();
  kept = std::move(run->kept);
  summary.samples = run->calibration.samples;
  measured = std::move(run->calibration);
  if (options.quantization.calibMethod != "auto")
    measured->method = cantFail(RangeMethod::parse(options.quantization.calibMethod));
  return keepRanges();
}

/// Whether the model has values whose ranges calibration is to measure: not if it quantizes all of them itself.
static bool isObserved(mlir::ModuleOp module) {
  return module.walk([](ObserveOp) { return mlir::WalkResult::interrupt(); }).wasInterrupted();
}

// Without calibration data a quantized model stays as it is: what it computes in float is float.
void removeObserves(mlir::ModuleOp module) {
  module.walk([](ObserveOp op) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  });
}

Expected<bool> Compilation::needsRanges() const {
  Expected<Plan> plan = readPlanFile(options.quantization.plan);
  if (!plan)
    return plan.takeError();
  return plan->needsRanges(options.quantization.getMode());
}

Error Compilation::calibrate(OpenSamples open) {
  Expected<bool> needed = needsRanges();
  if (!needed)
    return needed.takeError();
  if (!*needed && !open && options.quantization.calibFile.empty())
    return phases.run(Phase::Calibrate, *module);
  if (Error error = phases.run(Phase::Calibrate, *module, buildCalibratePhase))
    return error;
  const bool hasData = open || !options.quantization.calibFile.empty();
  if (!hasData && holdsQuantized(*module))
    removeObserves(*module);
  if (!isObserved(*module)) {
    return hasData ? session.warn("the model needs no calibration: it has no values to quantize, or quantizes them "
                                  "itself; the data is not used")
                   : Error::success();
  }
  if (!open) {
    calibrationFile = options.quantization.calibFile;
    if (calibrationFile.empty())
      return makeError("calibration data is needed to quantize: give some inputs (--calib), measured ranges "
                       "(--calib-file), or ask for a mode without ranges (--mode dynamic, --mode weight-only) or for "
                       "float (--float)");
    return Error::success();
  }
  if (Error error = readPorts(*module, ownInputs, ownOutputs))
    return error;
  Expected<std::unique_ptr<Samples>> samples = open(ownInputs);
  if (!samples)
    return samples.takeError();
  return measureRanges(**samples);
}

QuantizeOptions Compilation::getQuantizeOptions() const {
  QuantizeOptions quantize;
  quantize.calibration = calibrationFile;
  if (method)
    quantize.method = method->method;
  else if (options.quantization.calibMethod != "auto")
    quantize.method = options.quantization.calibMethod;
  quantize.correctBias = method ? method->correctBias : options.quantization.biasCorrection == "on";
  if (options.quantization.activations != "auto")
    quantize.activations = options.quantization.activations;
  if (options.quantization.weights != "auto")
    quantize.weights = options.quantization.weights;
  quantize.mode = chosenMode.empty() ? options.quantization.getMode().str() : chosenMode;
  quantize.plan = temporaryPlan.path.empty() ? options.quantization.plan : temporaryPlan.path.str().str();
  quantize.perTensor = options.quantization.perTensor;
  quantize.strict = options.quantization.strict;
  quantize.requant = isFixed(options) ? RequantMode::Fixed : RequantMode::Float;
  return quantize;
}

Error Compilation::quantize() {
  Expected<bool> needed = needsRanges();
  if (!needed)
    return needed.takeError();
  const bool isPlanned = isObserved(*module) || !*needed;
  if (*needed) {
    if (Error error = roundWeights())
      return error;
    if (Error error = searchPlan())
      return error;
    if (Error error = chooseMethod())
      return error;
    if (Error error = chooseMode())
      return error;
  }
  if (chosenMode.empty())
    if (Error error = planFallbacks())
      return error;
  session.reporter().beginStep("quantizing", std::nullopt);
  QuantizeOptions quantize = getQuantizeOptions();
  auto plan = [&](mlir::PassManager &pm) {
    if (isPlanned)
      buildPlanPhase(pm, quantize);
  };
  if (Error error = phases.run(Phase::Plan, *module, plan))
    return error;
  if (phases.isDone())
    return Error::success();
  return phases.run(Phase::Quantize, *module, [&](mlir::PassManager &pm) { buildQuantizePhase(pm, quantize); });
}

Error Compilation::fold() {
  return phases.run(Phase::Fold, *module, [&](mlir::PassManager &pm) {
    if (!options.quantization.isFloat() || holdsQuantized(*module))
      buildFoldPhase(pm);
    if (hasQuantizedIO(options))
      pm.addPass(createExposeIntegers());
    if (options.ioLayout != "model")
      pm.addPass(createArrangeImages({options.ioLayout}));
  });
}

Error Compilation::runToQuantize(OpenSamples open) {
  if (Error error = import(); error || isDone())
    return error;
  if (Error error = normalize(); error || isDone() || options.quantization.isFloat())
    return error;
  if (options.compareFloat)
    floatGraph = module->clone();
  if (Error error = calibrate(open); error || isDone())
    return error;
  return quantize();
}

Error Compilation::runToFold(OpenSamples open) {
  Error error = runToQuantize(open);
  return error || isDone() ? std::move(error) : fold();
}

SmallVector<char, 0> Compilation::print() const {
  mlir::ModuleOp last = functions ? *functions : lowered ? *lowered : *module;
  return printModule(last, options.bytecode);
}

/// What was planned for a node that int8 harms, or for the node that it is a step of.
const Fallback *Compilation::findFallback(StringRef node) const {
  auto found = fallbackNodes.find(node);
  for (StringRef step : {"/scale", "/quantize"})
    if (found == fallbackNodes.end() && node.ends_with(step))
      found = fallbackNodes.find(node.drop_back(step.size()));
  return found == fallbackNodes.end() ? nullptr : &found->second;
}

/// What the phases and the probe said of a node.
void Compilation::addFindings(NodeSummary &node) const {
  if (auto sqnr = valueSqnrs.find(node.value); sqnr != valueSqnrs.end())
    node.sqnr = sqnr->second;
  if (node.precision == "int8" || (node.precision == "int16" && options.quantization.activations == "int16"))
    return;
  const Fallback *fallback = findFallback(node.node);
  for (StringRef mode : {"dynamic", "weight-only"})
    if (StringRef(node.precision).starts_with(mode) && !fallback) {
      node.reason = mode == chosenMode                       ? modeReason
                    : mode == options.quantization.getMode() ? "mode '" + mode.str() + "'"
                                                             : "the plan says so";
      return;
    }
  auto wide = wideNodes.find(node.node);
  if (fallback)
    node.reason = fallback->reason;
  else if (node.precision == "int16" && wide != wideNodes.end())
    node.reason = wide->second;
  else if (node.precision == "int16")
    node.reason = options.quantization.plan.empty() ? "a node beside it has 16 bits" : "the plan says so";
  else if (auto reason = phases.floatReasons().find(node.node); reason != phases.floatReasons().end())
    node.reason = reason->second;
}

/// How narrow weights lie in the library, which the kernel's name says.
static void addStorage(NodeSummary &node, bool isBareMetal) {
  const StringRef precision = StringRef(node.precision).rsplit(' ').second;
  const StringRef word = precision.empty() ? StringRef(node.precision) : precision, kernel = node.kernel;
  const unsigned bits = getWeightBits(word);
  if (bits == 8 || kernel.empty() || kernel.contains("_s" + std::to_string(bits) + "pc_") ||
      kernel.contains("_s" + std::to_string(bits) + "g"))
    return;
  node.reason =
      (node.reason.empty() ? "" : node.reason + "; ") + "its weights are stored as bytes: " +
      (isBareMetal                                                          ? "kernels of microcontrollers unpack none"
       : kernel.contains("_dwconv_")                                        ? "depthwise kernels unpack none"
       : kernel.contains("8_s8pc_") && !kernel.contains("_conv_transpose_") ? "its sums leave no room for more bits"
                                                                            : "its kernel unpacks none");
}

/// Tells of each node, and with a model which calls it became.
void Compilation::summarizeGraph(const CompiledModel *model) {
  summary.nodes = summarizeNodes(*module);
  summary.dims = UsualExtents(*module).getDims();
  summary.precisions = countPrecisions(*module);
  for (NodeSummary &node : summary.nodes)
    addFindings(node);
  if (!model)
    return;
  addCalls(summary, *model);
  for (NodeSummary &node : summary.nodes)
    addStorage(node, isBareMetal(options.target));
}

Compiled Compilation::finish(StoredBytes bytes) {
  if (summary.nodes.empty())
    summarizeGraph(nullptr);
  summary.outputBytes = bytes.size();
  session.reporter().endStep();
  summary.steps = session.reporter().steps();
  return Compiled{std::move(bytes), std::move(module), "", std::move(summary)};
}

Expected<Compiled> compile(Session &session, StringRef path, OpenSamples open, const CompileOptions &options) {
  Expected<std::unique_ptr<Compilation>> compilation = Compilation::create(session, path, options);
  if (!compilation)
    return compilation.takeError();
  if (Error error = (*compilation)->runToFold(open))
    return std::move(error);
  return (*compilation)->isDone() ? (*compilation)->finish(storeBytes((*compilation)->print()))
                                  : (*compilation)->emit();
}

Expected<Calibration> calibrateModel(Session &session, StringRef path, OpenSamples open) {
  CompileOptions options;
  options.stopAfter = stringifyPhase(Phase::Calibrate).str();
  Expected<std::unique_ptr<Compilation>> compilation = Compilation::create(session, path, options);
  if (!compilation)
    return compilation.takeError();
  if (Error error = (*compilation)->runToQuantize(open))
    return std::move(error);
  session.reporter().endStep();
  if (!(*compilation)->getMeasured())
    return makeError("the model has no values to calibrate");
  return *(*compilation)->getMeasured();
}

Expected<Compiled> quantize(Session &session, StringRef path, OpenSamples open, const QuantizationOptions &options) {
  CompileOptions all;
  all.quantization = options;
  if (options.isFloat())
    return makeError("weights 'float' leave nothing to quantize");
  if (StringRef mode = options.getMode(); mode != "static")
    return makeError("mode '" + mode +
                     "' has no form in QuantizeLinear and DequantizeLinear with the same results: "
                     "compile the model instead");
  Expected<std::unique_ptr<Compilation>> compilation = Compilation::create(session, path, all);
  if (!compilation)
    return compilation.takeError();
  (*compilation)->avoidDynamic = true;
  if (Error error = (*compilation)->runToQuantize(open))
    return std::move(error);
  std::string bytes;
  Error error = session.attempt([&]() -> mlir::LogicalResult {
    mlir::FailureOr<std::string> serialized = serializeONNX(*(*compilation)->module);
    if (mlir::succeeded(serialized))
      bytes = std::move(*serialized);
    return serialized;
  });
  if (error)
    return std::move(error);
  return (*compilation)->finish(storeBytes(bytes));
}

} // namespace nibble::driver
