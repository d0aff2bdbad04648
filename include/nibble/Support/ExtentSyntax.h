// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents in the text of attributes and types, as Extent::print writes them: `2 * d0 * d1 + floordiv(d2 - 1, 2) + 3`.

#ifndef NIBBLE_SUPPORT_EXTENTSYNTAX_H
#define NIBBLE_SUPPORT_EXTENTSYNTAX_H

#include "nibble/Support/Extent.h"

#include "mlir/IR/OpImplementation.h"

namespace nibble {

/// A sum of products of integers, dimensions `d0`, `d1`, … and `floordiv(a, b)`, `min(a, b)`, `max(a, b)` of sums.
mlir::FailureOr<Extent> parseExtent(mlir::AsmParser &parser);

/// Extents between brackets, `[d0, 2 * d1, 384]`.
mlir::ParseResult parseExtents(mlir::AsmParser &parser, llvm::SmallVector<Extent> &extents);
void printExtents(mlir::AsmPrinter &printer, llvm::ArrayRef<Extent> extents);

/// "[d0, 2 * d1, 384]".
std::string formatExtents(llvm::ArrayRef<Extent> extents);

} // namespace nibble

#endif // NIBBLE_SUPPORT_EXTENTSYNTAX_H
