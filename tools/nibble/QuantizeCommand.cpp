// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"
#include "Output.h"
#include "QuantizationFlags.h"
#include "SummaryTable.h"

#include "nibble/Driver/Compile.h"
#include "nibble/Support/OutputFile.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class QuantizeCommand : public Command {
public:
  QuantizeCommand()
      : Command("quantize", "quantizes a model and writes it as ONNX with QuantizeLinear and DequantizeLinear\n\n"
                            "  nibble quantize model.onnx --calib data.npz -o int8.onnx\n\n"
                            "  The data is described at nibble compile --help.\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL.onnx"), cl::sub(subcommand)),
        output("o", cl::Required, cl::desc("file to write"), cl::value_desc("file"), cl::sub(subcommand)),
        json("json", cl::desc("print the summary as JSON"), cl::sub(subcommand)), quantization(subcommand),
        dims(subcommand) {}

  Error run(Reporter &reporter) override;

private:
  cl::opt<std::string> model, output;
  cl::opt<bool> json;
  QuantizationFlags quantization;
  DimFlags dims;
};
} // namespace

Error QuantizeCommand::run(Reporter &reporter) {
  QuantizationOptions options = quantization.options();
  if (Error error = quantization.check())
    return error;
  if (Error error = check(options))
    return error;
  if (Error error = checkWritable(output))
    return error;
  Session session(reporter, options.strict);
  if (Error error = dims.apply(session))
    return error;
  auto open = [&](ArrayRef<Port> inputs) { return quantization.open(inputs, reporter); };
  Expected<Compiled> quantized =
      quantize(session, model, quantization.hasData() ? OpenSamples(open) : OpenSamples(nullptr), options);
  if (!quantized)
    return quantized.takeError();
  if (Error error = writeFile(output, quantized->bytes.text()))
    return error;
  if (json)
    printJson(toJson(quantized->summary));
  else
    printSummary(quantized->summary, output);
  return Error::success();
}

std::unique_ptr<Command> makeQuantizeCommand() { return std::make_unique<QuantizeCommand>(); }

} // namespace nibble::driver
