/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Keeps rows in a buffer that the model updates in place. */

#include "cache.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 2, WIDTH = 4 };

/* Elements of a state's buffer; what is open is the batch. */
static size_t count_elements(const nibble_state_desc *state) {
  size_t count = 1;
  for (uint32_t axis = 0; axis < state->rank; ++axis)
    count *= (size_t)(state->capacity[axis] < 0 ? BATCH : state->capacity[axis]);
  return count;
}

int main(void) {
  uint32_t count;
  const nibble_state_desc *state = cache_states(&count);
  printf("%u of %u: input %u and output %u along %u, room for %lld\n", count, CACHE_STATE_COUNT, state->input,
         state->output, state->axis, (long long)state->capacity[state->axis]);
  float *kept = calloc(count_elements(state), sizeof *kept);
  float added[BATCH * 3 * WIDTH], sum[BATCH * WIDTH], other[BATCH * 3 * WIDTH];
  int64_t dims[CACHE_DIM_COUNT] = {BATCH, 0, 3}; /* batch, past, sequence */
  const void *inputs[2] = {0, added};
  void *outputs[2] = {sum, 0};
  inputs[state->input] = outputs[state->output] = kept;
  nibble_context context = {NIBBLE_ABI_VERSION, 0, cache_arena_bytes(dims), inputs, outputs, dims, 0, 0};
  context.arena =
      aligned_alloc(NIBBLE_ALIGNMENT, context.arena_bytes + NIBBLE_ALIGNMENT - context.arena_bytes % NIBBLE_ALIGNMENT);
  int32_t status = NIBBLE_OK;
  for (int run = 1; status == NIBBLE_OK; ++run) {
    for (int i = 0; i < BATCH * 3 * WIDTH; ++i)
      added[i] = (float)run;
    status = cache_run(&context);
    printf("%lld rows and %lld: status %d, sums %g and %g\n", (long long)dims[1], (long long)dims[2], (int)status,
           sum[0], sum[BATCH * WIDTH - 1]);
    dims[1] += dims[2]; /* which the next run finds */
    dims[2] = 1;
  }
  dims[1] = 0;
  outputs[state->output] = other;
  status = cache_run(&context);
  printf("two buffers: %d\n", (int)status);
  free(context.arena);
  free(kept);
  return 0;
}
