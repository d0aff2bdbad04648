/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the program needs to know of a RISC-V processor in machine mode. */

#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* Calls the debugger or emulator: three instructions of 32 bits, on one page, are no common break point. */
__attribute__((noinline)) static int32_t semihosting(uint32_t operation, const void *arguments) {
  register uint32_t a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = arguments;
  __asm__ volatile(".option push\n\t.option norvc\n\t.balign 16\n\t"
                   "slli zero, zero, 0x1f\n\tebreak\n\tsrai zero, zero, 7\n\t.option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
  return (int32_t)a0;
}

/* The counter of executed instructions. */
static inline uint32_t get_retired(void) {
  uint32_t count;
  __asm__ volatile("csrr %0, minstret" : "=r"(count));
  return count;
}

static uint32_t timer_start;
static inline void start_timer(void) { timer_start = get_retired(); }
static inline uint32_t get_ticks(void) { return get_retired() - timer_start; }

static inline uint32_t *get_stack(void) {
  uint32_t *sp;
  __asm__ volatile("mv %0, sp" : "=r"(sp));
  return sp;
}

#endif
