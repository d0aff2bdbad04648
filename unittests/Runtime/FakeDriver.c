/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A libcuda.so.1 for tests of lib/Runtime/Cuda: its kernels are C functions, and any of its calls fails when told to.
 * Work in a stream is done when that is synchronized, not before. It is no model of a device: the emulator is. */

#include "FakeDriver.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum {
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  DEINITIALIZED = 4,
  NO_BINARY = 209,
  INVALID_CONTEXT = 201,
  NOT_FOUND = 500,
  ILLEGAL_ADDRESS = 700,
  CAPTURE_UNSUPPORTED = 900
};
enum { MEMORY, STREAM, MODULE, GRAPH, EXECUTABLE };

typedef struct function {
  char symbol[32];
  uint32_t parameter_bytes, shared_limit;
  fake_kernel kernel;
} function;

typedef struct work {
  struct work *next;
  function *function; /* null: copies */
  uint32_t grid, block;
  void *to, *from;
  size_t bytes;
  void *arguments[8];
} work;

typedef struct object {
  struct object *next;
  int kind, device, is_capturing;
  size_t bytes;
  work *first; /* of streams and graphs */
} object;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static fake_driver driver = {1, 80, 12000, UINT64_MAX, 1, 0, 0, 0, 0};
static struct context {
  int retains, is_dead;
} contexts[4];
static object *objects;
static function functions[8];
static int function_count, call_count;
static struct {
  char name[40];
  int64_t count;
} calls[64];
static char names[4096];
static _Thread_local struct context *stack[8];
static _Thread_local int depth;

static void record(const char *name) {
  int at = 0;
  while (at < call_count && strcmp(calls[at].name, name))
    ++at;
  if (at == call_count)
    strcpy(calls[call_count++].name, name);
  ++calls[at].count;
  size_t length = strlen(name), used = strlen(names);
  if (length > 3 && !strcmp(name + length - 3, "_v2"))
    length -= 3;
  if (used + length < sizeof names) {
    memcpy(names + used, name + 2, length - 2);
    strcpy(names + used + length - 2, " ");
  }
}

/* Whether a call is to do its work; the mutex is held behind it. */
static int32_t begin(const char *name, int needs_context) {
  pthread_mutex_lock(&mutex);
  record(name);
  if (driver.is_gone)
    return DEINITIALIZED;
  if (driver.fail_at > 0 && --driver.fail_at == 0) {
    if (driver.kills_context && depth > 0)
      stack[depth - 1]->is_dead = 1;
    return driver.failure;
  }
  if (needs_context && depth == 0)
    return INVALID_CONTEXT;
  return needs_context && stack[depth - 1]->is_dead ? ILLEGAL_ADDRESS : 0;
}

static int32_t end(int32_t result) {
  pthread_mutex_unlock(&mutex);
  return result;
}

static object *make(int kind, size_t bytes) {
  object *made = calloc(1, sizeof *made + bytes);
  made->kind = kind;
  made->bytes = bytes;
  made->device = (int)(stack[depth - 1] - contexts);
  made->next = objects;
  return objects = made;
}

static void forget_work(work **first) {
  while (*first) {
    work *next = (*first)->next;
    free(*first);
    *first = next;
  }
}

/* Calls that give back do so even if they report a failure, which may be an earlier one's. */
static void destroy(object *gone) {
  for (object **link = &objects; *link; link = &(*link)->next)
    if (*link == gone) {
      *link = gone->next;
      if (gone->kind == MEMORY)
        driver.free_bytes += gone->bytes;
      forget_work(&gone->first);
      free(gone);
      return;
    }
  abort(); /* given back twice */
}

static work *append(work **link, const work *content) {
  while (*link)
    link = &(*link)->next;
  *link = malloc(sizeof **link);
  **link = *content;
  (*link)->next = 0;
  return *link;
}

EXPORT int32_t cuInit(uint32_t flags) {
  int32_t result = begin("cuInit", 0);
  if (flags)
    abort();
  return end(result ? result : driver.devices ? 0 : 100);
}

static int32_t answer(const char *name, int32_t *to, int32_t value) {
  int32_t result = begin(name, 0);
  if (!result)
    *to = value;
  return end(result);
}
EXPORT int32_t cuDriverGetVersion(int32_t *version) { return answer("cuDriverGetVersion", version, driver.version); }
EXPORT int32_t cuDeviceGetCount(int32_t *count) { return answer("cuDeviceGetCount", count, driver.devices); }
EXPORT int32_t cuDeviceGet(int32_t *device, int32_t number) { return answer("cuDeviceGet", device, number); }
EXPORT int32_t cuDeviceGetAttribute(int32_t *value, int32_t which, int32_t device) {
  (void)device;
  return answer("cuDeviceGetAttribute", value, which == 75 ? driver.capability / 10 : driver.capability % 10);
}

EXPORT int32_t cuDevicePrimaryCtxRetain(struct context **context, int32_t device) {
  int32_t result = begin("cuDevicePrimaryCtxRetain", 0);
  if (!result) {
    *context = &contexts[device];
    ++(*context)->retains;
  }
  return end(result);
}

EXPORT int32_t cuDevicePrimaryCtxRelease_v2(int32_t device) {
  int32_t result = begin("cuDevicePrimaryCtxRelease_v2", 0);
  if (result == DEINITIALIZED)
    return end(result);
  struct context *context = &contexts[device];
  if (context->retains == 0)
    abort();
  if (--context->retains == 0) {
    context->is_dead = 0;
    for (object *each = objects, *next; each; each = next) {
      next = each->next;
      if (each->device == device)
        destroy(each);
    }
  }
  return end(result);
}

EXPORT int32_t cuCtxGetCurrent(struct context **context) {
  int32_t result = begin("cuCtxGetCurrent", 0);
  if (!result)
    *context = depth ? stack[depth - 1] : 0;
  return end(result);
}
EXPORT int32_t cuCtxGetDevice(int32_t *device) {
  int32_t result = begin("cuCtxGetDevice", 1);
  if (!result)
    *device = (int32_t)(stack[depth - 1] - contexts);
  return end(result);
}
EXPORT int32_t cuCtxPushCurrent_v2(struct context *context) {
  int32_t result = begin("cuCtxPushCurrent_v2", 0);
  if (!result)
    stack[depth++] = context;
  return end(result);
}
EXPORT int32_t cuCtxPopCurrent_v2(struct context **context) {
  int32_t result = begin("cuCtxPopCurrent_v2", 0);
  *context = stack[--depth];
  return end(result);
}

EXPORT int32_t cuModuleLoadDataEx(object **module, const char *image, uint32_t options, int32_t *keys, void **values) {
  int32_t result = begin("cuModuleLoadDataEx", 1);
  (void)keys, (void)values;
  if (options)
    abort();
  if (!result && strncmp(image, ".version", 8) && !driver.takes_cubin)
    result = NO_BINARY;
  if (!result)
    *module = make(MODULE, 0);
  return end(result);
}
static int32_t give_back(const char *name, object *gone) {
  int32_t result = begin(name, 1);
  if (result != DEINITIALIZED && result != INVALID_CONTEXT)
    destroy(gone);
  return end(result);
}
EXPORT int32_t cuModuleUnload(object *module) { return give_back("cuModuleUnload", module); }

EXPORT int32_t cuModuleGetFunction(function **found, object *module, const char *symbol) {
  int32_t result = begin("cuModuleGetFunction", 1);
  (void)module;
  *found = 0;
  for (int i = 0; i < function_count && !result; ++i)
    if (!strcmp(functions[i].symbol, symbol))
      *found = &functions[i];
  return end(result || *found ? result : NOT_FOUND);
}
EXPORT int32_t cuFuncSetAttribute(function *function, int32_t attribute, int32_t value) {
  int32_t result = begin("cuFuncSetAttribute", 1);
  if (!result && (attribute != 8 || value > 100000))
    result = INVALID_VALUE;
  if (!result)
    function->shared_limit = value;
  return end(result);
}

EXPORT int32_t cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  int32_t result = begin("cuMemAlloc_v2", 1);
  if (!result && (bytes == 0 || bytes > driver.free_bytes))
    result = bytes ? OUT_OF_MEMORY : INVALID_VALUE;
  if (!result) {
    driver.free_bytes -= bytes;
    *address = (uint64_t)(uintptr_t)(make(MEMORY, bytes) + 1);
  }
  return end(result);
}
EXPORT int32_t cuMemFree_v2(uint64_t address) { return give_back("cuMemFree_v2", (object *)(uintptr_t)address - 1); }

EXPORT int32_t cuMemcpyAsync(uint64_t to, uint64_t from, size_t bytes, object *stream) {
  int32_t result = begin("cuMemcpyAsync", 1);
  if (!result && stream->is_capturing)
    result = CAPTURE_UNSUPPORTED;
  if (!result)
    append(&stream->first, &(work){.to = (void *)(uintptr_t)to, .from = (void *)(uintptr_t)from, .bytes = bytes});
  return end(result);
}

EXPORT int32_t cuStreamCreate(object **stream, uint32_t flags) {
  int32_t result = begin("cuStreamCreate", 1);
  (void)flags;
  if (!result)
    *stream = make(STREAM, 0);
  return end(result);
}
EXPORT int32_t cuStreamDestroy_v2(object *stream) { return give_back("cuStreamDestroy_v2", stream); }

EXPORT int32_t cuStreamSynchronize(object *stream) {
  int32_t result = begin("cuStreamSynchronize", 1);
  work *first = stream->first;
  stream->first = 0;
  end(0);
  for (work *each = first; each && !result; each = each->next)
    if (each->function)
      each->function->kernel(each->arguments, each->grid, each->block);
    else
      memcpy(each->to, each->from, each->bytes);
  forget_work(&first);
  return result;
}

EXPORT int32_t cuLaunchKernel(function *function, uint32_t grid, uint32_t grid_y, uint32_t grid_z, uint32_t block,
                              uint32_t block_y, uint32_t block_z, uint32_t shared, object *stream, void **parameters,
                              void **extra) {
  int32_t result = begin("cuLaunchKernel", 1);
  const uint32_t limit = function->shared_limit ? function->shared_limit : 49152;
  if (!result &&
      (extra || !grid || !block || block > 1024 || grid_y * grid_z * block_y * block_z != 1 || shared > limit))
    result = INVALID_VALUE;
  if (!result) {
    work *launch = append(&stream->first, &(work){.function = function, .grid = grid, .block = block});
    memcpy(launch->arguments, parameters[0], function->parameter_bytes);
  }
  return end(result);
}

EXPORT int32_t cuStreamBeginCapture_v2(object *stream, int32_t mode) {
  int32_t result = begin("cuStreamBeginCapture_v2", 1);
  if (!result && (mode != 1 || stream->first))
    result = INVALID_VALUE;
  stream->is_capturing = !result;
  return end(result);
}
EXPORT int32_t cuStreamEndCapture(object *stream, object **graph) {
  int32_t result = begin("cuStreamEndCapture", 1);
  *graph = 0;
  if (!result) {
    *graph = make(GRAPH, 0);
    (*graph)->first = stream->first;
    stream->first = 0;
  }
  forget_work(&stream->first);
  stream->is_capturing = 0;
  return end(result);
}
EXPORT int32_t cuGraphInstantiateWithFlags(object **executable, object *graph, uint64_t flags) {
  int32_t result = begin("cuGraphInstantiateWithFlags", 1);
  if (!result && flags)
    result = INVALID_VALUE;
  if (!result) {
    *executable = make(EXECUTABLE, 0);
    for (work *each = graph->first; each; each = each->next)
      append(&(*executable)->first, each);
  }
  return end(result);
}
EXPORT int32_t cuGraphLaunch(object *executable, object *stream) {
  int32_t result = begin("cuGraphLaunch", 1);
  for (work *each = executable->first; each && !result; each = each->next)
    append(&stream->first, each);
  return end(result);
}
EXPORT int32_t cuGraphExecDestroy(object *executable) { return give_back("cuGraphExecDestroy", executable); }
EXPORT int32_t cuGraphDestroy(object *graph) { return give_back("cuGraphDestroy", graph); }

static void define(const char *symbol, uint32_t parameter_bytes, fake_kernel kernel) {
  function *made = &functions[function_count++];
  strcpy(made->symbol, symbol);
  made->parameter_bytes = parameter_bytes;
  made->kernel = kernel;
}
static void forget(void) {
  pthread_mutex_lock(&mutex);
  call_count = 0;
  memset(calls, 0, sizeof calls);
  memset(names, 0, sizeof names);
  end(0);
}
static int64_t count(const char *name) {
  int64_t sum = 0;
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < call_count; ++i)
    sum += !name || !strcmp(calls[i].name, name) ? calls[i].count : 0;
  end(0);
  return sum;
}
static const char *get_names(void) { return names; }
static int64_t live(void) {
  int64_t sum = 0;
  pthread_mutex_lock(&mutex);
  for (object *each = objects; each; each = each->next)
    ++sum;
  for (int i = 0; i < 4; ++i)
    sum += contexts[i].retains;
  end(0);
  return sum;
}
static int32_t get_depth(void) { return depth; }

__attribute__((destructor)) static void go(void) {
  pthread_mutex_lock(&mutex);
  driver.is_gone = 1;
  end(0);
}

EXPORT const fake_functions *fake_get(void) {
  static const fake_functions all = {&driver, define, forget, count, get_names, live, get_depth};
  return &all;
}
