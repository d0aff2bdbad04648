// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether ranges are chosen when the model is compiled, or found at run time: by what the outputs lose.

#include "Codegen.h"
#include "Compilation.h"

#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

/// Outputs above this, in dB, are those of the float model for most purposes, also where they are inputs of the next
/// run.
static constexpr double enoughSqnr = 25;
/// Below this, outputs have little to do with those of the float model.
static constexpr double poorSqnr = 15;
/// Ranges found at run time cost a pass over each input of a product: they have to gain this much, or something where
/// outputs are poor.
static constexpr double leastGain = 10, leastGainOfPoor = 1;

/// Whether nothing that the user asked for stands against another mode.
bool Compilation::mayChooseMode() const {
  const QuantizationOptions &wanted = options.quantization;
  const bool isAuto = wanted.mode == "auto" && wanted.getMode() == "static" && wanted.activations == "auto" &&
                      wanted.weights == "auto" && wanted.rounding == "auto" && wanted.plan.empty() && !wanted.minSqnr;
  return isAuto && temporaryPlan.path.empty() && !avoidDynamic && !isFixed(options) && !hasQuantizedIO(options) &&
         !summary.methods.empty();
}

Error Compilation::chooseMode() {
  if (!mayChooseMode() || summary.methods.front().sqnr >= enoughSqnr)
    return Error::success();
  session.reporter().beginStep("measuring ranges found at run time", std::nullopt);
  QuantizeOptions dynamic = getQuantizeOptions();
  dynamic.mode = "dynamic";
  Expected<double> sqnr = measureOutputs(dynamic);
  if (!sqnr)
    return sqnr.takeError();
  const double before = summary.methods.front().sqnr;
  if (!(*sqnr >= before + (before < poorSqnr ? leastGainOfPoor : leastGain)))
    return Error::success();
  chosenMode = "dynamic";
  modeReason =
      formatv("static ranges leave the outputs {0:f1} dB, ranges found at run time {1:f1}", before, *sqnr).str();
  session.reporter().note(modeReason + ": mode 'dynamic' is chosen (--mode static keeps the others)");
  method.reset();
  summary.methods.clear();
  return Error::success();
}

} // namespace nibble::driver
