// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 16-bit floats, and what all floats of a device have in common.

#ifndef PTX_HALF_H
#define PTX_HALF_H

#include <cmath>
#include <cstdint>
#include <cstring>

namespace ptx {

enum class Rounding : uint8_t { Nearest, Zero, Down, Up };

template <class To, class From>
inline To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "sizes must agree");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

constexpr uint32_t canonicalNan = 0x7FFFFFFF;
constexpr uint16_t canonicalHalfNan = 0x7FFF;

/// Devices give one NaN as the result of f32 arithmetic, and pass payloads of f64 on, as the host does.
inline float canonical(float value) { return value == value ? value : bitCast<float>(canonicalNan); }
inline double canonical(double value) { return value; }

inline double halfToDouble(uint16_t half) {
  int exponent = half >> 10 & 31;
  int fraction = half & 1023;
  double magnitude = exponent == 31 ? (fraction ? std::nan("") : INFINITY)
                     : exponent     ? std::ldexp(double(fraction + 1024), exponent - 25)
                                    : std::ldexp(double(fraction), -24);
  return half & 0x8000 ? -magnitude : magnitude;
}

uint16_t doubleToHalf(double value, Rounding rounding);

} // namespace ptx

#endif
