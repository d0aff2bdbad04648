// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A subcommand of the driver. Each has a file of its own.

#ifndef NIBBLE_TOOLS_NIBBLE_COMMAND_H
#define NIBBLE_TOOLS_NIBBLE_COMMAND_H

#include "nibble/Driver/Session.h"

#include "llvm/Support/CommandLine.h"

#include <memory>

namespace nibble::driver {

namespace cl = llvm::cl;

class Command {
public:
  /// `help` is one line of what the command does, then examples.
  Command(llvm::StringRef name, llvm::StringRef help) : subcommand(name, help) {}
  virtual ~Command() = default;

  llvm::StringRef getName() const { return subcommand.getName(); }
  llvm::StringRef getSummary() const { return subcommand.getDescription().split('\n').first; }
  bool isChosen() const { return static_cast<bool>(subcommand); }
  virtual llvm::Error run(Reporter &reporter) = 0;

protected:
  cl::SubCommand subcommand;
};

std::unique_ptr<Command> makeInspectCommand();
std::unique_ptr<Command> makeRunCommand();
std::unique_ptr<Command> makeBenchCommand();
std::unique_ptr<Command> makeCalibrateCommand();
std::unique_ptr<Command> makeCompareCommand();
std::unique_ptr<Command> makeCompileCommand();
std::unique_ptr<Command> makeExplainCommand();
std::unique_ptr<Command> makeQuantizeCommand();
std::unique_ptr<Command> makeTargetsCommand();

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_COMMAND_H
