// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one inner loop of all products: one factor times a row of weights, added to a row of accumulators. Rows are
// independent, so that the compiler may vectorize across them and no bit changes.

#ifndef NIBBLE_LIB_REFERENCE_MULTIPLYADD_H
#define NIBBLE_LIB_REFERENCE_MULTIPLYADD_H

#include <cstdint>

namespace nibble::reference {

/// acc[i] = fma(x, w[i], acc[i])
void multiplyAdd(float *acc, float x, const float *w, int64_t n);
/// acc[i] = acc[i] + x * w[i], exact in i64.
void multiplyAdd(int64_t *acc, int32_t x, const int32_t *w, int64_t n);

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_MULTIPLYADD_H
