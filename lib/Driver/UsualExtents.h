// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What sizes of a graph are reported, where its dynamic dimensions decide of them.

#ifndef NIBBLE_LIB_DRIVER_USUALEXTENTS_H
#define NIBBLE_LIB_DRIVER_USUALEXTENTS_H

#include "nibble/Analysis/Extents.h"
#include "nibble/Driver/Executable.h"

#include "mlir/IR/BuiltinOps.h"

namespace nibble::driver {

/// Extents of a graph's values, where a dimension is 1 that counts samples, and kUsualDimension, or its bound if that
/// is less, any other. A dimension counts samples if it is the leading one of every input that has it.
class UsualExtents {
public:
  /// `module` may lack a function `main`: then nothing is known of its dimensions.
  explicit UsualExtents(mlir::ModuleOp module);

  /// The values of the dynamic dimensions, by name.
  DimValues getDims() const;
  /// Elements of a ranked tensor. Of one that nothing is known of, dimensions but the leading are kUsualDimension.
  int64_t countElements(mlir::Value value) const;
  /// How often an operation runs, in loops that the dimensions alone end; in others once.
  int64_t countRuns(mlir::Operation *op) const;
  /// The extent of a ranked tensor along its last axis; 1 for a scalar.
  int64_t getLastExtent(mlir::Value value) const;

  /// Multiplications of an operation; 0 for what is no product.
  int64_t countProducts(mlir::Operation *op) const;

private:
  llvm::SmallVector<int64_t> getShape(mlir::Value value) const;

  std::optional<ExtentAnalysis> analysis;
  llvm::SmallVector<int64_t> dims;
};

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_USUALEXTENTS_H
