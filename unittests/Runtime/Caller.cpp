// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Caller.h"

#include <cstdio>
#include <dlfcn.h>

// The kernels' work, in place of their PTX.
static void multiply(void *const *arguments, uint32_t grid, uint32_t block) {
  const auto *in = static_cast<const int32_t *>(arguments[0]), *weights = static_cast<const int32_t *>(arguments[1]);
  auto *products = static_cast<int32_t *>(arguments[2]);
  for (uint32_t i = 0; i < grid * block; ++i)
    products[i] = in[i] * weights[i];
}

static void add(void *const *arguments, uint32_t grid, uint32_t block) {
  const auto *in = static_cast<const int32_t *>(arguments[0]), *products = static_cast<const int32_t *>(arguments[1]);
  auto *out = static_cast<int32_t *>(arguments[3]);
  for (uint32_t i = 0; i < grid * block && !arguments[2]; ++i)
    out[i] = products[i] + in[i];
}

const fake_functions *nibble::test::openFakeDriver() {
  void *library = dlopen(FAKE_DRIVER, RTLD_NOW);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return nullptr;
  }
  const fake_functions *fake = reinterpret_cast<fake_get_fn>(dlsym(library, "fake_get"))();
  fake->define("multiply", 24, multiply);
  fake->define("add", 32, add);
  return fake;
}
