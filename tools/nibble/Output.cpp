// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Output.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace nibble::driver {

void printJson(json::Value value) { outs() << formatv("{0:2}\n", value); }

/// Columns on a terminal: every byte of UTF-8 but the continuations.
static size_t getWidth(StringRef text) {
  return count_if(text, [](char c) { return (c & 0xc0) != 0x80; });
}

void printTable(const std::vector<std::vector<std::string>> &rows, Cells cells) {
  std::vector<size_t> widths;
  for (const std::vector<std::string> &row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (auto [column, cell] : enumerate(row))
      widths[column] = std::max(widths[column], getWidth(cell));
  }
  for (const std::vector<std::string> &row : rows) {
    for (auto [column, cell] : enumerate(row)) {
      std::string space(widths[column] - getWidth(cell), ' ');
      outs() << (column == 0 ? "" : "  ");
      if (column == 0 || cells == Cells::Text)
        outs() << cell << (column + 1 < row.size() ? space : "");
      else
        outs() << space << cell;
    }
    outs() << '\n';
  }
}

} // namespace nibble::driver
