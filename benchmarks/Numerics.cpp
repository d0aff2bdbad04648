// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference arithmetic, one element at a time: what the interpreter's speed rests on.

#include "nibble/Support/Numerics.h"

#include <benchmark/benchmark.h>

using namespace nibble::numerics;

static void benchRequantizeFloat(benchmark::State &state) {
  int32_t acc = -100000;
  for (auto _ : state)
    benchmark::DoNotOptimize(requantizeFloat(acc++, 1.0f / 1024, 3, -128, 127));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(benchRequantizeFloat);

static void benchRequantizeFixed(benchmark::State &state) {
  FixedMultiplier multiplier = *toFixedMultiplier(1.0f / 1024);
  int32_t acc = -100000;
  for (auto _ : state)
    benchmark::DoNotOptimize(requantizeFixed(acc++, multiplier, 3, -128, 127));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(benchRequantizeFixed);
