/* Runs a model in several floating-point states, and prints the status of each run. */
#include "run_digits.h"
#include <fenv.h>
#include <stdio.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static void set_flush(int on) {
#if defined(__x86_64__)
  _mm_setcsr(on ? _mm_getcsr() | 0x8040 : _mm_getcsr() & ~0x8040u); /* FTZ and DAZ */
#else
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)on << 24));
#endif
}

int main(void) {
  int normal = run();
  fesetround(FE_UPWARD);
  int upward = run();
  fesetround(FE_TONEAREST);
  set_flush(1);
  int flushed = run();
  set_flush(0);
  printf("normal %d, upward %d, flushed %d, again %d\n", normal, upward, flushed, run());
  return 0;
}
