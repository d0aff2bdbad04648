// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales and zero points of ONNX's quantized operators.

#ifndef NIBBLE_LIB_IMPORT_ONNX_QUANT_H
#define NIBBLE_LIB_IMPORT_ONNX_QUANT_H

#include "Importer.h"

namespace nibble::onnximport {

/// Scales and zero points as a node gives them.
struct QuantParameters {
  llvm::SmallVector<double> scales;
  llvm::SmallVector<int64_t> zeroPoints;
  /// ONNX type of the stored integers.
  int32_t storage = onnx::TensorProto::UINT8;
};

/// The scales in operand `scale` and the zero points in operand `zeroPoint`, both constant. Without a zero point the
/// storage type is `storage`.
QuantParameters readParameters(Node &node, unsigned scale, unsigned zeroPoint, int32_t storage);

/// The quantized type of values of rank `rank`; per axis if there are several scales. Signed weights that do not use
/// their lowest value (`isNarrow`) have the symmetric range.
mlir::Type quantizedType(Node &node, const QuantParameters &parameters, int64_t axis, const Shape &shape,
                         bool isNarrow = false);

/// Operand `i` as plain bytes, also where it is quantized.
mlir::Value toBytes(Node &node, unsigned i);

/// Operand `i` as quantized values: integers of the storage type become those of `parameters`; a constant holds its
/// bytes on.
mlir::Value quantizedOperand(Node &node, unsigned i, const QuantParameters &parameters, int64_t axis);

/// QuantizeLinear and DequantizeLinear as programs on plain values: with scales of blocks or of the run, and of any
/// stored type.
void quantizeAny(Node &node, mlir::Type stored);
void dequantizeAny(Node &node);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_QUANT_H
