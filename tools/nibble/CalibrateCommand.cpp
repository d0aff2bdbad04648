// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"

#include "nibble/Driver/Compile.h"
#include "nibble/Quantization/CalibrationFile.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class CalibrateCommand : public Command {
public:
  CalibrateCommand()
      : Command(
            "calibrate",
            "measures the ranges of a model's values, or merges measurements\n\n"
            "  nibble calibrate model.onnx --calib part1.npz -o part1.calib.json\n"
            "  nibble calibrate part1.calib.json part2.calib.json -o all.calib.json   as if all were measured at once\n"
            "  nibble compile model.onnx --calib-file all.calib.json -o model.so\n\n"
            "  Parts may be measured on several machines. The data is described at nibble compile --help.\n"),
        inputs(cl::Positional, cl::OneOrMore, cl::desc("MODEL.onnx | FILE.calib.json..."), cl::sub(subcommand)),
        output("o", cl::Required, cl::desc("file to write (.calib.json)"), cl::value_desc("file"), cl::sub(subcommand)),
        data("calib", cl::desc("inputs to calibrate on: .npz, .npy or a folder of .npz"), cl::value_desc("data"),
             cl::sub(subcommand)),
        method("calib-method", cl::init("minmax"),
               cl::desc("how compile makes ranges of the file: minmax, percentile, percentile:99.9, mse, entropy"),
               cl::value_desc("method"), cl::sub(subcommand)),
        dims(subcommand) {}

  Error run(Reporter &reporter) override;

private:
  Expected<Calibration> measure(Reporter &reporter);
  Expected<Calibration> merge();

  cl::list<std::string> inputs;
  cl::opt<std::string> output, data, method;
  DimFlags dims;
};
} // namespace

Expected<Calibration> CalibrateCommand::measure(Reporter &reporter) {
  if (inputs.size() > 1)
    return makeError("expected one model to calibrate, got " + Twine(inputs.size()));
  if (data.empty())
    return makeError("calibration data is needed: give some inputs (--calib)");
  Session session(reporter);
  if (Error error = dims.apply(session))
    return error;
  auto open = [&](ArrayRef<Port> ports) {
    return openSamples(data, ports, [&](const Twine &text) { reporter.note(text.str()); });
  };
  return calibrateModel(session, inputs.front(), open);
}

Expected<Calibration> CalibrateCommand::merge() {
  if (!data.empty())
    return makeError("--calib measures a model (.onnx), but '" + inputs.front() + "' holds measurements already");
  std::optional<Calibration> merged;
  for (const std::string &path : inputs) {
    Expected<Calibration> part = readCalibrationFile(path);
    if (!part)
      return part.takeError();
    part->method = RangeMethod(); // it says how to read the whole, not what was measured
    if (!merged)
      merged = std::move(*part);
    else if (Error error = merged->merge(*part))
      return addContext("'" + path + "'", std::move(error));
  }
  return std::move(*merged);
}

Error CalibrateCommand::run(Reporter &reporter) {
  Expected<RangeMethod> chosen = RangeMethod::parse(method);
  if (!chosen)
    return chosen.takeError();
  if (Error error = checkWritable(output))
    return error;
  const bool merges = StringRef(inputs.front()).ends_with(".json");
  Expected<Calibration> calibration = merges ? merge() : measure(reporter);
  if (!calibration)
    return calibration.takeError();
  calibration->method = *chosen;
  std::string text;
  raw_string_ostream stream(text);
  writeCalibration(*calibration, stream);
  return writeFile(output, text);
}

std::unique_ptr<Command> makeCalibrateCommand() { return std::make_unique<CalibrateCommand>(); }

} // namespace nibble::driver
