/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What a C program expects to find before main. */

#include "semihosting.h"

extern uint32_t data_begin, data_end, data_image, bss_begin, bss_end;
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

/* Where `reset` (vectors.c) goes on. */
void start(void) {
  const uint32_t *from = &data_image;
  for (uint32_t *to = &data_begin; to < &data_end;)
    *to++ = *from++;
  for (uint32_t *to = &bss_begin; to < &bss_end;)
    *to++ = 0;
  exit_with((uint32_t)main());
}
