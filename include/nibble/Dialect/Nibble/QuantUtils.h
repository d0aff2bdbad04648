// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading quantized types: one view of per-tensor and per-axis ones.

#ifndef NIBBLE_DIALECT_NIBBLE_QUANTUTILS_H
#define NIBBLE_DIALECT_NIBBLE_QUANTUTILS_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include <optional>

namespace nibble {

/// Scales and zero points of a quantized element type. Channel 0 of a per-tensor type stands for all.
class QuantParams {
public:
  /// `type` is a uniform quantized type, per tensor or per axis, with scales that are exact in f32.
  explicit QuantParams(mlir::quant::QuantizedType type);

  /// The view of a tensor's or a scalar's quantized element type; nullopt for any other type.
  static std::optional<QuantParams> get(mlir::Type type);

  bool isPerAxis() const { return axis.has_value(); }
  /// The quantized dimension of a per-axis type.
  int64_t getAxis() const { return *axis; }
  int64_t getChannels() const { return int64_t(scales.size()); }
  float getScale(int64_t channel = 0) const { return float(scales[isPerAxis() ? channel : 0]); }
  int32_t getZeroPoint(int64_t channel = 0) const { return int32_t(zeroPoints[isPerAxis() ? channel : 0]); }
  /// Smallest and largest stored value.
  int32_t getMin() const { return min; }
  int32_t getMax() const { return max; }

private:
  std::optional<int64_t> axis;
  llvm::SmallVector<double, 1> scales;
  llvm::SmallVector<int64_t, 1> zeroPoints;
  int32_t min, max;
};

/// From an element's row-major number to its index along the quantized dimension; 0 for per-tensor types.
class ChannelIndex {
public:
  ChannelIndex(const QuantParams &params, llvm::ArrayRef<int64_t> shape);
  int64_t operator()(int64_t element) const { return element / inner % channels; }

private:
  int64_t inner = 1, channels = 1;
};

bool isQuantized(mlir::Type elementType);
bool isPerTensor(mlir::Type elementType);

/// The integer type that a constant of the quantized type holds: as wide as the storage, and bytes for fewer bits than
/// 8; signless, or unsigned if it is.
mlir::Type getStorageElementType(mlir::quant::QuantizedType type);

/// Smallest and largest value of an integer type of up to 32 bits; signless ones count as signed.
std::pair<int64_t, int64_t> getIntegerRange(mlir::IntegerType type);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_QUANTUTILS_H
