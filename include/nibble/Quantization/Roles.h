// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What part each float operation can play in a quantized graph.

#ifndef NIBBLE_QUANTIZATION_ROLES_H
#define NIBBLE_QUANTIZATION_ROLES_H

#include "nibble/Dialect/Nibble/Nibble.h"

namespace nibble {

/// The operation has a quantized form with a type of its own.
bool hasQuantizedForm(mlir::Operation *op);

/// The operands that the operation's quantized form takes as stored values: all but those that stay float, a norm's
/// parameters and a softmax's mask.
mlir::OperandRange getStoredOperands(mlir::Operation *op);
/// `use` is one of them.
bool isStoredOperand(mlir::OpOperand &use);

/// The operation only moves or selects elements: its result has its input's type.
bool keepsElements(mlir::Operation *op);

/// The bounds of a relu or clip.
struct ClampBounds {
  float lo, hi;
};
std::optional<ClampBounds> getClampBounds(mlir::Operation *op);

/// The operation's quantized form ends in a clamp, which can do the work of a relu or clip behind it.
bool absorbsClamp(mlir::Operation *op);

/// The value that `value`'s elements are taken from, looking through operations that keep elements.
mlir::Value getElementSource(mlir::Value value);

/// The operation's float form stays where static quantization is concerned: the plan keeps it in float, or quantizes it
/// in another mode (attribute `nibble.precision`).
bool isPlannedFloat(mlir::Operation *op);
/// The plan's mode for this operation is "dynamic" or "weight-only".
bool isPlannedDynamic(mlir::Operation *op);
bool isPlannedWeightOnly(mlir::Operation *op);

/// The operation will compute on quantized values of static types: it has a quantized form, and the plan leaves it
/// that.
bool isPlannedQuantized(mlir::Operation *op);
/// Those of such operations that read `value` stored, perhaps behind operations that only move elements; one entry a
/// use.
llvm::SmallVector<mlir::Operation *> getQuantizedReaders(mlir::Value value);

/// No element of `value` is negative, whatever the inputs (-0 and NaN may occur).
bool isNonNegative(mlir::Value value);

/// Discardable attribute of an operation: its precision by the plan, "float", "int8", "dynamic" or "weight-only".
inline constexpr llvm::StringLiteral kPrecisionAttr = "nibble.precision";
/// Discardable attribute: the type of an observe's value, or of an operation's operands and result, by its own entry in
/// the plan; of the module, by the plan's default. "uint8", "int8", "int8-symmetric", "int16" or "float".
inline constexpr llvm::StringLiteral kActivationsAttr = "nibble.activations";

/// Discardable attribute of a product: its weights by the plan, "int4" or "int2"; it has none for 8 bits.
inline constexpr llvm::StringLiteral kWeightsAttr = "nibble.weights";
/// The bits of a product's weights by this attribute: 8, 4 or 2.
unsigned getPlannedWeightBits(mlir::Operation *op);
/// Discardable attribute beside it: as many consecutive weights of an output channel (ky, kx, c) are values of that
/// width times a factor of their own.
inline constexpr llvm::StringLiteral kWeightGroupAttr = "nibble.weight_group";
/// 0 where there are no such groups.
int64_t getPlannedWeightGroup(mlir::Operation *op);
/// Both attributes, for the operation that takes the other one's place.
void copyPlannedWeights(mlir::Operation *from, mlir::Operation *to);

/// Discardable attribute of an observe: the least and the greatest value that calibration saw, whatever the range.
inline constexpr llvm::StringLiteral kExtremesAttr = "nibble.extremes";

/// Discardable attribute of an observe: the means of its last dimension's channels, as calibration measured them.
inline constexpr llvm::StringLiteral kMeansAttr = "nibble.means";

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_ROLES_H
