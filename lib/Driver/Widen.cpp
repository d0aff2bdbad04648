// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of 16 bits for the sake of the outputs. What each value's rounding to 8 bits does to them is measured with all
// others exact, by one program that switches it on and off. Small independent errors add up as squared errors, so that
// a knapsack says which values cost the outputs most by the multiplications that more bits of them would slow down.

#include "Codegen.h"
#include "Compilation.h"
#include "nibble/Driver/Open.h"
#include "nibble/Quantization/Knapsack.h"
#include "nibble/Support/ElementData.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

/// Of the samples that were kept: for each value by itself, and for many at once.
static constexpr size_t samplesOfEach = 2, samplesOfAll = 8;
/// What the outputs are to have, in dB.
static constexpr double wantedSqnr = 20;
/// What all those wider values have to gain, in dB.
static constexpr double leastGain = 1;

static double toLoss(double decibels) { return std::pow(10.0, -decibels / 10); }

namespace {
/// A float model, the rounding of each of whose values a run switches on.
class RoundingProbe {
public:
  static Expected<RoundingProbe> create(Session &session, mlir::ModuleOp planned, ArrayRef<KeptSample> samples);

  /// What rounding each value to 8 bits alone does.
  Error measureEach(Reporter &reporter);
  /// Widens values so that at most `wanted` of the loss is left, or all: of the choices that cost the least work for
  /// what they leave by the sum of the losses, the cheapest that measures so.
  Expected<std::vector<SwitchedValue>> choose(double wanted);

private:
  Expected<double> measure(size_t count);
  Expected<double> measure(const KnapsackChoice &choice);

  std::vector<SwitchedValue> values;
  std::vector<double> losses;      // of each value
  Array switches;                  // 1 for each value that is rounded
  std::vector<KeptSample> samples; // whose feeds share them
  std::unique_ptr<Executable> executable;
};
} // namespace

Expected<RoundingProbe> RoundingProbe::create(Session &session, mlir::ModuleOp planned, ArrayRef<KeptSample> samples) {
  RoundingProbe probe;
  probe.values = switchRounding(planned.lookupSymbol<mlir::func::FuncOp>("main"));
  probe.switches = Array::allocate(ElementKind::F32, {int64_t(probe.values.size())});
  probe.samples = samples.take_front(std::max(samplesOfEach, samplesOfAll)).vec();
  for (KeptSample &sample : probe.samples)
    sample.feed.push_back({kSwitchesInput.str(), probe.switches});
  Expected<std::unique_ptr<Executable>> executable = makeExecutable(session, planned);
  if (!executable)
    return executable.takeError();
  probe.executable = std::move(*executable);
  return probe;
}

/// The worst output's noise by its signal on the first `count` samples, as `switches` are.
Expected<double> RoundingProbe::measure(size_t count) {
  Expected<std::vector<Difference>> differences =
      measureDifferences(*executable, ArrayRef(samples).take_front(count), executable->inputs(), executable->outputs());
  if (!differences)
    return differences.takeError();
  return toLoss(getWorstSqnr(*differences));
}

/// Where the values are rounded that have the first of their options, 8 bits.
Expected<double> RoundingProbe::measure(const KnapsackChoice &choice) {
  for (auto [factor, option] : zip_equal(switches.as<float>(), choice.options))
    factor = option == 0 ? 1 : 0;
  return measure(samplesOfAll);
}

Error RoundingProbe::measureEach(Reporter &reporter) {
  for (size_t i = 0; i < values.size(); ++i) {
    switches.as<float>()[i] = 1;
    Expected<double> loss = measure(samplesOfEach);
    if (!loss)
      return loss.takeError();
    losses.push_back(*loss);
    switches.as<float>()[i] = 0;
    reporter.advance(i + 1);
  }
  return Error::success();
}

Expected<std::vector<SwitchedValue>> RoundingProbe::choose(double wanted) {
  std::vector<std::vector<KnapsackOption>> items;
  for (auto [value, loss] : zip_equal(values, losses))
    items.push_back({{0, loss}, {value.work, 0}});
  const std::vector<KnapsackChoice> front = getFront(items);
  // Losses do not add up where outputs saturate: what is left is measured.
  size_t low = 0, high = front.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    Expected<double> loss = measure(front[middle]);
    if (!loss)
      return loss.takeError();
    if (*loss <= wanted)
      high = middle;
    else
      low = middle + 1;
  }
  std::vector<SwitchedValue> chosen;
  for (auto [value, option] : zip_equal(values, front[low].options))
    if (option == 1)
      chosen.push_back(value);
  return chosen;
}

/// The values to widen for the outputs' sake.
Expected<std::vector<SwitchedValue>> Compilation::chooseWide() {
  session.reporter().beginStep("measuring each value", std::nullopt);
  ResourceScope scope(session.context());
  mlir::OwningOpRef<mlir::ModuleOp> planned(module->clone());
  QuantizeOptions quantize = getQuantizeOptions();
  quantize.strict = false;
  quantize.correctBias = false; // for weights, which are exact here
  if (Error error = runQuietly(*planned, [&](mlir::PassManager &pm) { buildPlanPhase(pm, quantize); }))
    return std::move(error);
  Expected<RoundingProbe> probe = RoundingProbe::create(session, *planned, kept);
  if (!probe)
    return probe.takeError();
  if (Error error = probe->measureEach(session.reporter()))
    return std::move(error);
  return probe->choose(toLoss(wantedSqnr));
}

Error Compilation::widenValues(double before) {
  Expected<std::vector<SwitchedValue>> values = chooseWide();
  if (!values)
    return values.takeError();
  for (const SwitchedValue &value : *values) {
    wideValues.insert(value.name);
    const std::string reason = "value '" + value.name + "' has 16 bits: rounded to 8 it costs the outputs much";
    for (const std::string &node : value.nodes)
      wideNodes.try_emplace(node, reason);
  }
  if (Error error = writePlan())
    return error;
  session.reporter().beginStep("measuring the outputs", std::nullopt);
  Expected<double> after = measureOutputs(getQuantizeOptions());
  if (!after)
    return after.takeError();
  if (*after >= before + leastGain)
    return Error::success();
  wideValues.clear();
  wideNodes.clear();
  return writePlan();
}

} // namespace nibble::driver
