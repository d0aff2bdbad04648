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
  void *arena;
  uint64_t arena_size;
  nibble_pool *pool; /* null with one thread */
} nibble_model;

/* Opens the model called `name` in the library at `path`. Returns 0, or -1 with the reason in `error` (of
 * `error_size` bytes). */
int nibble_model_open(nibble_model *model, const char *path, const char *name, int threads, char *error,
                      uint64_t error_size);

/* Runs it, growing the arena if `dims` need more; a nibble_status, or -1 without memory. */
int32_t nibble_model_run(nibble_model *model, const void *const *inputs, void *const *outputs, const int64_t *dims);

void nibble_model_close(nibble_model *model);

#ifdef __cplusplus
}
#endif

#endif
