// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warnings on the standard error stream, and a bar of progress where that is a
// terminal.

#ifndef NIBBLE_TOOLS_NIBBLE_TERMINALREPORTER_H
#define NIBBLE_TOOLS_NIBBLE_TERMINALREPORTER_H

#include "nibble/Driver/Session.h"

#include <chrono>

namespace nibble::driver {

class TerminalReporter : public Reporter {
public:
  TerminalReporter();
  void warn(llvm::StringRef message) override;
  void note(llvm::StringRef message) override;
  void beginStep(llvm::StringRef name, std::optional<int64_t> total) override;
  void advance(int64_t done) override;
  void endStep() override;

private:
  void draw(int64_t done);
  void clear();

  bool isTerminal;
  std::string step;
  std::optional<int64_t> total;
  std::chrono::steady_clock::time_point drawn;
};

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_TERMINALREPORTER_H
