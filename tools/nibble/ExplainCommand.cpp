// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "Output.h"
#include "QuantizationFlags.h"
#include "SummaryTable.h"

#include "nibble/Driver/Explain.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class ExplainCommand : public Command {
public:
  ExplainCommand()
      : Command("explain", "tells what each node became, and why: precision, kernel, time, bytes\n\n"
                           "  nibble explain model.onnx --calib data.npz\n"
                           "  nibble explain model.so --json\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL"), cl::sub(subcommand)),
        target("target", cl::init("host"), cl::desc("instruction set"), cl::value_desc("name"), cl::sub(subcommand)),
        json("json", cl::desc("print JSON"), cl::sub(subcommand)), quantization(subcommand) {}

  Error run(Reporter &reporter) override {
    CompileOptions options;
    options.quantization = quantization.options();
    options.target = target;
    bool printsJson = json; // the linker resets all command-line options
    if (Error error = check(options))
      return error;
    Session session(reporter, options.quantization.strict);
    auto open = [&](ArrayRef<Port> inputs) { return quantization.open(inputs, reporter); };
    Expected<Summary> summary = explain(session, std::string(model),
                                        quantization.hasData() ? OpenSamples(open) : OpenSamples(nullptr), options);
    if (!summary)
      return summary.takeError();
    if (printsJson)
      printJson(toJson(*summary));
    else
      printNodes(*summary);
    return Error::success();
  }

private:
  cl::opt<std::string> model, target;
  cl::opt<bool> json;
  QuantizationFlags quantization;
};
} // namespace

std::unique_ptr<Command> makeExplainCommand() { return std::make_unique<ExplainCommand>(); }

} // namespace nibble::driver
