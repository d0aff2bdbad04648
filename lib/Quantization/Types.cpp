// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Types.h"

#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace nibble;

std::optional<ActivationKind> nibble::symbolizeActivationKind(StringRef text) {
  return llvm::StringSwitch<std::optional<ActivationKind>>(text)
      .Case("uint8", ActivationKind::UInt8)
      .Case("int8", ActivationKind::Int8)
      .Case("int8-symmetric", ActivationKind::Int8Symmetric)
      .Case("int16", ActivationKind::Int16)
      .Case("float", ActivationKind::Float)
      .Default(std::nullopt);
}

StringRef nibble::stringifyActivationKind(ActivationKind kind) {
  switch (kind) {
  case ActivationKind::UInt8:
    return "uint8";
  case ActivationKind::Int8:
    return "int8";
  case ActivationKind::Int8Symmetric:
    return "int8-symmetric";
  case ActivationKind::Int16:
    return "int16";
  case ActivationKind::Float:
    return "float";
  }
  llvm_unreachable("unknown kind");
}

quant::UniformQuantizedType nibble::chooseActivationType(MLIRContext *context, RealRange range, ActivationKind kind,
                                                         int64_t largest) {
  const double min = std::min(range.min, 0.0f), max = std::max(range.max, 0.0f);
  const bool isSigned = kind != ActivationKind::UInt8, wide = kind == ActivationKind::Int16;
  const bool symmetric = wide || kind == ActivationKind::Int8Symmetric;
  const int64_t qmax = wide ? largest : isSigned ? 127 : 255, qmin = symmetric ? -qmax : isSigned ? -128 : 0;
  float scale = static_cast<float>(symmetric ? std::max(-min, max) / static_cast<double>(qmax) : (max - min) / 255.0);
  scale = min == 0 && max == 0 ? 1.0f : std::max(scale, kSmallestActivationScale);
  const int64_t zero =
      symmetric ? 0 : std::clamp<int64_t>(static_cast<int64_t>(std::rint(qmin - min / scale)), qmin, qmax);
  return quant::UniformQuantizedType::get(isSigned ? quant::QuantizationFlags::Signed : 0,
                                          IntegerType::get(context, wide ? 16 : 8), Float32Type::get(context), scale,
                                          zero, qmin, qmax);
}

bool nibble::isActivationStorage(quant::QuantizedType type) {
  return type.getStorageTypeIntegralWidth() == 8 || isInt16(type);
}

/// rint(fl32(bound / scale)) + zero point, the stored value of a bound, cut to [lo, hi].
static int64_t quantizeBound(quant::UniformQuantizedType type, float bound, int64_t lo, int64_t hi) {
  const double stored = std::rint(bound / getScale(type)) + static_cast<double>(type.getZeroPoint());
  return static_cast<int64_t>(std::clamp(stored, static_cast<double>(lo), static_cast<double>(hi)));
}

quant::UniformQuantizedType nibble::narrowType(quant::UniformQuantizedType type, ClampBounds bounds) {
  const int64_t qmin = type.getStorageTypeMin(), qmax = type.getStorageTypeMax(), zero = type.getZeroPoint();
  // The zero point stays inside, and a type has more than one stored value.
  const int64_t lo = std::min(quantizeBound(type, bounds.lo, qmin, qmax), zero);
  const int64_t hi = std::max(quantizeBound(type, bounds.hi, qmin, qmax), zero);
  if (lo >= hi)
    return type;
  return quant::UniformQuantizedType::get(type.getFlags(), type.getStorageType(), type.getExpressedType(),
                                          type.getScale(), zero, lo, hi);
}

bool nibble::impliesClamp(quant::UniformQuantizedType type, ClampBounds bounds) {
  const int64_t qmin = type.getStorageTypeMin(), qmax = type.getStorageTypeMax();
  return quantizeBound(type, bounds.lo, qmin - 1, qmax + 1) <= qmin &&
         quantizeBound(type, bounds.hi, qmin - 1, qmax + 1) >= qmax;
}
