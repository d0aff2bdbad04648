/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* NVIDIA's driver, libcuda.so.1, by its functions' exported names. Nothing of it is needed to compile or link, and of a
 * C library only what stands here: neither headers, which cross compilers may lack, nor the library itself. The
 * functions are weak, as models are linked without one: a program without them has no device. */

#ifndef NIBBLE_RUNTIME_CUDA_DRIVER_H
#define NIBBLE_RUNTIME_CUDA_DRIVER_H

#include "nibble/Runtime/nibble_abi.h"

#include <stddef.h>

#define WEAK __attribute__((weak))
extern void *dlopen(const char *file, int mode) WEAK;
extern void *dlsym(void *library, const char *symbol) WEAK;
extern void *calloc(size_t count, size_t bytes) WEAK;
extern void free(void *memory) WEAK;
extern int getpid(void) WEAK;
extern int pthread_mutex_lock(void *mutex) WEAK;
extern int pthread_mutex_trylock(void *mutex) WEAK;
extern int pthread_mutex_unlock(void *mutex) WEAK;
#undef WEAK

enum { OPEN_NOW = 2 }; /* RTLD_NOW of Linux */

typedef int32_t cu_result, cu_device;
typedef uint64_t cu_address; /* of the device's memory, or the host's: all addresses are of one space */
typedef struct cu_context_handle *cu_context;
typedef struct cu_module_handle *cu_module;
typedef struct cu_function_handle *cu_function;
typedef struct cu_stream_handle *cu_stream;
typedef struct cu_graph_handle *cu_graph;
typedef struct cu_executable_handle *cu_executable; /* an instantiated graph */

enum cu_results {
  CU_SUCCESS = 0,
  CU_INVALID_VALUE = 1,
  CU_OUT_OF_MEMORY = 2,
  CU_NO_DEVICE = 100,
  CU_NO_BINARY_FOR_GPU = 209,
  CU_JIT_COMPILER_NOT_FOUND = 221,
  CU_UNSUPPORTED_PTX_VERSION = 222,
  CU_JIT_COMPILATION_DISABLED = 223
};

enum cu_values {
  CU_CAPABILITY_MAJOR = 75, /* cuDeviceGetAttribute */
  CU_CAPABILITY_MINOR = 76,
  CU_MAX_DYNAMIC_SHARED_BYTES = 8, /* cuFuncSetAttribute */
  CU_STREAM_DEFAULT = 0,           /* waits for work of the legacy default stream, as that does for it */
  CU_STREAM_NON_BLOCKING = 1,
  CU_CAPTURE_THREAD_LOCAL = 1 /* what other threads do meanwhile is their own */
};

/* REQUIRED(exported name, parameters) is in all drivers since CUDA 11.0, OPTIONAL perhaps not. */
#define NIBBLE_CUDA_ENTRY_POINTS(REQUIRED, OPTIONAL)                                                                   \
  REQUIRED(cuInit, (uint32_t flags))                                                                                   \
  REQUIRED(cuDriverGetVersion, (int32_t *version))                                                                     \
  REQUIRED(cuDeviceGetCount, (int32_t *count))                                                                         \
  REQUIRED(cuDeviceGet, (cu_device * device, int32_t ordinal))                                                         \
  REQUIRED(cuDeviceGetAttribute, (int32_t *value, int32_t attribute, cu_device device))                                \
  REQUIRED(cuDevicePrimaryCtxRetain, (cu_context * context, cu_device device))                                         \
  REQUIRED(cuDevicePrimaryCtxRelease_v2, (cu_device device))                                                           \
  REQUIRED(cuCtxGetCurrent, (cu_context * context))                                                                    \
  REQUIRED(cuCtxGetDevice, (cu_device * device))                                                                       \
  REQUIRED(cuCtxPushCurrent_v2, (cu_context context))                                                                  \
  REQUIRED(cuCtxPopCurrent_v2, (cu_context * context))                                                                 \
  REQUIRED(cuModuleLoadDataEx,                                                                                         \
           (cu_module * module, const void *image, uint32_t options, int32_t *keys, void **values))                    \
  REQUIRED(cuModuleUnload, (cu_module module))                                                                         \
  REQUIRED(cuModuleGetFunction, (cu_function * function, cu_module module, const char *name))                          \
  REQUIRED(cuFuncSetAttribute, (cu_function function, int32_t attribute, int32_t value))                               \
  REQUIRED(cuMemAlloc_v2, (cu_address * address, size_t bytes))                                                        \
  REQUIRED(cuMemFree_v2, (cu_address address))                                                                         \
  REQUIRED(cuMemcpyAsync, (cu_address to, cu_address from, size_t bytes, cu_stream stream))                            \
  REQUIRED(cuStreamCreate, (cu_stream * stream, uint32_t flags))                                                       \
  REQUIRED(cuStreamDestroy_v2, (cu_stream stream))                                                                     \
  REQUIRED(cuStreamSynchronize, (cu_stream stream))                                                                    \
  REQUIRED(cuLaunchKernel, (cu_function function, uint32_t grid_x, uint32_t grid_y, uint32_t grid_z, uint32_t block_x, \
                            uint32_t block_y, uint32_t block_z, uint32_t shared_bytes, cu_stream stream,               \
                            void **parameters, void **extra))                                                          \
  OPTIONAL(cuStreamBeginCapture_v2, (cu_stream stream, int32_t mode))                                                  \
  OPTIONAL(cuStreamEndCapture, (cu_stream stream, cu_graph * graph))                                                   \
  OPTIONAL(cuGraphInstantiateWithFlags, (cu_executable * executable, cu_graph graph, uint64_t flags))                  \
  OPTIONAL(cuGraphLaunch, (cu_executable executable, cu_stream stream))                                                \
  OPTIONAL(cuGraphExecDestroy, (cu_executable executable))                                                             \
  OPTIONAL(cuGraphDestroy, (cu_graph graph))

#define FIELD(name, parameters) cu_result(*name) parameters;
static struct {
  int is_ready; /* looked up, and initialised */
  int has_graphs;
  NIBBLE_CUDA_ENTRY_POINTS(FIELD, FIELD)
} driver;
#undef FIELD

/* What a call's result says to a model's caller. */
static int32_t to_status(cu_result result) {
  switch (result) {
  case CU_SUCCESS:
    return NIBBLE_OK;
  case CU_OUT_OF_MEMORY:
    return NIBBLE_ERROR_DEVICE_MEMORY;
  case CU_NO_DEVICE:
    return NIBBLE_ERROR_DEVICE_MISSING;
  case CU_NO_BINARY_FOR_GPU:
    return NIBBLE_ERROR_DEVICE_UNSUPPORTED;
  case CU_JIT_COMPILER_NOT_FOUND:
  case CU_UNSUPPORTED_PTX_VERSION:
  case CU_JIT_COMPILATION_DISABLED:
    return NIBBLE_ERROR_DRIVER_TOO_OLD;
  default:
    return NIBBLE_ERROR_DEVICE;
  }
}

static int has_c_library(void) {
  return dlopen && dlsym && calloc && free && getpid && pthread_mutex_lock && pthread_mutex_trylock &&
         pthread_mutex_unlock;
}

/* The process that initialised the driver; 0: none. A fork of it can neither use the driver nor give anything back, and
 * must not wait for a lock that a thread had which it lacks. */
static int32_t owner;

static int is_forked(void) {
  const int32_t process = __atomic_load_n(&owner, __ATOMIC_RELAXED);
  return process != 0 && process != getpid();
}

/* Finds the entry points and initialises the driver; again at each call until that succeeds once. */
static int32_t load_driver(void) {
  if (driver.is_ready)
    return NIBBLE_OK;
  void *library = dlopen("libcuda.so.1", OPEN_NOW);
  if (!library)
    return NIBBLE_ERROR_DEVICE_MISSING;
#define LOOK_UP(name, parameters) driver.name = (cu_result(*) parameters)dlsym(library, #name);
  NIBBLE_CUDA_ENTRY_POINTS(LOOK_UP, LOOK_UP)
#undef LOOK_UP
#define IS_THERE(name, parameters) &&driver.name
#define IGNORE(name, parameters)
  const int is_complete = 1 NIBBLE_CUDA_ENTRY_POINTS(IS_THERE, IGNORE);
  driver.has_graphs = 1 NIBBLE_CUDA_ENTRY_POINTS(IGNORE, IS_THERE);
#undef IS_THERE
#undef IGNORE
  if (!is_complete)
    return NIBBLE_ERROR_DRIVER_TOO_OLD;
  const cu_result result = driver.cuInit(0);
  if (result == CU_OUT_OF_MEMORY)
    return NIBBLE_ERROR_DEVICE_MEMORY;
  if (result != CU_SUCCESS)
    return NIBBLE_ERROR_DEVICE_MISSING; /* no device, or none that this driver can use */
  driver.is_ready = 1;
  __atomic_store_n(&owner, getpid(), __ATOMIC_RELAXED);
  return NIBBLE_OK;
}

#endif
