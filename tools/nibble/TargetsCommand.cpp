// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "Output.h"

#include "nibble/Kernels/ISA.h"
#include "nibble/Target/TargetSpec.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace nibble::driver {

/// The features that a machine needs, those of the row that it extends first.
static std::string getFeatures(const kernels::ISA &isa) {
  const kernels::ISA *base = kernels::lookupISA(isa.extends);
  std::vector<std::string> features;
  for (std::string part : {base ? getFeatures(*base) : std::string(), isa.required.str()})
    if (!part.empty())
      features.push_back(part);
  return join(features, ",");
}

namespace {
class TargetsCommand : public Command {
public:
  TargetsCommand()
      : Command("targets", "lists the machines that models are compiled for\n\n"
                           "  nibble targets\n"
                           "  nibble targets --json\n\n"
                           "  --target takes their names; several of one architecture with commas.\n"),
        json("json", cl::desc("print JSON"), cl::sub(subcommand)) {}

  Error run(Reporter &reporter) override {
    std::vector<std::vector<std::string>> rows{{"target", "triple", "features of the machine", "here", "verified"}};
    json::Array entries;
    for (const TargetSpec &spec : getTargetSpecs()) {
      const kernels::ISA &isa = *kernels::lookupISA(spec.isa);
      const std::string features = getFeatures(isa);
      const bool here = isHostCapable(spec);
      rows.push_back(
          {spec.isa, spec.triple, features.empty() ? "none" : features, here ? "yes" : "no", isa.verified.str()});
      entries.push_back(json::Object{{"name", spec.isa},
                                     {"triple", spec.triple},
                                     {"cpu", spec.cpu},
                                     {"features", features},
                                     {"runs_here", here},
                                     {"verified", isa.verified}});
    }
    if (json)
      printJson(std::move(entries));
    else
      printTable(rows, Cells::Text);
    return Error::success();
  }

private:
  cl::opt<bool> json;
};
} // namespace

std::unique_ptr<Command> makeTargetsCommand() { return std::make_unique<TargetsCommand>(); }

} // namespace nibble::driver
