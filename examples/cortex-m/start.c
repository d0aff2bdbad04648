/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* From reset to main: what a C program expects to find. */

#include "semihosting.h"

extern uint32_t data_begin, data_end, data_image, bss_begin, bss_end, stack_limit, stack_top;
int main(void);

/* What a compiler may call. Models need neither. */
void *memcpy(void *to, const void *from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i)
    ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
  return to;
}

void *memset(void *to, int value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i)
    ((volatile uint8_t *)to)[i] = (uint8_t)value;
  return to;
}

void reset(void) {
  const uint32_t *from = &data_image;
  for (uint32_t *to = &data_begin; to < &data_end;)
    *to++ = *from++;
  for (uint32_t *to = &bss_begin; to < &bss_end;)
    *to++ = 0;
  /* Vector instructions are a coprocessor that is switched off at first; other processors have nothing there. */
  *(volatile uint32_t *)0xe000ed88 |= 0xf << 20;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  exit_with((uint32_t)main());
}

static void fault(void) {
  print("fault\n");
  exit_with(100);
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault};
