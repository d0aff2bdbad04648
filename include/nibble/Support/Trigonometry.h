// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sines and cosines for tables that are made at compile time.

#ifndef NIBBLE_SUPPORT_TRIGONOMETRY_H
#define NIBBLE_SUPPORT_TRIGONOMETRY_H

#include <cstdint>

namespace nibble {

/// cos and sin of 2π·k/n, n > 0: f64 operations that round alike on every host, and exact where the result is 0 or ±1.
double cosOfTurn(int64_t k, int64_t n);
double sinOfTurn(int64_t k, int64_t n);

} // namespace nibble

#endif // NIBBLE_SUPPORT_TRIGONOMETRY_H
