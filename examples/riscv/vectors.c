/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Where a RISC-V processor begins, in machine mode and without a stack, and where it goes on a fault. */

#include "semihosting.h"

__attribute__((section(".vectors"), used, naked)) void reset(void) {
  __asm__ volatile("la sp, stack_top\n\tla t0, fault\n\tcsrw mtvec, t0\n\tj start");
}

__attribute__((aligned(4), used)) void fault(void) {
  print("fault\n");
  exit_with(100);
}
