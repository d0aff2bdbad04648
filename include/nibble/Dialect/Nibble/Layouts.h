// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Permutations of dimensions and the transposes that carry them out.

#ifndef NIBBLE_DIALECT_NIBBLE_LAYOUTS_H
#define NIBBLE_DIALECT_NIBBLE_LAYOUTS_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include "mlir/IR/Builders.h"

namespace nibble {

/// Dimension i of an NHWC image is dimension kToNHWC[i] of the NCHW image, and the reverse.
inline constexpr int64_t kToNHWC[] = {0, 2, 3, 1};
inline constexpr int64_t kToNCHW[] = {0, 3, 1, 2};

llvm::SmallVector<int64_t> invertPermutation(llvm::ArrayRef<int64_t> permutation);

/// `values[permutation[i]]` for each i.
llvm::SmallVector<int64_t> permute(llvm::ArrayRef<int64_t> values, llvm::ArrayRef<int64_t> permutation);

/// The type of the transposed tensor; the axis of a per-axis quantized type follows its dimension.
mlir::RankedTensorType permuteType(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> permutation);

/// `value` transposed: the input of the inverse transpose if `value` comes from one, a new constant if it is one.
mlir::Value createTranspose(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                            llvm::ArrayRef<int64_t> permutation);

/// Whether transposing `type` moves only dimensions of extent 1, so that no element changes its place.
bool isTransposeReshape(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> permutation);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_LAYOUTS_H
