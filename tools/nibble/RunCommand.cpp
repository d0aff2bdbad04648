// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"

#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Npz.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class RunCommand : public Command {
public:
  RunCommand()
      : Command("run", "runs a model on one set of inputs\n\n"
                       "  nibble run model.so --inputs in.npz --outputs out.npz\n"
                       "  nibble run model.onnx --reference --inputs in.npz --outputs "
                       "out.npz\n\n"
                       "  in.npz has an array for each input, under its name and of "
                       "its type and shape:\n"
                       "  numpy.savez('in.npz', image=array)\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL"), cl::sub(subcommand)),
        inputs("inputs", cl::Required, cl::desc(".npz file of the inputs"), cl::value_desc("file"),
               cl::sub(subcommand)),
        outputs("outputs", cl::Required, cl::desc(".npz file to write the outputs to"), cl::value_desc("file"),
                cl::sub(subcommand)),
        reference("reference", cl::desc("run in the reference interpreter"), cl::sub(subcommand)), dims(subcommand) {}

  Error run(Reporter &reporter) override {
    if (Error error = checkWritable(outputs))
      return error;
    Session session(reporter);
    if (Error error = dims.apply(session))
      return error;
    Expected<NamedArrays> feed = readNpz(inputs);
    if (!feed)
      return feed.takeError();
    Expected<std::unique_ptr<Executable>> executable = openExecutable(session, model, reference);
    if (!executable)
      return executable.takeError();
    Expected<std::vector<Array>> results = (*executable)->run(*feed);
    if (!results)
      return addContext(model, results.takeError());
    NamedArrays named;
    for (auto [port, array] : zip_equal((*executable)->outputs(), *results))
      named.push_back({port.name, array});
    return writeNpz(outputs, named);
  }

private:
  cl::opt<std::string> model, inputs, outputs;
  cl::opt<bool> reference;
  DimFlags dims;
};
} // namespace

std::unique_ptr<Command> makeRunCommand() { return std::make_unique<RunCommand>(); }

} // namespace nibble::driver
