// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lib/Runtime/Cuda, as the build compiled it for each architecture.

#include "nibble/Codegen/CudaRuntime.h"

#include "llvm/Support/ErrorHandling.h"

using namespace nibble;

llvm::ArrayRef<std::vector<char>> nibble::getCudaRuntimeObjects(kernels::Arch host) {
  static const std::vector<char> x86[] = {
#include "Cuda_x86_64.inc"
  };
  static const std::vector<char> aarch64[] = {
#include "Cuda_aarch64.inc"
  };
  if (host == kernels::Arch::X86_64)
    return x86;
  if (host == kernels::Arch::AArch64)
    return aarch64;
  llvm_unreachable("no host of a CUDA device");
}
