/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Where a Cortex-M begins, and where it goes on a fault. */

#include "semihosting.h"

extern uint32_t stack_top;
void start(void);

void reset(void) {
  /* Vector instructions are a coprocessor that is switched off at first; other processors have nothing there. */
  *(volatile uint32_t *)0xe000ed88 |= 0xf << 20;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  start();
}

static void fault(void) {
  print("fault\n");
  exit_with(100);
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault};
