// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Instructions.h"

using namespace nibble::kernels;

const Instructions &Instructions::of(Arch arch) {
  switch (arch) {
  case Arch::X86_64:
    return x86Instructions();
  case Arch::AArch64:
    return aarch64Instructions();
  case Arch::CortexM:
  case Arch::RISCV32:
    return microcontrollerInstructions();
  case Arch::CUDA:
    return cudaInstructions();
  }
  llvm_unreachable("unknown architecture");
}
