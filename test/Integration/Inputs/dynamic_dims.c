/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Runs a model of dynamic dimensions at several sizes with memory that its functions tell. */

#include "join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes up to which the test runs. */
enum { BATCH = 3, ROWS = 20, WIDTH = 4 };

static void print_port(const nibble_tensor_desc *port) {
  printf("%s:", port->name);
  for (uint32_t axis = 0; axis < port->rank; ++axis)
    if (port->dims[axis] < 0)
      printf(" [%s]", port->dim_names[axis]);
    else
      printf(" [%lld]", (long long)port->dims[axis]);
  printf("\n");
}

static float value(int64_t i) { return (float)(i % 7 - 3); }

/* Whether the rows of each sample are those of `past`, then those of `new`, without negative numbers. */
static int is_joined(const float *all, const float *past, const float *added, const int64_t *dims) {
  for (int64_t sample = 0; sample < dims[0]; ++sample)
    for (int64_t row = 0; row < dims[1] + dims[2]; ++row)
      for (int64_t i = 0; i < WIDTH; ++i) {
        const float *from = row < dims[1] ? past + (sample * dims[1] + row) * WIDTH
                                          : added + (sample * dims[2] + row - dims[1]) * WIDTH;
        if (*all++ != (from[i] > 0 ? from[i] : 0))
          return 0;
      }
  return 1;
}

static int32_t run(const int64_t *dims, uint64_t bytes, float *all) {
  static float past[BATCH * ROWS * WIDTH], added[BATCH * ROWS * WIDTH], last[BATCH * ROWS * WIDTH];
  for (int64_t i = 0; i < BATCH * ROWS * WIDTH; ++i) {
    past[i] = value(i);
    added[i] = value(3 * i + 1);
  }
  const void *inputs[] = {past, added};
  void *outputs[] = {all, last};
  const uint64_t whole = (bytes / NIBBLE_ALIGNMENT + 1) * NIBBLE_ALIGNMENT;
  void *arena = aligned_alloc(NIBBLE_ALIGNMENT, whole);
  nibble_context context = {NIBBLE_ABI_VERSION, arena, bytes, inputs, outputs, dims, NULL, NULL};
  int32_t status = join_run(&context);
  free(arena);
  if (status == NIBBLE_OK && !is_joined(all, past, added, dims))
    return -1;
  return status;
}

/* One size: the shapes, whether the arena that is told suffices and a smaller one does not. */
static void try_size(int64_t batch, int64_t past, int64_t sequence) {
  static float all[BATCH * 2 * ROWS * WIDTH];
  const int64_t dims[JOIN_DIM_COUNT] = {batch, past, sequence};
  int64_t extents[3], others[3];
  if (join_shape(dims, 0, extents) != NIBBLE_OK || join_shape(dims, 1, others) != NIBBLE_OK)
    printf("no shape\n");
  const uint64_t bytes = join_arena_bytes(dims);
  const int32_t status = run(dims, bytes, all);
  const int32_t less = bytes ? run(dims, bytes - 1, all) : NIBBLE_ERROR_ARENA_TOO_SMALL;
  printf("%lld %lld %lld: all %lld x %lld x %lld, last %lld x %lld x %lld, status %d, with less %d\n", (long long)batch,
         (long long)past, (long long)sequence, (long long)extents[0], (long long)extents[1], (long long)extents[2],
         (long long)others[0], (long long)others[1], (long long)others[2], (int)status, (int)less);
}

int main(void) {
  const nibble_model_desc *model = join_describe();
  printf("%u dimensions\n", model->dim_count);
  for (uint32_t i = 0; i < model->input_count; ++i)
    print_port(&model->inputs[i]);
  for (uint32_t i = 0; i < model->output_count; ++i)
    print_port(&model->outputs[i]);

  try_size(1, 1, 1);
  try_size(3, 17, 20);
  try_size(2, 0, 5);
  try_size(2, 5, 0);
  try_size(0, 2, 2);

  static float all[BATCH * 2 * ROWS * WIDTH];
  const int64_t fine[] = {1, 2, 3}, wrong[] = {1, -2, 3}, large[] = {1, INT64_MAX / 2, 3};
  int64_t extents[3];
  printf("no such output: %d\n", (int)join_shape(fine, 2, extents));
#ifdef JOIN_ARENA_BYTES
  printf("static arena: %d\n", JOIN_ARENA_BYTES == model->arena_bytes && join_arena_bytes(NULL) == JOIN_ARENA_BYTES);
#else
  printf("dynamic arena: %d\n", model->arena_bytes == 0 && join_arena_bytes(NULL) == UINT64_MAX &&
                                    join_arena_bytes(wrong) == UINT64_MAX && join_arena_bytes(large) == UINT64_MAX &&
                                    join_arena_bytes(fine) > 0);
#endif
  printf("negative: %d, large: %d, null: %d\n", (int)run(wrong, 1 << 20, all), (int)run(large, 1 << 20, all),
         (int)run(NULL, 1 << 20, all));
  return 0;
}
