// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How much error of a node is too much.

#include "Codegen.h"
#include "Compilation.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

/// Below this signal-to-noise ratio, in dB, a node's result in int8 has little to do with its result in float.
static constexpr double standardMinSqnr = 10;
/// Outputs above this are those of the float model for most purposes; below it more is asked of the nodes.
static constexpr double enoughSqnr = 15;
static constexpr double highestMinSqnr = 25, boundStep = 5;

/// A node's own error says little of what becomes of it: outliers hide how much the other elements lose, and a
/// normalization behind them brings it out. So where the outputs are far from the float model's, more is asked of each
/// node, until they are not, or what helped most is known.
Error Compilation::raiseBound(ArrayRef<Measured> measured) {
  double best = -INFINITY, bestBound = standardMinSqnr;
  for (double bound = standardMinSqnr; bound <= highestMinSqnr; bound += boundStep) {
    if (Error error = planBelow(measured, bound))
      return error;
    session.reporter().beginStep("measuring the outputs", std::nullopt);
    Expected<double> sqnr = measureOutputs(getQuantizeOptions());
    if (!sqnr)
      return sqnr.takeError();
    if (*sqnr >= enoughSqnr)
      return Error::success();
    if (*sqnr > best)
      std::tie(best, bestBound) = std::pair(*sqnr, bound);
  }
  return planBelow(measured, bestBound);
}

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
  const bool isEnough = summary.methods.empty() || summary.methods.front().sqnr >= enoughSqnr;
  if (asked || isEnough || isNarrow || isFixed(options))
    return planBelow(*measured, asked.value_or(standardMinSqnr));
  return raiseBound(*measured);
}

} // namespace nibble::driver
