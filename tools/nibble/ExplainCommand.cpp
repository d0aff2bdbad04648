// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"
#include "Output.h"
#include "QuantizationFlags.h"
#include "SummaryTable.h"

#include "nibble/Driver/Explain.h"
#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class ExplainCommand : public Command {
public:
  ExplainCommand()
      : Command("explain", "tells what each node became, and why: precision, kernel, time, bytes\n\n"
                           "  nibble explain model.so\n"
                           "  nibble explain model.so --html page.html                   to look at in a browser\n"
                           "  nibble explain model.onnx --calib data.npz --json          compiles it first\n\n"
                           "  A compiled file tells of itself unless it was compiled with --strip; times are\n"
                           "  measured on this machine, errors were on the calibration data.\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL"), cl::sub(subcommand)),
        target("target", cl::init("host"), cl::desc("instruction set"), cl::value_desc("name"), cl::sub(subcommand)),
        html("html", cl::desc("write a page with tables and pictures, in one file"), cl::value_desc("file"),
             cl::sub(subcommand)),
        json("json", cl::desc("print JSON"), cl::sub(subcommand)), quantization(subcommand), dims(subcommand),
        openDims(subcommand) {}

  Error run(Reporter &reporter) override {
    CompileOptions options;
    options.quantization = quantization.options();
    options.target = target;
    // The linker resets all command-line options.
    bool printsJson = json;
    std::string page = html;
    if (Error error = quantization.check())
      return error;
    if (Error error = openDims.apply(options))
      return error;
    const bool hasDims = !options.bounds.empty() || !options.states.empty() || !options.specializations.empty();
    if (!isModel(model) && (quantization.hasData() || target.getNumOccurrences() || hasDims))
      return makeError("'" + model +
                       "' is compiled already: --calib, --target, --bound, --state and --specialize are for models");
    if (Error error = check(options))
      return error;
    if (Error error = page.empty() ? Error::success() : checkWritable(page))
      return error;
    Session session(reporter, options.quantization.strict);
    if (Error error = dims.apply(session))
      return error;
    auto open = [&](ArrayRef<Port> inputs) { return quantization.open(inputs, reporter); };
    Expected<Summary> summary = explain(session, std::string(model),
                                        quantization.hasData() ? OpenSamples(open) : OpenSamples(nullptr), options);
    if (!summary)
      return summary.takeError();
    if (!page.empty())
      if (Error error = writeFile(page, makePage(*summary)))
        return error;
    if (printsJson)
      printJson(toJson(*summary));
    else if (page.empty())
      printNodes(*summary);
    return Error::success();
  }

private:
  cl::opt<std::string> model, target, html;
  cl::opt<bool> json;
  QuantizationFlags quantization;
  DimFlags dims;
  OpenDimFlags openDims;
};
} // namespace

std::unique_ptr<Command> makeExplainCommand() { return std::make_unique<ExplainCommand>(); }

} // namespace nibble::driver
