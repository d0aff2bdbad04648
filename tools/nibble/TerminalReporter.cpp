// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TerminalReporter.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace nibble::driver {

TerminalReporter::TerminalReporter() : isTerminal(sys::Process::StandardErrIsDisplayed()) {}

void TerminalReporter::warn(StringRef message) {
  clear();
  WithColor::warning() << message << '\n';
}

void TerminalReporter::note(StringRef message) {
  clear();
  WithColor::note() << message << '\n';
}

void TerminalReporter::beginStep(StringRef name, std::optional<int64_t> count) {
  step = name.str();
  total = count;
  draw(0);
}

void TerminalReporter::advance(int64_t done) {
  if (std::chrono::steady_clock::now() - drawn > std::chrono::milliseconds(50))
    draw(done);
}

void TerminalReporter::endStep() { clear(); }

void TerminalReporter::draw(int64_t done) {
  if (!isTerminal)
    return;
  drawn = std::chrono::steady_clock::now();
  errs() << "\r\x1b[K" << step;
  if (total && *total > 0) {
    int64_t filled = 30 * done / *total;
    errs() << " [" << std::string(filled, '=') << std::string(30 - filled, ' ') << "] " << done << "/" << *total;
  } else if (done > 0) {
    errs() << ' ' << done;
  }
  errs().flush();
}

void TerminalReporter::clear() {
  if (isTerminal)
    errs() << "\r\x1b[K";
}

} // namespace nibble::driver
