// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Summaries as tables.

#ifndef NIBBLE_TOOLS_NIBBLE_SUMMARYTABLE_H
#define NIBBLE_TOOLS_NIBBLE_SUMMARYTABLE_H

#include "nibble/Driver/Summary.h"

namespace nibble::driver {

/// What a compilation came to, and each node that is not int8 with its reason.
void printSummary(const Summary &summary, llvm::StringRef output);

/// Every node.
void printNodes(const Summary &summary);

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_SUMMARYTABLE_H
