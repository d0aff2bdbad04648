// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From quantized tensors to the bytes that hold them.

#ifndef NIBBLE_DIALECT_NIBBLE_STORAGE_H
#define NIBBLE_DIALECT_NIBBLE_STORAGE_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include "mlir/IR/Builders.h"

namespace nibble {

/// The per-tensor quantized type of `value`'s elements; null if it has another type.
mlir::quant::UniformQuantizedType getPerTensorType(mlir::Value value);

/// Scale, zero point and storage range of a per-tensor quantized type, as the integer operations hold them.
struct Encoding {
  float scale;
  int32_t zero, min, max;
};
Encoding getEncoding(mlir::quant::UniformQuantizedType type);

/// The tensor of plain integers (ui8, i8 or i32) that holds a quantized tensor.
mlir::RankedTensorType getStorageTensor(mlir::RankedTensorType type);

/// `quantized` as plain integers: a constant if it is one, else a cast that the passes of phase fold leave between
/// them and that `--nibble-fold-storage` removes.
mlir::Value toStorage(mlir::OpBuilder &builder, mlir::Value quantized);

/// Plain integers as the quantized tensor `type`.
mlir::Value toQuantized(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type, mlir::Value storage);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_STORAGE_H
