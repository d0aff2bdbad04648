// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Half.h"

using namespace ptx;

static double roundToInteger(double value, bool negative, Rounding rounding) {
  switch (rounding) {
  case Rounding::Nearest:
    return std::nearbyint(value);
  case Rounding::Zero:
    return std::floor(value);
  case Rounding::Down:
    return negative ? std::ceil(value) : std::floor(value);
  case Rounding::Up:
    return negative ? std::floor(value) : std::ceil(value);
  }
  return value;
}

uint16_t ptx::doubleToHalf(double value, Rounding rounding) {
  if (std::isnan(value))
    return canonicalHalfNan;
  bool negative = std::signbit(value);
  uint16_t sign = negative ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isinf(magnitude))
    return sign | 0x7C00;
  int exponent = magnitude == 0 ? -14 : std::max(std::ilogb(magnitude), -14);
  if (exponent > 15) // far beyond: what follows overflows the same
    magnitude = 131072, exponent = 15;
  double units = roundToInteger(std::ldexp(magnitude, 10 - exponent), negative, rounding);
  // A carry into the exponent comes out right, as does one from the subnormal numbers.
  uint32_t bits = uint32_t(units) + (uint32_t(exponent + 14) << 10);
  bool toInfinity = rounding == Rounding::Nearest || rounding == (negative ? Rounding::Down : Rounding::Up);
  if (bits >= 0x7C00)
    bits = toInfinity ? 0x7C00 : 0x7BFF;
  return sign | uint16_t(bits);
}
