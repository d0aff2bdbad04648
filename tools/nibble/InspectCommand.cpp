// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"
#include "Output.h"

#include "nibble/Driver/Open.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class InspectCommand : public Command {
public:
  InspectCommand()
      : Command("inspect", "prints what a model is made of: inputs, outputs, "
                           "operations, sizes\n\n"
                           "  nibble inspect model.onnx\n"
                           "  nibble inspect model.so --json\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL"), cl::sub(subcommand)),
        json("json", cl::desc("print JSON"), cl::sub(subcommand)), dims(subcommand) {}

  Error run(Reporter &reporter) override {
    Session session(reporter);
    if (Error error = dims.apply(session))
      return error;
    Expected<ModelInfo> info = inspectFile(session, model);
    if (!info)
      return info.takeError();
    if (json)
      printJson(toJson(*info));
    else
      print(*info, outs());
    return Error::success();
  }

private:
  cl::opt<std::string> model;
  cl::opt<bool> json;
  DimFlags dims;
};
} // namespace

std::unique_ptr<Command> makeInspectCommand() { return std::make_unique<InspectCommand>(); }

} // namespace nibble::driver
