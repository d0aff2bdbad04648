/* Runs a model on AArch64 without a C library, and exits with the status: of a run in the state of the start, or, with
 * an argument, of a run that flushes denormals. */
#include "run_digits.h"

typedef struct relocation {
  uint64_t offset, info, addend;
} relocation;
extern const relocation __rela_iplt_start[] __attribute__((weak, visibility("hidden")));
extern const relocation __rela_iplt_end[] __attribute__((weak, visibility("hidden")));

_Noreturn __attribute__((used)) void start(long *stack) {
  long *at = stack + 1 + stack[0] + 1;
  while (*at++)
    ;
  uint64_t hwcap = 0;
  for (; at[0]; at += 2)
    if (at[0] == 16)
      hwcap = (uint64_t)at[1];
  for (const relocation *r = __rela_iplt_start; r < __rela_iplt_end; ++r)
    *(uint64_t *)r->offset = ((uint64_t (*)(uint64_t, const void *))r->addend)(hwcap, 0);

  if (stack[0] > 1)
    __asm__ volatile("msr fpcr, %0" : : "r"(1ul << 24));
  register long x0 __asm__("x0") = run();
  register long x8 __asm__("x8") = 94; /* exit_group */
  __asm__ volatile("svc 0" : : "r"(x0), "r"(x8));
  __builtin_unreachable();
}

__asm__(".globl _start\n_start:\n  mov x0, sp\n  bl start\n");
