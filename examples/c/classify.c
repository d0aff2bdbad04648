/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Runs the compiled digits model on three drawings: nothing but its header and its library is needed. */

#include "digits.h"

#include <stdio.h>
#include <stdlib.h>

enum { IMAGES = 3, PIXELS = 64, CLASSES = 10 };

/* Pixels from 0 to 16, as one digit each: 0 to 9, a to g. */
static const char *const drawings[IMAGES] = {
    "00007600" "0006f600" "001f5e30" "00c84g00" "05g9ag40" "01bcee40" "00008800" "0000b700", /* a four */
    "00cggd10" "04f9cg20" "0020bf00" "000cg400" "0008gd10" "00006g60" "00466g60" "00cgg900", /* a three */
    "002cf300" "00ffdf00" "02e31c30" "04800880" "07a00950" "01d53f20" "007gef00" "000ae400", /* a zero */
};

static float pixel(char digit) { return (float)(digit <= '9' ? digit - '0' : digit - 'a' + 10) / 16; }

static int largest(const float *values) {
  int best = 0;
  for (int i = 1; i < CLASSES; ++i)
    if (values[i] > values[best])
      best = i;
  return best;
}

int main(void) {
  static float image[IMAGES][PIXELS], logits[IMAGES][CLASSES];
  for (int i = 0; i < IMAGES; ++i)
    for (int p = 0; p < PIXELS; ++p)
      image[i][p] = pixel(drawings[i][p]);

  const nibble_model_desc *model = digits_describe();
  printf("%s: input '%s', output '%s', for %s\n", model->name, model->inputs[0].name, model->outputs[0].name, model->isa);

  /* The batch is the model's only dynamic dimension. */
  const int64_t dims[] = {IMAGES};
  uint64_t bytes = (digits_arena_bytes(dims) + NIBBLE_ALIGNMENT - 1) / NIBBLE_ALIGNMENT * NIBBLE_ALIGNMENT;
  void *arena = aligned_alloc(NIBBLE_ALIGNMENT, bytes ? bytes : NIBBLE_ALIGNMENT);
  if (!arena)
    return 1;

  const void *inputs[] = {image};
  void *outputs[] = {logits};
  nibble_context context = {NIBBLE_ABI_VERSION, arena, bytes, inputs, outputs, dims, NULL, NULL};
  int32_t status = digits_run(&context);
  free(arena);
  if (status != NIBBLE_OK) {
    fprintf(stderr, "digits_run: status %d\n", (int)status);
    return 1;
  }
  for (int i = 0; i < IMAGES; ++i)
    printf("image %d shows a %d\n", i, largest(logits[i]));
  return 0;
}
