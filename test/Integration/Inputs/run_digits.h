/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* One run of the digits model, for programs that need no more than its status. */
#include "digits.h"

static _Alignas(NIBBLE_ALIGNMENT) char arena[DIGITS_ARENA_BYTES + 1];

static int run(void) {
  static float image[64], logits[10];
  const void *inputs[] = {image};
  void *outputs[] = {logits};
  const int64_t batch = 1;
  nibble_context context = {.abi_version = NIBBLE_ABI_VERSION,
                            .arena = arena,
                            .arena_bytes = DIGITS_ARENA_BYTES,
                            .inputs = inputs,
                            .outputs = outputs,
                            .dims = &batch};
  return digits_run(&context);
}
