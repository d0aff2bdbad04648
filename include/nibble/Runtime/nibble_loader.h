/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Opens a compiled shared library and runs it with memory of its own. */

#ifndef NIBBLE_RUNTIME_NIBBLE_LOADER_H
#define NIBBLE_RUNTIME_NIBBLE_LOADER_H

#include "nibble/Runtime/nibble_pool.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nibble_model {
  void *library;
  const nibble_model_desc *desc;
  nibble_arena_bytes_fn arena_bytes;
  nibble_run_fn run;
  nibble_shape_fn shape;     /* null where the model has no dynamic dimensions: desc->outputs tell the shapes */
  nibble_states_fn states;   /* null where no inputs and outputs are one buffer */
  nibble_release_fn release; /* null where no device computes it */
  void *arena;
  uint64_t arena_size;
  nibble_pool *pool; /* null with one thread */
} nibble_model;

/* Opens the model called `name` in the library at `path`. Returns 0, or -1 with the reason in `error` (of
 * `error_size` bytes). */
int nibble_model_open(nibble_model *model, const char *path, const char *name, int threads, char *error,
                      uint64_t error_size);

/* The extents of output number `output` for these dimensions, desc->outputs[output].rank of them. Returns NIBBLE_OK, or
 * NIBBLE_ERROR_DIMENSION where there is no such output. */
int32_t nibble_model_shape(const nibble_model *model, const int64_t *dims, uint32_t output, int64_t *extents);

/* The inputs and outputs that are one buffer, `count` of them. */
const nibble_state_desc *nibble_model_states(const nibble_model *model, uint32_t *count);

/* Runs it, growing the arena if `dims` need more; a nibble_status, or -1 without memory. `dims` may be null where
 * desc->dim_count is 0. */
int32_t nibble_model_run(nibble_model *model, const void *const *inputs, void *const *outputs, const int64_t *dims);

void nibble_model_close(nibble_model *model);

#ifdef __cplusplus
}
#endif

#endif
