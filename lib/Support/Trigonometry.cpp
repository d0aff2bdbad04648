// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Taylor's series in the first octant; the others by symmetry.

#include "nibble/Support/Trigonometry.h"

using namespace nibble;

/// Σ (-1)^i x^(2i) first / ((2i)! or (2i + 1)!), whose terms from the twelfth on are below 2^-64 for |x| <= π/4.
static double series(double x, double first, int divisor) {
  double term = first, sum = first;
  for (int i = 0; i < 12; ++i, divisor += 2) {
    term = -term * x * x / double(divisor * (divisor + 1));
    sum += term;
  }
  return sum;
}

double nibble::cosOfTurn(int64_t k, int64_t n) {
  constexpr double quarter = 0.785398163397448309616; // π/4
  k = k % n < 0 ? k % n + n : k % n;
  const int64_t octant = 8 * k / n, rest = 8 * k - octant * n;
  // Octants 1, 3, 5 and 7 run backwards.
  const double x = double(octant % 2 ? n - rest : rest) / double(n) * quarter;
  const bool isSine = octant == 1 || octant == 2 || octant == 5 || octant == 6;
  const double value = isSine ? series(x, x, 2) : series(x, 1.0, 1);
  return octant >= 2 && octant < 6 ? 0.0 - value : value; // no -0
}

double nibble::sinOfTurn(int64_t k, int64_t n) {
  // sin(a) = cos(a - π/2), in quarters of the turn.
  return cosOfTurn(4 * (k % n) - n, 4 * n);
}
