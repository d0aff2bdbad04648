/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the program needs to know of a Cortex-M. */

#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* Calls the debugger or emulator. */
static inline int32_t semihosting(uint32_t operation, const void *arguments) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

/* The system timer counts down, from 24 bits, once in TICK executed instructions of an emulator that takes one
 * nanosecond for each. */
static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010;
static inline void start_timer(void) {
  systick[1] = 0xffffff;
  systick[2] = 0;
  systick[0] = 5;
}
/* 0 if the timer has come round: more than 671 million instructions at 40 a tick. */
static inline uint32_t get_ticks(void) {
  const uint32_t now = systick[2];
  return systick[0] >> 16 & 1 ? 0 : 0xffffff - now;
}

static inline uint32_t *get_stack(void) {
  uint32_t *sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return sp;
}

#endif
