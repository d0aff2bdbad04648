// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What commands print.

#ifndef NIBBLE_TOOLS_NIBBLE_OUTPUT_H
#define NIBBLE_TOOLS_NIBBLE_OUTPUT_H

#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace nibble::driver {

/// Indented JSON and a newline on the standard output.
void printJson(llvm::json::Value value);

enum class Cells { Numbers, Text };

/// Rows of cells in aligned columns: the first to the left, the others to the
/// right if they are numbers. The first row is the heading.
void printTable(const std::vector<std::vector<std::string>> &rows, Cells cells = Cells::Numbers);

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_OUTPUT_H
