// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Choice of quantized types.

#ifndef NIBBLE_QUANTIZATION_TYPES_H
#define NIBBLE_QUANTIZATION_TYPES_H

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Quantization/Ranges.h"
#include "nibble/Quantization/Roles.h"

#include <optional>

namespace nibble {

/// `uint8` and `int8` are asymmetric, `int8-symmetric` has zero point 0 and storage [-127, 127], `int16` zero point 0
/// and storage [-32767, 32767].
enum class ActivationKind { UInt8, Int8, Int8Symmetric, Int16, Float };
std::optional<ActivationKind> symbolizeActivationKind(llvm::StringRef text);
llvm::StringRef stringifyActivationKind(ActivationKind kind);

/// Scales of activations are at least this, so that their products with scales of weights stay normal f32.
inline constexpr float kSmallestActivationScale = 0x1p-40f;

/// The type whose stored values cover `range`, extended to contain 0: scale = fl32((max - min) / 255), zero point =
/// rint(qmin - min / scale); symmetric: scale = fl32(max(|min|, |max|) / 127). A range of zeros has scale 1; a scale
/// below kSmallestActivationScale is raised to it. `kind` is not Float. Int16 has `largest` in place of 127.
mlir::quant::UniformQuantizedType chooseActivationType(mlir::MLIRContext *context, RealRange range, ActivationKind kind,
                                                       int64_t largest = 32767);

/// Storage that activations have an integer form in: bytes, or 16 signed bits.
bool isActivationStorage(mlir::quant::QuantizedType type);
inline bool isInt16(mlir::quant::QuantizedType type) {
  return type.isSigned() && type.getStorageTypeIntegralWidth() == 16;
}

/// `type` with the stored values that a clip to `bounds` never leaves: so a requantization to it clips.
mlir::quant::UniformQuantizedType narrowType(mlir::quant::UniformQuantizedType type, ClampBounds bounds);

/// Whether quantizing to `type` clips as much as a clip to `bounds` before it does.
bool impliesClamp(mlir::quant::UniformQuantizedType type, ClampBounds bounds);

/// The scale of a type as the f32 that it is.
inline float getScale(mlir::quant::UniformQuantizedType type) { return static_cast<float>(type.getScale()); }

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_TYPES_H
