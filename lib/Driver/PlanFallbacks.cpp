// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How much error of a node is too much.

#include "Codegen.h"
#include "Compilation.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace nibble::driver {

/// Below this signal-to-noise ratio, in dB, a node's result in int8 has little to do with its result in float.
static constexpr double standardMinSqnr = 10;
/// Outputs above this are those of the float model for most purposes; below it values get more bits.
static constexpr double enoughSqnr = 15;

Error Compilation::planFallbacks() {
  Expected<bool> needed = needsRanges();
  if (!needed)
    return needed.takeError();
  const std::optional<double> asked = options.quantization.minSqnr;
  if (!*needed || kept.empty() || asked == 0.0)
    return Error::success();
  session.reporter().beginStep("measuring each node", std::nullopt);
  Expected<std::vector<Measured>> measured = measureStatic();
  if (!measured)
    return measured.takeError();
  for (const auto &[value, difference] : *measured)
    valueSqnrs[value.name] = difference.getSqnr();
  // Weights of fewer bits were asked for, with the noise that they make.
  const bool isNarrow = any_of(*measured, [](const Measured &entry) { return entry.first.hasNarrowWeights; });
  if (!asked)
    erase_if(*measured, [](const Measured &entry) { return entry.first.hasNarrowWeights; });
  if (Error error = planBelow(*measured, asked.value_or(standardMinSqnr)))
    return error;
  const bool isOpen = !asked && !isNarrow && !isFixed(options) && options.quantization.activations == "auto";
  if (!isOpen || summary.methods.empty() || summary.methods.front().sqnr >= enoughSqnr)
    return Error::success();
  // A node's own error says little of what becomes of it: outliers hide how much the other elements lose, a
  // normalization behind them brings it out, and many small ones add up.
  Expected<double> sqnr = fallbackNodes.empty() ? summary.methods.front().sqnr : measureOutputs(getQuantizeOptions());
  if (!sqnr)
    return sqnr.takeError();
  return *sqnr >= enoughSqnr ? Error::success() : widenValues(*sqnr);
}

} // namespace nibble::driver
