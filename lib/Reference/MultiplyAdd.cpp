// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner loop of all products.

#include "MultiplyAdd.h"

#include <cmath>

// A fused multiply-add is one instruction on newer processors, a slow and equally exact function call elsewhere.
#if defined(__x86_64__) && defined(__linux__)
#define NIBBLE_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define NIBBLE_CLONES
#endif

NIBBLE_CLONES static void floatLoop(float *__restrict acc, float x, const float *__restrict w, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    acc[i] = std::fma(x, w[i], acc[i]);
}

NIBBLE_CLONES static void integerLoop(int64_t *__restrict acc, int32_t x, const int32_t *__restrict w, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    acc[i] += int64_t(x) * w[i];
}

void nibble::reference::multiplyAdd(float *acc, float x, const float *w, int64_t n) { floatLoop(acc, x, w, n); }
void nibble::reference::multiplyAdd(int64_t *acc, int32_t x, const int32_t *w, int64_t n) { integerLoop(acc, x, w, n); }
