// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading and making the constants that hold weights.

#ifndef NIBBLE_SUPPORT_CONSTANTS_H
#define NIBBLE_SUPPORT_CONSTANTS_H

#include "nibble/Support/ElementData.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace nibble {

/// The value of the `nibble.constant` that makes `value`; null if something else makes it.
mlir::ElementsAttr getConstantAttr(mlir::Value value);

/// The elements of a constant in row-major order, splats spelled out; nullopt if `value` is no constant or its stored
/// elements are not of type T. T is one of float, int8_t, uint8_t, int16_t, int32_t, int64_t.
template <typename T>
std::optional<std::vector<T>> getConstantValues(mlir::Value value);

/// The element type of T: f32, i8, ui8, i32 or i64.
template <typename T>
mlir::Type getElementType(mlir::MLIRContext *context);

/// A `nibble.constant` of type `type` (whose element type may be quantized) that holds `values`. Beyond 1 KB they
/// become a dense resource named after the value name of `loc`.
template <typename T>
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
                           llvm::ArrayRef<T> values);

/// The same with T's own element type.
template <typename T>
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<T> values) {
  return createConstant<T>(builder, loc, mlir::RankedTensorType::get(shape, getElementType<T>(builder.getContext())),
                           values);
}

/// `values` of shape `shape` with dimension i of the result being dimension `permutation[i]` of the input.
template <typename T>
std::vector<T> transposeValues(llvm::ArrayRef<T> values, llvm::ArrayRef<int64_t> shape,
                               llvm::ArrayRef<int64_t> permutation) {
  llvm::ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
  std::vector<char> transposed = transposeBytes(bytes, sizeof(T), shape, permutation);
  std::vector<T> result(values.size());
  std::copy(transposed.begin(), transposed.end(), reinterpret_cast<char *>(result.data()));
  return result;
}

} // namespace nibble

#endif // NIBBLE_SUPPORT_CONSTANTS_H
