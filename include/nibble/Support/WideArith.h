// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arithmetic on scalars with what functions that compute in f64 need beyond it (AngleFunctions.h).

#ifndef NIBBLE_SUPPORT_WIDEARITH_H
#define NIBBLE_SUPPORT_WIDEARITH_H

#include "nibble/Support/Numerics.h"

namespace nibble::numerics {

struct WideScalarArith : ScalarArith {
  using ScalarArith::ilt;
  using ScalarArith::sqrt;
  double sqrt(double x) { return std::sqrt(x); }
  bool ilt(int64_t x, int64_t y) { return x < y; }
};

} // namespace nibble::numerics

#endif // NIBBLE_SUPPORT_WIDEARITH_H
