// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Options.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Quantization/Ranges.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace nibble::driver {

static constexpr StringLiteral weights[] = {"auto", "int8", "int4", "int2", "float"};
static constexpr StringLiteral activations[] = {"auto", "uint8", "int8", "int8-symmetric", "int16", "float"};
static constexpr StringLiteral modes[] = {"auto", "static", "dynamic", "weight-only"};
static constexpr StringLiteral methods[] = {"auto", "minmax", "percentile", "mse", "entropy"};
static constexpr StringLiteral roundings[] = {"auto", "nearest", "gptq", "adaround"};
static constexpr StringLiteral switches[] = {"auto", "on", "off"};
static constexpr StringLiteral emits[] = {"so",   "exe",          "a",           "o",  "onnx-mlir",
                                          "mlir", "ukernel-mlir", "vector-mlir", "ll", "asm"};
static constexpr StringLiteral ios[] = {"auto", "model", "quantized"};
static constexpr StringLiteral requants[] = {"auto", "float", "fixed"};
static constexpr StringLiteral layouts[] = {"model", "nchw", "nhwc"};
static constexpr Choice choices[] = {
    {"weights", weights},   {"activations", activations},  {"mode", modes},         {"calib-method", methods},
    {"emit", emits},        {"bias-correction", switches}, {"rounding", roundings}, {"io", ios},
    {"io-layout", layouts}, {"requant", requants}};

ArrayRef<Choice> getChoices() { return choices; }

const Choice &getChoice(StringRef name) {
  const Choice *choice = find_if(choices, [&](const Choice &c) { return c.name == name; });
  assert(choice != std::end(choices) && "no such option");
  return *choice;
}

Error Choice::check(StringRef value) const {
  if (is_contained(values, value))
    return Error::success();
  return makeError(name + " '" + value + "' is not supported, expected " + join(values.drop_back(), ", ") + " or " +
                   values.back());
}

StringRef QuantizationOptions::getMode() const {
  if (mode != "auto")
    return mode;
  return weights != "auto" && !isFloat() && activations == "float" ? "weight-only" : "static";
}

/// What a mode cannot be combined with.
static Error checkMode(const QuantizationOptions &options) {
  StringRef mode = options.getMode();
  if (options.isFloat() && options.mode != "auto")
    return makeError("weights 'float' leave nothing to quantize in mode '" + mode + "'");
  auto refuse = [&](StringRef expected) {
    return makeError("mode '" + mode + "' needs activations " + expected + ", not '" + options.activations + "'");
  };
  bool isAuto = options.activations == "auto";
  if (mode == "weight-only" && !isAuto && options.activations != "float")
    return refuse("'auto' or 'float'");
  if (mode == "dynamic" && !isAuto && options.activations != "int8")
    return refuse("'auto' or 'int8', whose zero point is 0");
  if (mode == "static" && options.weights != "auto" && !options.isFloat() && options.activations == "float")
    return refuse("in 8 bits");
  if (mode != "static" && options.minSqnr && options.plan.empty())
    return makeError("min_sqnr is for nodes whose mode is 'static', not '" + mode + "'");
  if (mode != "static" && options.biasCorrection == "on" && options.plan.empty())
    return makeError("bias_correction is for nodes whose mode is 'static', not '" + mode + "'");
  return Error::success();
}

/// Says which option has no effect where nothing is quantized.
static Error checkUnused(const QuantizationOptions &options) {
  std::pair<StringRef, bool> given[] = {{"calib-method", options.calibMethod != "auto"},
                                        {"calib-file", !options.calibFile.empty()},
                                        {"plan", !options.plan.empty()},
                                        {"min-sqnr", options.minSqnr.has_value()},
                                        {"rounding", options.rounding != "auto"},
                                        {"max-bytes", options.maxBytes.has_value()},
                                        {"avg-bits", options.avgBits.has_value()},
                                        {"output-sqnr", options.outputSqnr.has_value()}};
  for (auto [name, isGiven] : given)
    if (isGiven)
      return makeError(name + " has no effect with weights 'float', which quantize nothing: leave one of them out");
  return Error::success();
}

/// Kernels unpack the weights of 16 inputs at a time, if they have 2 bits.
static Error checkGroup(const QuantizationOptions &options) {
  if (!options.group)
    return Error::success();
  if (*options.group < 16 || *options.group % 16)
    return makeError("group is " + Twine(*options.group) + ", expected a multiple of 16");
  if (getWeightBits(options.weights) == 8 && options.plan.empty())
    return makeError(kGroupWithoutNarrow);
  if (options.getMode() != "static")
    return makeError("group is for mode 'static', not '" + options.getMode() + "'");
  if (options.rounding == "nearest")
    return makeError("group is for rounding 'gptq' and 'adaround', not 'nearest'");
  if (options.isSearch())
    return makeError("a search for widths takes no group: leave it out");
  return Error::success();
}

/// What a search for widths cannot be combined with.
static Error checkSearch(const QuantizationOptions &options) {
  if (!options.planOut.empty() && !options.isSearch())
    return makeError("plan-out is the plan of a search: ask for one by max-bytes, avg-bits or output-sqnr");
  if (!options.isSearch())
    return Error::success();
  if (options.weights != "auto")
    return makeError("weights '" + options.weights +
                     "' leave nothing to search: leave them out beside max-bytes, "
                     "avg-bits and output-sqnr");
  if (options.getMode() != "static")
    return makeError("a search for widths of weights is for mode 'static', not '" + options.getMode() + "'");
  if (options.avgBits && !(*options.avgBits >= 2 && *options.avgBits <= 8))
    return makeError("avg-bits is " + Twine(std::to_string(*options.avgBits)) + ", expected 2 to 8");
  if (options.maxBytes && *options.maxBytes <= 0)
    return makeError("max-bytes is " + Twine(*options.maxBytes) + ", expected more than 0");
  return Error::success();
}

/// Says that nothing is rounded by the method that was asked for.
static Error checkRounding(const QuantizationOptions &options) {
  const bool isLearned = options.rounding != "auto" && options.rounding != "nearest";
  if (isLearned && getWeightBits(options.weights) == 8 && options.plan.empty() && !options.isSearch())
    return makeError("rounding '" + options.rounding +
                     "' is for weights of 4 and 2 bits: ask for them by weights, a plan or a search");
  return Error::success();
}

Error check(const QuantizationOptions &options) {
  std::pair<StringRef, StringRef> chosen[] = {{"weights", options.weights},
                                              {"activations", options.activations},
                                              {"mode", options.mode},
                                              {"calib-method", StringRef(options.calibMethod).split(':').first},
                                              {"bias-correction", options.biasCorrection},
                                              {"rounding", options.rounding}};
  for (auto [name, value] : chosen)
    if (Error error = getChoice(name).check(value))
      return error;
  if (options.calibMethod != "auto")
    if (Expected<RangeMethod> method = RangeMethod::parse(options.calibMethod); !method)
      return method.takeError();
  if (Error error = checkGroup(options))
    return error;
  bool floatActivations = options.activations == "float";
  if (options.isFloat() && !floatActivations && options.activations != "auto")
    return makeError("weights 'float' need activations 'float', not '" + options.activations + "'");
  if (Error error = checkMode(options))
    return error;
  if (options.isFloat())
    if (Error error = checkUnused(options))
      return error;
  if (Error error = checkSearch(options))
    return error;
  if (Error error = checkRounding(options))
    return error;
  if (options.minSqnr && !(*options.minSqnr >= 0))
    return makeError("min_sqnr is " + Twine(std::to_string(*options.minSqnr)) + " dB, expected 0 or more");
  return Error::success();
}

/// Options that would have no effect beside others.
static Error checkConflicts(const CompileOptions &options) {
  StringRef stop = options.stopAfter;
  if (options.quantization.isFloat() && options.io == "quantized")
    return makeError("io 'quantized' needs integers: it does not go with weights 'float'");
  if (options.quantization.isFloat() && is_contained({"calibrate", "plan", "quantize"}, stop))
    return makeError("stop-after '" + stop + "' is a phase of quantization, which weights 'float' leave out");
  if (!options.states.empty() && options.emit == "exe")
    return makeError("state keeps a buffer from run to run, and emit 'exe' is a program that runs once: expected "
                     "so, a or o");
  if (!stop.empty() && options.emit != "so")
    return makeError("stop-after '" + stop + "' writes IR: it does not go with emit '" + options.emit + "'");
  return Error::success();
}

/// "batch=1, sequence=128"
static std::string describeDims(const std::map<std::string, int64_t> &dims) {
  return join(map_range(dims, [](const auto &dim) { return dim.first + "=" + std::to_string(dim.second); }), ", ");
}

static Error checkDims(const CompileOptions &options) {
  for (const auto &[name, bound] : options.bounds)
    if (bound < 1 || bound > INT32_MAX)
      return makeError("bound of '" + name + "' is " + Twine(bound) + ", expected 1 to " + Twine(INT32_MAX));
  for (auto [index, dims] : enumerate(options.specializations)) {
    if (dims.empty())
      return makeError("specialize names no dimension, expected values as in batch=1,sequence=128");
    for (const auto &[name, value] : dims) {
      if (value < 1 || value > INT32_MAX)
        return makeError("specialize of '" + name + "' is " + Twine(value) + ", expected 1 to " + Twine(INT32_MAX));
      auto bound = options.bounds.find(name);
      if (bound != options.bounds.end() && value > bound->second)
        return makeError("specialize of '" + name + "' is " + Twine(value) + ", more than its bound " +
                         Twine(bound->second) + ", so that no run has it");
    }
    if (is_contained(ArrayRef(options.specializations).take_front(index), dims))
      return makeError("specialize gives '" + describeDims(dims) + "' twice");
  }
  return Error::success();
}

Error check(const CompileOptions &options) {
  if (Error error = check(options.quantization))
    return error;
  std::pair<StringRef, StringRef> chosen[] = {
      {"emit", options.emit}, {"io", options.io}, {"io-layout", options.ioLayout}, {"requant", options.requant}};
  for (auto [name, value] : chosen)
    if (Error error = getChoice(name).check(value))
      return error;
  if (options.threads < 1 || options.threads > 1024)
    return makeError("threads is " + Twine(options.threads) + ", expected 1 to 1024");
  std::pair<StringRef, std::optional<int64_t>> budgets[] = {{"max-ram", options.maxRam},
                                                            {"max-flash", options.maxFlash}};
  for (auto [name, bytes] : budgets)
    if (bytes && *bytes < 1)
      return makeError(name + " is " + Twine(*bytes) + " bytes, expected 1 or more");
  if (Error error = checkDims(options))
    return error;
  return checkConflicts(options);
}

} // namespace nibble::driver
