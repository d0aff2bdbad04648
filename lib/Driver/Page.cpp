// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The page of `nibble explain --html`.

#include "nibble/Driver/Explain.h"

#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

/// Page.html, with a mark where the summary goes.
static const std::vector<char> files[] = {
#include "Page.inc"
};
static constexpr StringLiteral mark = "NIBBLE_SUMMARY";

/// JSON inside a script element: no `<` may close it.
static std::string escape(StringRef text) {
  std::string result;
  for (char c : text)
    if (c == '<')
      result += "\\u003c";
    else
      result += c;
  return result;
}

std::string makePage(const Summary &summary) {
  auto [before, after] = StringRef(files[0].data(), files[0].size()).split(mark);
  return (before + escape(formatv("{0}", json::Value(toJson(summary))).str()) + after).str();
}

} // namespace nibble::driver
