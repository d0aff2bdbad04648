/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The two functions that models for CUDA devices call. Each such model has this file's code in it, as one translation
 * unit: all else is internal. The two are weak, so that a program linked of several models has one copy; the lists
 * below are of all of its models then. */

#include "Arena.h"

#define SHARED __attribute__((weak, visibility("hidden")))

/* A pthread_mutex_t: all zeros is its initial value in the C libraries of Linux, and none is larger. */
static union {
  char bytes[64];
  void *alignment;
} mutex;

static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }

static int32_t check_array(const void *const *array, uint32_t count) {
  if (count > 0 && !array)
    return NIBBLE_ERROR_NULL_POINTER;
  for (uint32_t i = 0; i < count; ++i)
    if (!array[i])
      return NIBBLE_ERROR_NULL_POINTER;
  return NIBBLE_OK;
}

/* In the order of models for processors (lib/Codegen/EmitRun.cpp). */
static int32_t check(const nibble_cuda_program *program, const nibble_context *context) {
  if (!context)
    return NIBBLE_ERROR_NULL_POINTER;
  if (context->abi_version != NIBBLE_ABI_VERSION)
    return NIBBLE_ERROR_ABI_VERSION;
  if (!context->arena)
    return NIBBLE_ERROR_NULL_POINTER;
  if (context->arena_bytes < NIBBLE_CUDA_ARENA_BYTES)
    return NIBBLE_ERROR_ARENA_TOO_SMALL;
  if ((uintptr_t)context->arena % NIBBLE_ALIGNMENT != 0)
    return NIBBLE_ERROR_MISALIGNED;
  const int32_t status = check_array(context->inputs, program->input_count);
  return status != NIBBLE_OK ? status : check_array((const void *const *)context->outputs, program->output_count);
}

static arena **find(const nibble_cuda_program *program, const void *name) {
  arena **link = &arenas;
  while (*link && ((*link)->name != name || (*link)->device->program != program))
    link = &(*link)->next;
  return link;
}

static void take_out(arena **link) {
  arena *arena = *link;
  *link = arena->next;
  close_arena(arena);
}

SHARED int32_t nibble_cuda_run(const nibble_cuda_program *program, const nibble_context *context) {
  int32_t status = check(program, context);
  if (status != NIBBLE_OK)
    return status;
  if (!has_c_library())
    return NIBBLE_ERROR_DEVICE_MISSING;
  if (is_forked())
    return NIBBLE_ERROR_DEVICE;
  lock();
  arena *arena = *find(program, context->arena);
  if (!arena)
    status = open_arena(program, context->arena, &arena);
  if (arena)
    arena->is_running = 1;
  unlock();
  if (status != NIBBLE_OK)
    return status;
  status = execute(arena, context);
  lock();
  arena->is_running = 0;
  if (status != NIBBLE_OK) {
    const cu_device number = arena->device->number;
    take_out(find(program, context->arena));
    if (status != NIBBLE_ERROR_DEVICE_MEMORY)
      lose_device(number);
  }
  unlock();
  return status;
}

SHARED void nibble_cuda_release(const nibble_cuda_program *program, void *name) {
  if (!has_c_library() || is_forked())
    return;
  lock();
  arena **link = find(program, name);
  if (*link && !(*link)->is_running)
    take_out(link);
  unlock();
}

/* When the library goes, or the program ends. Then other threads may still be in a run, which keeps what it uses, or
 * stopped in the middle of one, so nothing is waited for. */
__attribute__((destructor)) static void release_all(void) {
  if (!has_c_library() || is_forked() || pthread_mutex_trylock(&mutex) != 0)
    return;
  close_idle(-1);
  unlock();
}
