// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each node of a model became, and why.

#ifndef NIBBLE_DRIVER_EXPLAIN_H
#define NIBBLE_DRIVER_EXPLAIN_H

#include "nibble/Driver/Compile.h"

namespace nibble::driver {

/// Describes the operations of a graph in execution order.
std::vector<NodeSummary> summarizeNodes(mlir::ModuleOp graph);

/// How many nodes of the model are computed in each precision. A node that several operations compute counts once: as
/// float if one of them is, conversions at its border and moves of its operands aside.
std::map<std::string, int64_t> countPrecisions(mlir::ModuleOp graph);

/// Explains a compiled library, or what compiling the model at `path` gives, with measured times.
llvm::Expected<Summary> explain(Session &session, llvm::StringRef path, OpenSamples openSamples,
                                const CompileOptions &options);

/// A page for a browser: tables and pictures of `summary` in one file that loads nothing else.
std::string makePage(const Summary &summary);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_EXPLAIN_H
