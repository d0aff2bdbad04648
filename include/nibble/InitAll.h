// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only list of our dialects and passes: every tool, the Python module and
// the language server register from here.

#ifndef NIBBLE_INITALL_H
#define NIBBLE_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace nibble {

/// Adds every dialect, ours and the upstream ones that our passes produce.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers every pass and named pipeline, ours and the upstream ones that pipelines use.
void registerAllPasses();

/// Registers every translation between MLIR and other formats.
void registerAllTranslations();

} // namespace nibble

#endif // NIBBLE_INITALL_H
