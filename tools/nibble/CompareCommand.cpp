// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"
#include "Output.h"

#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Open.h"
#include "nibble/Driver/Samples.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class CompareCommand : public Command {
public:
  CompareCommand()
      : Command("compare", "compares a model with another, as a quantized one with the float "
                           "model it came from\n\n"
                           "  nibble compare model.onnx model.so --inputs data.npz\n"
                           "  nibble compare model.onnx model.so --inputs data.npz --json\n\n"
                           "  Reports of each output the signal to quantization noise ratio (exact where nothing "
                           "differs;\n"
                           "  null in JSON), how often the greatest element is the same, and the greatest error. A "
                           "NaN or\n"
                           "  an infinity in OTHER where MODEL has a number is an error.\n"),
        expected(cl::Positional, cl::Required, cl::desc("MODEL"), cl::sub(subcommand)),
        actual(cl::Positional, cl::Required, cl::desc("OTHER"), cl::sub(subcommand)),
        inputs("inputs", cl::Required, cl::desc(".npz file (or folder of them) of samples"), cl::value_desc("data"),
               cl::sub(subcommand)),
        json("json", cl::desc("print JSON"), cl::sub(subcommand)), dims(subcommand) {}

  Error run(Reporter &reporter) override {
    Session session(reporter);
    if (Error error = dims.apply(session))
      return error;
    if (isSharedLibrary(expected) && isModel(actual))
      return makeError("'" + expected + "' is compiled and '" + actual +
                       "' is a model: give the model first, then what is compared with it");
    Expected<std::unique_ptr<Executable>> first = openExecutable(session, expected, /*reference=*/false);
    if (!first)
      return first.takeError();
    Expected<std::unique_ptr<Executable>> second = openExecutable(session, actual, /*reference=*/false);
    if (!second)
      return second.takeError();
    if (Error error = checkSame("input", (*first)->inputs(), (*second)->inputs()))
      return error;
    if (Error error = checkSame("output", (*first)->outputs(), (*second)->outputs()))
      return error;
    Expected<std::unique_ptr<Samples>> samples =
        openSamples(inputs, (*first)->inputs(), [&](const Twine &text) { reporter.note(text.str()); });
    if (!samples)
      return samples.takeError();
    return compare(**first, **second, **samples, reporter);
  }

private:
  Error checkSame(StringRef what, ArrayRef<Port> first, ArrayRef<Port> second) const;
  Error compare(Executable &first, Executable &second, Samples &samples, Reporter &reporter);
  void report(ArrayRef<Port> outputs, ArrayRef<Difference> differences, int64_t count) const;

  cl::opt<std::string> expected, actual, inputs;
  cl::opt<bool> json;
  DimFlags dims;
};
} // namespace

/// Forms of one model have inputs and outputs of the same names in the same order.
Error CompareCommand::checkSame(StringRef what, ArrayRef<Port> first, ArrayRef<Port> second) const {
  if (first.size() != second.size())
    return makeError("'" + expected + "' has " + Twine(first.size()) + " " + what + "s and '" + actual + "' has " +
                     Twine(second.size()) + ": are these the same model?");
  for (auto [index, ports] : enumerate(zip_equal(first, second))) {
    auto &[left, right] = ports;
    if (left.name != right.name || left.shape.size() != right.shape.size())
      return makeError(what + " " + Twine(index) + " is '" + left.name + "' " + describe(left) + " in '" + expected +
                       "' and '" + right.name + "' " + describe(right) + " in '" + actual +
                       "': are these the same model?");
  }
  return Error::success();
}

Error CompareCommand::compare(Executable &first, Executable &second, Samples &samples, Reporter &reporter) {
  std::vector<Difference> differences(first.outputs().size());
  reporter.beginStep("comparing", samples.count());
  auto add = [&](const NamedArrays &feed) -> Error {
    Expected<std::vector<Array>> left = first.run(feed);
    if (!left)
      return addContext(expected, left.takeError());
    Expected<std::vector<Array>> right = second.run(adapt(first.inputs(), feed, second.inputs()));
    if (!right)
      return addContext(actual, right.takeError());
    for (auto [index, difference] : enumerate(differences)) {
      const Port &port = first.outputs()[index];
      std::string where = "output '" + port.name + "' of '" + actual + "'";
      if (Error error = difference.add((*left)[index], adapt(second.outputs()[index], (*right)[index], port)))
        return addContext(where, std::move(error));
      if (std::string text = difference.describeLost(); !text.empty())
        return makeError(where + " " + text + " in '" + expected + "'");
    }
    return Error::success();
  };
  Expected<int64_t> count = forEachSample(samples, reporter, "sample", "'" + inputs + "'", add);
  if (!count)
    return count.takeError();
  reporter.endStep();
  report(first.outputs(), differences, *count);
  return Error::success();
}

void CompareCommand::report(ArrayRef<Port> outputs, ArrayRef<Difference> differences, int64_t count) const {
  if (json) {
    json::Array array;
    for (auto [port, difference] : zip_equal(outputs, differences)) {
      json::Object object = difference.toJson();
      object["name"] = port.name;
      array.push_back(std::move(object));
    }
    return printJson(json::Object{{"samples", count}, {"outputs", std::move(array)}});
  }
  std::vector<std::vector<std::string>> rows = {
      {"output", "SQNR", "same arg max", "max error", "relative", "same bits"}};
  for (auto [port, difference] : zip_equal(outputs, differences))
    rows.push_back(
        {port.name, formatSqnr(difference.getSqnr()), formatv("{0:f2} %", 100 * difference.getArgMaxAgreement()).str(),
         formatv("{0}", difference.getMaxError()).str(), formatv("{0:e2}", difference.getMaxRelativeError()).str(),
         formatv("{0:f2} %", 100 * difference.getIdentical()).str()});
  printTable(rows);
  outs() << count << (count == 1 ? " sample\n" : " samples\n");
}

std::unique_ptr<Command> makeCompareCommand() { return std::make_unique<CompareCommand>(); }

} // namespace nibble::driver
