/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Compiled shared libraries from C. */

#include "nibble/Runtime/nibble_loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *find(nibble_model *model, const char *name, const char *suffix) {
  char symbol[512];
  if (snprintf(symbol, sizeof symbol, "%s%s", name, suffix) >= (int)sizeof symbol)
    return 0;
  return dlsym(model->library, symbol);
}

static int fail(nibble_model *model, char *error, uint64_t size, const char *what, const char *which) {
  if (error && size)
    snprintf(error, size, "%s '%s'", what, which);
  nibble_model_close(model);
  return -1;
}

int nibble_model_open(nibble_model *model, const char *path, const char *name, int threads, char *error,
                      uint64_t error_size) {
  memset(model, 0, sizeof *model);
  model->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!model->library)
    return fail(model, error, error_size, "cannot open", path);
  nibble_describe_fn describe = (nibble_describe_fn)find(model, name, "_describe");
  model->arena_bytes = (nibble_arena_bytes_fn)find(model, name, "_arena_bytes");
  model->run = (nibble_run_fn)find(model, name, "_run");
  if (!describe || !model->arena_bytes || !model->run)
    return fail(model, error, error_size, "the library has no model", name);
  model->desc = describe();
  if (model->desc->abi_version != NIBBLE_ABI_VERSION)
    return fail(model, error, error_size, "another ABI version in", path);
  if (model->desc->dim_count > 0 && !(model->shape = (nibble_shape_fn)find(model, name, "_shape")))
    return fail(model, error, error_size, "the library tells no shapes of the model", name);
  model->states = (nibble_states_fn)find(model, name, "_states");
  model->release = (nibble_release_fn)find(model, name, "_release");
  if (threads > 1 && !(model->pool = nibble_pool_create(threads)))
    return fail(model, error, error_size, "cannot start threads for", name);
  return 0;
}

int32_t nibble_model_shape(const nibble_model *model, const int64_t *dims, uint32_t output, int64_t *extents) {
  if (output >= model->desc->output_count)
    return NIBBLE_ERROR_DIMENSION;
  if (model->shape)
    return model->shape(dims, output, extents);
  const nibble_tensor_desc *desc = &model->desc->outputs[output];
  for (uint32_t axis = 0; axis < desc->rank; ++axis)
    extents[axis] = desc->dims[axis];
  return NIBBLE_OK;
}

const nibble_state_desc *nibble_model_states(const nibble_model *model, uint32_t *count) {
  *count = 0;
  return model->states ? model->states(count) : 0;
}

static void free_arena(nibble_model *model) {
  if (model->release && model->arena)
    model->release(model->arena);
  free(model->arena);
  model->arena = 0;
  model->arena_size = 0;
}

int32_t nibble_model_run(nibble_model *model, const void *const *inputs, void *const *outputs, const int64_t *dims) {
  if (!dims && model->desc->dim_count > 0)
    return NIBBLE_ERROR_NULL_POINTER;
  uint64_t needed = model->arena_bytes(dims);
  if (needed == UINT64_MAX)
    return NIBBLE_ERROR_DIMENSION;
  if (needed > model->arena_size) {
    free_arena(model);
    uint64_t rounded = (needed + NIBBLE_ALIGNMENT - 1) / NIBBLE_ALIGNMENT * NIBBLE_ALIGNMENT;
    model->arena = aligned_alloc(NIBBLE_ALIGNMENT, rounded);
    if (!model->arena)
      return -1;
    model->arena_size = rounded;
  }
  nibble_context context = {0};
  context.abi_version = NIBBLE_ABI_VERSION;
  context.arena = model->arena;
  context.arena_bytes = model->arena_size;
  context.inputs = inputs;
  context.outputs = outputs;
  context.dims = dims;
  context.parallel_for = model->pool ? nibble_pool_parallel_for : 0;
  context.parallel_for_data = model->pool;
  return model->run(&context);
}

void nibble_model_close(nibble_model *model) {
  nibble_pool_destroy(model->pool);
  free_arena(model);
  if (model->library)
    dlclose(model->library);
  memset(model, 0, sizeof *model);
}
