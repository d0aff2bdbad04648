// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"
#include "Output.h"

#include "nibble/Driver/Bench.h"
#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Npz.h"

#include "llvm/Support/FormatVariadic.h"

#include <utility>

using namespace llvm;

namespace nibble::driver {

namespace {
class BenchCommand : public Command {
public:
  BenchCommand()
      : Command("bench", "measures how long a run of a model takes\n\n"
                         "  nibble bench model.so\n"
                         "  nibble bench model.so --threads 4 --seconds 5 --json\n"
                         "  nibble bench model.onnx                     (compiled without quantizing)\n"
                         "  nibble bench model.so --dim sequence=512\n\n"
                         "  Runs on --inputs, or on seeded numbers. There a dynamic dimension is what --dim says of\n"
                         "  it, else 1 where it counts samples (it leads every input that has it), and 128.\n"
                         "  The minimum is what the machine can do, the median what it did.\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL"), cl::sub(subcommand)),
        inputs("inputs", cl::desc(".npz file of the inputs"), cl::value_desc("file"), cl::sub(subcommand)),
        threads("threads", cl::init(1), cl::desc("threads of a run (1)"), cl::value_desc("count"), cl::sub(subcommand)),
        seconds("seconds", cl::init(1), cl::desc("how long to measure (1)"), cl::value_desc("time"),
                cl::sub(subcommand)),
        json("json", cl::desc("print JSON"), cl::sub(subcommand)), dims(subcommand) {}

  Error run(Reporter &reporter) override;

private:
  cl::opt<std::string> model, inputs;
  cl::opt<int> threads;
  cl::opt<double> seconds;
  cl::opt<bool> json;
  DimFlags dims;
};
} // namespace

Error BenchCommand::run(Reporter &reporter) {
  if (threads < 1 || threads > 1024)
    return makeError("--threads is " + Twine(threads) + ", expected 1 to 1024");
  if (!(seconds > 0 && seconds <= 3600))
    return makeError("--seconds is " + Twine(formatv("{0}", seconds.getValue()).str()) +
                     ", expected more than 0, up to 3600");
  Session session(reporter);
  Expected<DimValues> given = dims.parse();
  if (!given)
    return given.takeError();
  // Of a compiled model they are for the seeded numbers alone.
  if (isModel(model))
    session.fixDims(std::exchange(*given, {}));
  if (!given->empty() && !inputs.empty())
    return makeError("--dim is for numbers that are made up: the dimensions of --inputs are those of its arrays");
  Expected<std::unique_ptr<Executable>> executable = openExecutable(session, model, /*reference=*/false, threads);
  if (!executable)
    return executable.takeError();
  if (Error error = checkDimNames((*executable)->inputs(), *given))
    return addContext("--dim", std::move(error));
  NamedArrays feed;
  if (inputs.empty())
    feed =
        makeRandomFeed((*executable)->inputs(), chooseDims((*executable)->inputs(), (*executable)->limits(), *given));
  if (!inputs.empty()) {
    Expected<NamedArrays> arrays = readNpz(inputs);
    if (!arrays)
      return arrays.takeError();
    feed = std::move(*arrays);
  }
  Expected<Latency> latency = measure(**executable, feed, seconds);
  if (!latency)
    return addContext(model, latency.takeError());
  if (json) {
    json::Object object = toJson(*latency);
    object["model"] = model;
    object["threads"] = threads.getValue();
    printJson(std::move(object));
    return Error::success();
  }
  outs() << formatv("{0}: {1:f4} ms (median {2:f4}, 90th percentile {3:f4}) of {4} runs on {5} {6}\n", model.getValue(),
                    latency->minimum, latency->median, latency->percentile90, latency->runs, threads.getValue(),
                    threads == 1 ? "thread" : "threads");
  return Error::success();
}

std::unique_ptr<Command> makeBenchCommand() { return std::make_unique<BenchCommand>(); }

} // namespace nibble::driver
