/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A program on a device: the module and the weights, which all arenas there share. */

#ifndef NIBBLE_RUNTIME_CUDA_DEVICE_H
#define NIBBLE_RUNTIME_CUDA_DEVICE_H

#include "Driver.h"
#include "Program.h"

typedef struct device {
  struct device *next;
  const nibble_cuda_program *program;
  cu_device number;
  cu_context context; /* the primary one, retained */
  cu_module module;
  cu_address weights;
  uint32_t users; /* arenas */
  int is_lost;    /* a call failed: no new arena is made here */
  cu_function functions[];
} device;

static device *devices; /* under the lock of Runtime.c, as all that prepares and gives back */

/* Makes the device's context the thread's; leave() makes the thread's own current again. */
static int32_t enter(const device *device) { return to_status(driver.cuCtxPushCurrent_v2(device->context)); }

static void leave(void) {
  cu_context context;
  driver.cuCtxPopCurrent_v2(&context);
}

/* The device of the thread's current context, or the first one. */
static int32_t choose_device(cu_device *number) {
  cu_context context = 0;
  cu_result result = driver.cuCtxGetCurrent(&context);
  if (result != CU_SUCCESS)
    return to_status(result);
  if (context)
    return to_status(driver.cuCtxGetDevice(number));
  int32_t count = 0;
  result = driver.cuDeviceGetCount(&count);
  if (result != CU_SUCCESS)
    return to_status(result);
  return count < 1 ? NIBBLE_ERROR_DEVICE_MISSING : to_status(driver.cuDeviceGet(number, 0));
}

/* 10 * major + minor; 0 if a call fails. */
static int32_t get_capability(cu_device number) {
  int32_t major = 0, minor = 0;
  if (driver.cuDeviceGetAttribute(&major, CU_CAPABILITY_MAJOR, number) ||
      driver.cuDeviceGetAttribute(&minor, CU_CAPABILITY_MINOR, number))
    return 0;
  return 10 * major + minor;
}

static int32_t load_module(device *device, int32_t capability) {
  const nibble_cuda_program *program = device->program;
  /* What the assembler made is for this device and no other; another driver may still refuse it. */
  if (program->cubin && capability == (int32_t)program->compute_capability &&
      driver.cuModuleLoadDataEx(&device->module, program->cubin, 0, 0, 0) == CU_SUCCESS)
    return NIBBLE_OK;
  device->module = 0;
  const cu_result result = driver.cuModuleLoadDataEx(&device->module, program->ptx, 0, 0, 0);
  if (result != CU_SUCCESS)
    device->module = 0;
  return to_status(result);
}

static int32_t find_functions(device *device) {
  for (uint32_t i = 0; i < device->program->kernel_count; ++i) {
    const nibble_cuda_kernel *kernel = &device->program->kernels[i];
    cu_function *function = &device->functions[i];
    if (kernel->parameter_bytes > NIBBLE_CUDA_PARAMETER_BYTES)
      return NIBBLE_ERROR_DEVICE_UNSUPPORTED;
    cu_result result = driver.cuModuleGetFunction(function, device->module, kernel->symbol);
    /* More than 48 KB must be asked for; a device that has less refuses. */
    if (result == CU_SUCCESS && kernel->shared_bytes > 48 * 1024) {
      result = driver.cuFuncSetAttribute(*function, CU_MAX_DYNAMIC_SHARED_BYTES, (int32_t)kernel->shared_bytes);
      if (result == CU_INVALID_VALUE)
        return NIBBLE_ERROR_DEVICE_UNSUPPORTED;
    }
    if (result != CU_SUCCESS)
      return to_status(result);
  }
  return NIBBLE_OK;
}

static int32_t copy_weights(device *device) {
  const uint64_t bytes = device->program->weight_bytes;
  if (bytes == 0)
    return NIBBLE_OK;
  cu_result result = driver.cuMemAlloc_v2(&device->weights, bytes);
  if (result != CU_SUCCESS) {
    device->weights = 0;
    return to_status(result);
  }
  cu_stream stream = 0;
  if ((result = driver.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING)) != CU_SUCCESS)
    return to_status(result);
  result = driver.cuMemcpyAsync(device->weights, (cu_address)(uintptr_t)*device->program->weights, bytes, stream);
  const cu_result synchronized = driver.cuStreamSynchronize(stream);
  driver.cuStreamDestroy_v2(stream);
  return to_status(result != CU_SUCCESS ? result : synchronized);
}

/* Gives all of it back, complete or not. A driver that is gone answers with errors, which change nothing. */
static void close_device(device *device) {
  if (enter(device) == NIBBLE_OK) {
    if (device->weights)
      driver.cuMemFree_v2(device->weights);
    if (device->module)
      driver.cuModuleUnload(device->module);
    leave();
  }
  driver.cuDevicePrimaryCtxRelease_v2(device->number);
  free(device);
}

static int32_t fill_device(device *device, int32_t capability) {
  int32_t status = enter(device);
  if (status != NIBBLE_OK)
    return status;
  status = load_module(device, capability);
  if (status == NIBBLE_OK)
    status = find_functions(device);
  if (status == NIBBLE_OK)
    status = copy_weights(device);
  leave();
  return status;
}

/* The program's record of the device, made if there is none. */
static int32_t open_device(const nibble_cuda_program *program, cu_device number, device **opened) {
  for (device *each = devices; each; each = each->next)
    if (each->program == program && each->number == number && !each->is_lost) {
      *opened = each;
      return NIBBLE_OK;
    }
  int32_t version = 0;
  const cu_result known = driver.cuDriverGetVersion(&version);
  if (known != CU_SUCCESS)
    return to_status(known);
  if (version < (int32_t)program->driver_version)
    return NIBBLE_ERROR_DRIVER_TOO_OLD;
  const int32_t capability = get_capability(number);
  if (capability == 0)
    return NIBBLE_ERROR_DEVICE;
  if (capability < (int32_t)program->compute_capability)
    return NIBBLE_ERROR_DEVICE_UNSUPPORTED;
  device *made = calloc(1, sizeof *made + program->kernel_count * sizeof made->functions[0]);
  if (!made)
    return NIBBLE_ERROR_DEVICE_MEMORY;
  made->program = program;
  made->number = number;
  const cu_result retained = driver.cuDevicePrimaryCtxRetain(&made->context, number);
  if (retained != CU_SUCCESS) {
    free(made);
    return to_status(retained);
  }
  const int32_t status = fill_device(made, capability);
  if (status != NIBBLE_OK) {
    close_device(made);
    return status;
  }
  made->next = devices;
  devices = made;
  *opened = made;
  return NIBBLE_OK;
}

/* Without arenas it has no use. */
static void close_if_unused(device *device) {
  if (device->users > 0)
    return;
  struct device **link = &devices;
  while (*link != device)
    link = &(*link)->next;
  *link = device->next;
  close_device(device);
}

#endif
