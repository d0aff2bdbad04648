/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What a host's arena stands for: the device's arena with inputs and outputs behind it, a stream, and the launches. */

#ifndef NIBBLE_RUNTIME_CUDA_ARENA_H
#define NIBBLE_RUNTIME_CUDA_ARENA_H

#include "Device.h"

typedef struct arena {
  struct arena *next;
  const void *name; /* the host's */
  device *device;
  cu_address memory;
  cu_stream stream;
  cu_executable graph; /* null: kernels are launched one by one */
  int is_running;
  cu_address ports[]; /* of the inputs, and behind them of the outputs */
} arena;

static arena *arenas;

static int32_t allocate_ports(arena *arena) {
  const nibble_cuda_program *program = arena->device->program;
  const uint64_t limit = UINT64_C(1) << 60; /* no sum overflows */
  uint64_t bytes = program->arena_bytes;
  cu_address *port = arena->ports;
  for (uint32_t i = 0; i < program->input_count + program->output_count; ++i) {
    const nibble_cuda_port *desc =
        i < program->input_count ? &program->inputs[i] : &program->outputs[i - program->input_count];
    if (bytes > limit || desc->bytes > limit || desc->padding > limit)
      return NIBBLE_ERROR_DEVICE_MEMORY;
    bytes = (bytes + NIBBLE_CUDA_PORT_ALIGNMENT - 1) / NIBBLE_CUDA_PORT_ALIGNMENT * NIBBLE_CUDA_PORT_ALIGNMENT;
    *port++ = bytes;
    bytes += desc->bytes + desc->padding;
  }
  if (bytes > limit)
    return NIBBLE_ERROR_DEVICE_MEMORY;
  const cu_result result = driver.cuMemAlloc_v2(&arena->memory, bytes > 0 ? bytes : 1);
  if (result != CU_SUCCESS) {
    arena->memory = 0;
    return to_status(result);
  }
  while (port != arena->ports)
    *--port += arena->memory;
  return NIBBLE_OK;
}

static cu_address get_address(const arena *arena, const nibble_cuda_argument *argument) {
  const cu_address offset = (cu_address)argument->offset;
  switch (argument->base) {
  case NIBBLE_CUDA_ARENA:
    return arena->memory + offset;
  case NIBBLE_CUDA_WEIGHTS:
    return arena->device->weights + offset;
  case NIBBLE_CUDA_INPUT:
    return arena->ports[argument->index] + offset;
  case NIBBLE_CUDA_OUTPUT:
    return arena->ports[arena->device->program->input_count + argument->index] + offset;
  default:
    return 0;
  }
}

static cu_result launch(const arena *arena, const nibble_cuda_launch *call, cu_stream stream) {
  const nibble_cuda_kernel *kernel = &arena->device->program->kernels[call->kernel];
  cu_address addresses[NIBBLE_CUDA_PARAMETER_BYTES / sizeof(cu_address)];
  const uint32_t count = kernel->parameter_bytes / sizeof addresses[0];
  for (uint32_t i = 0; i < count; ++i)
    addresses[i] = i < call->argument_count ? get_address(arena, &call->arguments[i]) : 0;
  void *parameters[] = {addresses};
  return driver.cuLaunchKernel(arena->device->functions[call->kernel], call->grid, 1, 1, kernel->block, 1, 1,
                               kernel->shared_bytes, stream, parameters, 0);
}

static cu_result launch_all(const arena *arena, cu_stream stream) {
  const nibble_cuda_program *program = arena->device->program;
  cu_result result = CU_SUCCESS;
  for (uint32_t i = 0; i < program->launch_count && result == CU_SUCCESS; ++i)
    result = launch(arena, &program->launches[i], stream);
  return result;
}

/* One call for all launches of a run. What fails here is no error: the kernels are launched one by one then, and where
 * they cannot be, that says so. The capture has a stream of its own, as the legacy default stream may not be used by
 * any thread while a stream that waits for it is captured. */
static void capture(arena *arena) {
  cu_stream stream = 0;
  if (!driver.has_graphs || arena->device->program->launch_count == 0 ||
      driver.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) != CU_SUCCESS)
    return;
  if (driver.cuStreamBeginCapture_v2(stream, CU_CAPTURE_THREAD_LOCAL) == CU_SUCCESS) {
    const cu_result launched = launch_all(arena, stream);
    cu_graph graph = 0;
    if (driver.cuStreamEndCapture(stream, &graph) == CU_SUCCESS && graph) {
      if (launched != CU_SUCCESS || driver.cuGraphInstantiateWithFlags(&arena->graph, graph, 0) != CU_SUCCESS)
        arena->graph = 0;
      driver.cuGraphDestroy(graph);
    }
  }
  driver.cuStreamDestroy_v2(stream);
}

/* Gives all of it back, complete or not, and the device's record if this was its last arena. */
static void close_arena(arena *arena) {
  device *device = arena->device;
  if (enter(device) == NIBBLE_OK) {
    if (arena->graph)
      driver.cuGraphExecDestroy(arena->graph);
    if (arena->stream)
      driver.cuStreamDestroy_v2(arena->stream);
    if (arena->memory)
      driver.cuMemFree_v2(arena->memory);
    leave();
  }
  free(arena);
  --device->users;
  close_if_unused(device);
}

static int32_t fill_arena(arena *arena) {
  int32_t status = enter(arena->device);
  if (status != NIBBLE_OK)
    return status;
  status = allocate_ports(arena);
  if (status == NIBBLE_OK) {
    status = to_status(driver.cuStreamCreate(&arena->stream, CU_STREAM_DEFAULT));
    if (status != NIBBLE_OK)
      arena->stream = 0;
  }
  if (status == NIBBLE_OK)
    capture(arena);
  leave();
  return status;
}

/* Gives back what no run uses: on one device, or where `number` is negative on all. */
static void close_idle(cu_device number) {
  for (arena **link = &arenas; *link;) {
    arena *arena = *link;
    if (arena->is_running || (number >= 0 && arena->device->number != number)) {
      link = &arena->next;
      continue;
    }
    *link = arena->next;
    close_arena(arena);
  }
}

/* Once a call failed nothing on the device can be relied on, and its context, which may be dead, stays as long as a
 * record has it: running arenas give theirs back when their runs fail too, or are released. */
static void lose_device(cu_device number) {
  for (device *each = devices; each; each = each->next)
    each->is_lost |= each->number == number;
  close_idle(number);
}

/* Makes what `name` stands for. */
static int32_t make_arena(device *device, const void *name, arena **made) {
  const uint32_t ports = device->program->input_count + device->program->output_count;
  arena *arena = calloc(1, sizeof *arena + ports * sizeof arena->ports[0]);
  if (!arena) {
    close_if_unused(device);
    return NIBBLE_ERROR_DEVICE_MEMORY;
  }
  arena->name = name;
  arena->device = device;
  ++device->users;
  const int32_t status = fill_arena(arena);
  if (status != NIBBLE_OK) {
    close_arena(arena);
    return status;
  }
  arena->next = arenas;
  *made = arenas = arena;
  return NIBBLE_OK;
}

/* The same on a device that is chosen now. */
static int32_t open_arena(const nibble_cuda_program *program, const void *name, arena **opened) {
  cu_device number = 0;
  device *device = 0;
  int32_t status = load_driver();
  if (status == NIBBLE_OK)
    status = choose_device(&number);
  if (status != NIBBLE_OK)
    return status;
  status = open_device(program, number, &device);
  if (status == NIBBLE_OK)
    status = make_arena(device, name, opened);
  if (status == NIBBLE_ERROR_DEVICE)
    lose_device(number);
  return status;
}

/* Copies the inputs, computes, copies the outputs, and waits. */
static int32_t execute(const arena *arena, const nibble_context *context) {
  const nibble_cuda_program *program = arena->device->program;
  const int32_t status = enter(arena->device);
  if (status != NIBBLE_OK)
    return status;
  cu_result result = CU_SUCCESS;
  for (uint32_t i = 0; i < program->input_count && result == CU_SUCCESS; ++i)
    if (program->inputs[i].bytes > 0)
      result = driver.cuMemcpyAsync(arena->ports[i], (cu_address)(uintptr_t)context->inputs[i],
                                    program->inputs[i].bytes, arena->stream);
  if (result == CU_SUCCESS)
    result = arena->graph ? driver.cuGraphLaunch(arena->graph, arena->stream) : launch_all(arena, arena->stream);
  for (uint32_t i = 0; i < program->output_count && result == CU_SUCCESS; ++i)
    if (program->outputs[i].bytes > 0)
      result = driver.cuMemcpyAsync((cu_address)(uintptr_t)context->outputs[i], arena->ports[program->input_count + i],
                                    program->outputs[i].bytes, arena->stream);
  /* Whatever failed: the caller's memory is not touched behind its back. */
  const cu_result synchronized = driver.cuStreamSynchronize(arena->stream);
  leave();
  return to_status(result != CU_SUCCESS ? result : synchronized);
}

#endif
