// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver library, in a process of its own for each configuration.

#ifndef UNITTESTS_CUDAEMULATOR_DRIVER_H
#define UNITTESTS_CUDAEMULATOR_DRIVER_H

#include "Driver/CudaDriver.h"
#include "Harness.h"

#include <cstdlib>
#include <dlfcn.h>

namespace harness {

/// Loads the library with NIBBLE_EMULATED_GPU; for a child process, which ends by end().
class Driver {
public:
  explicit Driver(const char *variable) {
    setenv("NIBBLE_EMULATED_GPU", variable, 1);
    library = dlopen(EMULATED_DRIVER, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      std::fprintf(stderr, "%s\n", dlerror());
      std::_Exit(2);
    }
  }
  template <class... A>
  CUresult operator()(const char *name, A... arguments) {
    auto *function = reinterpret_cast<CUresult (*)(A...)>(dlsym(library, name));
    if (!function) {
      std::fprintf(stderr, "no %s\n", name);
      std::_Exit(2);
    }
    return function(arguments...);
  }
  /// Complains, and lets the child fail, where a call does not return what it should.
  template <class... A>
  void expect(CUresult expected, const char *name, A... arguments) {
    CUresult got = (*this)(name, arguments...);
    if (got == expected)
      return;
    std::fprintf(stderr, "%s: expected %d, got %d\n", name, expected, got);
    bad = true;
  }
  /// Lets the child fail where the condition does not hold.
  void require(bool condition, const char *what) {
    if (!condition)
      std::fprintf(stderr, "not so: %s\n", what);
    bad |= !condition;
  }
  [[noreturn]] void end() {
    std::fflush(nullptr);
    std::exit(bad ? 1 : 0);
  }
  void begin() {
    expect(CUDA_SUCCESS, "cuInit", 0u);
    CUcontext context = nullptr;
    expect(CUDA_SUCCESS, "cuDevicePrimaryCtxRetain", &context, 0);
    expect(CUDA_SUCCESS, "cuCtxPushCurrent_v2", context);
  }
  CUfunction kernel(const std::string &text) {
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    expect(CUDA_SUCCESS, "cuModuleLoadData", &module, static_cast<const void *>(text.c_str()));
    expect(CUDA_SUCCESS, "cuModuleGetFunction", &function, module, "k");
    return function;
  }
  CUresult launch(CUfunction function, CUstream stream, void **parameters) {
    return (*this)("cuLaunchKernel", function, 1u, 1u, 1u, 32u, 1u, 1u, 0u, stream, parameters,
                   static_cast<void **>(nullptr));
  }
  bool bad = false;

private:
  void *library;
};

/// Adds one to each of 32 words.
inline std::string incrementing() {
  return kernelText("mad.wide.u32 %rd0, %t, 4, %a0; ld.global.u32 %r0, [%rd0]; add.u32 %r0, %r0, 1;"
                    "st.global.u32 [%rd0], %r0;",
                    1);
}

} // namespace harness

#endif
