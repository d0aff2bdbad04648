// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Calibrate.h"
#include "Instrument.h"
#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace nibble::driver {

/// The names of the results that were added for calibration; empty for the model's own.
static std::vector<std::string> getObservedNames(mlir::ModuleOp module) {
  std::vector<std::string> names;
  auto function = module.lookupSymbol<mlir::func::FuncOp>("main");
  for (unsigned index : seq(function.getNumResults())) {
    auto name = function.getResultAttrOfType<mlir::StringAttr>(index, kObservedAttr);
    names.push_back(name ? name.str() : "");
  }
  return names;
}

static Error observe(Calibration &calibration, ArrayRef<std::string> names, ArrayRef<Array> results) {
  for (auto [name, result] : zip_equal(names, results))
    if (!name.empty())
      if (Error error = calibration.observe(name, result.as<float>(), result.shape.empty() ? 0 : result.shape.back()))
        return error;
  calibration.finishSample();
  return Error::success();
}

static Calibration makeCalibration(mlir::ModuleOp module) {
  auto get = [&](StringRef key) {
    auto text = module->getAttrOfType<mlir::StringAttr>(key);
    return text ? text.getValue() : "";
  };
  return Calibration(get("nibble.model"), get("nibble.model_hash"));
}

/// Keeps a sample with the model's own outputs, which come before what is observed.
static void keep(CalibrationRun &run, const NamedArrays &feed, ArrayRef<std::string> names, ArrayRef<Array> results) {
  constexpr size_t mostSamples = 128;
  constexpr int64_t mostBytes = 48 << 20;
  int64_t bytes = 0;
  for (const NamedArray &entry : feed)
    bytes += entry.array.getByteSize();
  if (run.kept.size() >= mostSamples || (run.kept.size() > 0 && bytes * int64_t(run.kept.size()) > mostBytes))
    return;
  size_t own = find_if(names, [](const std::string &name) { return !name.empty(); }) - names.begin();
  run.kept.push_back({feed, results.take_front(own).vec()});
}

Expected<CalibrationRun> calibrate(Session &session, mlir::ModuleOp observed, Samples &samples) {
  CalibrationRun run{makeCalibration(observed), {}};
  std::vector<std::string> names = getObservedNames(observed);
  session.reporter().beginStep("generating code to calibrate", std::nullopt);
  Expected<std::unique_ptr<Executable>> executable = makeProbe(session, observed);
  if (!executable)
    return executable.takeError();
  session.reporter().beginStep("calibrating", samples.count());
  auto measure = [&](const NamedArrays &feed) -> Error {
    Expected<std::vector<Array>> results = (*executable)->run(feed);
    if (!results)
      return results.takeError();
    if (Error error = observe(run.calibration, names, *results))
      return error;
    keep(run, feed, names, *results);
    return Error::success();
  };
  Expected<int64_t> count =
      forEachSample(samples, session.reporter(), "calibration sample", "the calibration data", measure);
  if (!count)
    return count.takeError();
  session.reporter().endStep();
  return run;
}

Expected<std::vector<Difference>> measureDifferences(Executable &executable, ArrayRef<KeptSample> samples,
                                                     ArrayRef<Port> inputs, ArrayRef<Port> outputs) {
  std::vector<Difference> differences(executable.outputs().size());
  for (const KeptSample &sample : samples) {
    Expected<std::vector<Array>> results = executable.run(adapt(inputs, sample.feed, executable.inputs()));
    if (!results)
      return results.takeError();
    for (size_t i = 0; i < differences.size(); ++i)
      if (Error error =
              differences[i].add(sample.outputs[i], adapt(executable.outputs()[i], (*results)[i], outputs[i])))
        return std::move(error);
  }
  return differences;
}

} // namespace nibble::driver
