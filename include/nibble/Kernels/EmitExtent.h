// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents as code.

#ifndef NIBBLE_KERNELS_EMITEXTENT_H
#define NIBBLE_KERNELS_EMITEXTENT_H

#include "mlir/IR/Builders.h"
#include "nibble/Support/Extent.h"

namespace nibble {
namespace kernels {

/// Emits the arithmetic (dialect arith, integers of type `type`) that finds the value of `extent`; `dim` gives the
/// value of a dynamic dimension. Quotients by zero are 0; sums and products wrap round.
mlir::Value emitExtent(mlir::OpBuilder &builder, mlir::Location loc, const Extent &extent, mlir::Type type,
                       llvm::function_ref<mlir::Value(unsigned)> dim);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_EMITEXTENT_H
