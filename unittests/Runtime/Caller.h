// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A caller of the model in Model.c.

#ifndef NIBBLE_UNITTESTS_RUNTIME_CALLER_H
#define NIBBLE_UNITTESTS_RUNTIME_CALLER_H

extern "C" {
#include "FakeDriver.h"
#include "Model.h"
}

#include <array>
#include <functional>

namespace nibble::test {

/// Opens the driver of the tests, with the model's kernels. Its library has the real driver's name, so whoever opens
/// that from now on gets this one.
const fake_functions *openFakeDriver();

/// A context with an arena of its own, and what it computes.
class Caller {
public:
  using Run = std::function<int32_t(const nibble_context *)>;
  using Release = std::function<void(void *)>;

  Caller(Run runFunction, Release releaseFunction, int32_t seed = 3)
      : runFunction(std::move(runFunction)), releaseFunction(std::move(releaseFunction)) {
    for (int i = 0; i < kElements; ++i) {
      values[0][i] = i * seed;
      values[1][i] = 1000 - i;
    }
  }
  explicit Caller(const nibble_cuda_program &program, int32_t seed = 3)
      : Caller([&](const nibble_context *context) { return nibble_cuda_run(&program, context); },
               [&](void *arena) { nibble_cuda_release(&program, arena); }, seed) {}
  ~Caller() { release(); }

  nibble_context makeContext() {
    nibble_context context = {};
    context.abi_version = NIBBLE_ABI_VERSION;
    context.arena = arena;
    context.arena_bytes = sizeof arena;
    context.inputs = pointers;
    context.outputs = results;
    return context;
  }
  int32_t run() {
    result.fill(-1);
    nibble_context context = makeContext();
    return runFunction(&context);
  }
  bool isRight() const {
    for (int i = 0; i < kElements; ++i)
      if (result[i] != values[0][i] * model_weights[i + kWeightOffset] + values[1][i])
        return false;
    return true;
  }
  void release() { releaseFunction(arena); }

private:
  using Values = std::array<int32_t, kElements>;
  Run runFunction;
  Release releaseFunction;
  Values values[2], result;
  const void *pointers[2] = {&values[0], &values[1]};
  void *results[1] = {&result};
  alignas(NIBBLE_ALIGNMENT) char arena[NIBBLE_CUDA_ARENA_BYTES];
};

} // namespace nibble::test

#endif // NIBBLE_UNITTESTS_RUNTIME_CALLER_H
