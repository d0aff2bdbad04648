// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver: quantizes, compiles, runs and explains models.

#include "Command.h"
#include "TerminalReporter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace nibble::driver;

static const char header[] =
    R"(nibble quantizes, compiles, runs and explains neural networks.

  nibble compile model.onnx --calib data.npz -o model.so    quantize to int8 and compile
  nibble compare model.onnx model.so --inputs data.npz      how close it is to the float model
  nibble bench model.so                                     how fast it is
  nibble explain model.so                                   what each node became, and why

Commands:
)";

static const char footer[] = R"(
nibble COMMAND --help explains a command and gives examples; nibble --version tells the version.
)";

using Commands = ArrayRef<std::unique_ptr<Command>>;

// llvm::cl would list every option of LLVM here.
static void printHelp(Commands commands, raw_ostream &os) {
  os << header;
  for (const std::unique_ptr<Command> &command : commands)
    os << formatv("  {0,-9} {1}\n", command->getName(), command->getSummary());
  os << footer;
}

static int runChosen(Commands commands) {
  TerminalReporter reporter;
  for (const std::unique_ptr<Command> &command : commands) {
    if (!command->isChosen())
      continue;
    Error error = command->run(reporter);
    outs().flush();
    if (!error && outs().has_error()) {
      error = createStringError(outs().error(), "cannot write the standard output: " + outs().error().message());
      outs().clear_error();
    }
    if (!error)
      return 0;
    WithColor::error(errs(), "nibble") << toString(std::move(error)) << '\n';
    return 1;
  }
  printHelp(commands, errs());
  return 1;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  setBugReportMsg("please report this with the command line and the model:\n");
  std::unique_ptr<Command> commands[] = {makeCompileCommand(), makeQuantizeCommand(),  makeRunCommand(),
                                         makeCompareCommand(), makeBenchCommand(),     makeInspectCommand(),
                                         makeExplainCommand(), makeCalibrateCommand(), makeTargetsCommand()};
  if (argc > 1 && is_contained({"help", "-h", "-help", "--help"}, StringRef(argv[1]))) {
    printHelp(commands, outs());
    return 0;
  }
  cl::SetVersionPrinter([](raw_ostream &os) { os << "nibble " NIBBLE_VERSION "\n"; });
  cl::ParseCommandLineOptions(argc, argv);
  return runChosen(commands);
}
