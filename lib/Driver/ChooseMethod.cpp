// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranges are chosen by what they give: each way is compiled and compared with the float model on calibration inputs.

#include "Compilation.h"
#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Open.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace nibble::driver {

/// All values, the 99.99 % in the middle, and what gives the value itself the least error.
static constexpr StringLiteral candidates[] = {"minmax", "percentile:99.99", "mse"};

/// In dB. Corrected biases are fitted to the calibration inputs, on which they are judged: they have to gain this much.
static constexpr double leastGain = 1;

/// Compiles the graph as `quantize` says, and returns the worst output's signal-to-noise ratio.
Expected<double> Compilation::measureOutputs(QuantizeOptions quantize) {
  quantize.strict = false;
  ResourceScope scope(session.context());
  mlir::OwningOpRef<mlir::ModuleOp> copy(module->clone());
  auto build = [&](mlir::PassManager &pm) {
    buildPlanPhase(pm, quantize);
    buildQuantizePhase(pm, quantize);
    buildFoldPhase(pm);
  };
  if (Error error = runQuietly(*copy, build))
    return std::move(error);
  Expected<std::unique_ptr<Executable>> executable = makeProbe(session, *copy);
  if (!executable)
    return executable.takeError();
  Expected<std::vector<Difference>> differences = measureDifferences(**executable, kept, ownInputs, ownOutputs);
  if (!differences)
    return differences.takeError();
  return getWorstSqnr(*differences);
}

/// `choice` with what it gives.
Expected<MethodSummary> Compilation::tryMethod(const MethodSummary &choice) {
  method = choice;
  const QuantizeOptions quantize = getQuantizeOptions();
  method.reset();
  Expected<double> sqnr = measureOutputs(quantize);
  if (!sqnr)
    return sqnr.takeError();
  return MethodSummary{choice.method, choice.correctBias, *sqnr};
}

Error Compilation::chooseMethod() {
  const QuantizationOptions &wanted = options.quantization;
  if (kept.empty() || (wanted.calibMethod != "auto" && wanted.biasCorrection != "auto"))
    return Error::success();
  session.reporter().beginStep("choosing ranges", std::nullopt);
  std::vector<MethodSummary> &tried = summary.methods;
  auto attempt = [&](StringRef name, bool correctBias) -> Error {
    Expected<MethodSummary> result = tryMethod({name.str(), correctBias});
    if (!result)
      return result.takeError();
    tried.push_back(*result);
    return Error::success();
  };
  auto names = wanted.calibMethod == "auto" ? map_to_vector(candidates, [](StringRef name) { return name.str(); })
                                            : SmallVector<std::string>{wanted.calibMethod};
  for (const std::string &name : names)
    if (Error error = attempt(name, wanted.biasCorrection != "off"))
      return error;
  auto less = [](const MethodSummary &a, const MethodSummary &b) { return a.sqnr < b.sqnr; };
  size_t best = std::max_element(tried.begin(), tried.end(), less) - tried.begin(); // the first of equals
  if (wanted.biasCorrection == "auto") {
    if (Error error = attempt(tried[best].method, /*correctBias=*/false))
      return error;
    if (!(tried[best].sqnr >= tried.back().sqnr + leastGain))
      best = tried.size() - 1;
  }
  std::rotate(tried.begin(), tried.begin() + best, tried.begin() + best + 1);
  method = tried.front();
  measured->method = cantFail(RangeMethod::parse(method->method));
  return keepRanges();
}

} // namespace nibble::driver
