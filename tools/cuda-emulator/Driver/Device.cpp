// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Devices, contexts and errors
#include "State.h"

#include <cstdio>

using namespace ptx;

EMULATED cuInit(unsigned flags) {
  std::lock_guard<std::recursive_mutex> lock(state().mutex);
  if (flags)
    return CUDA_ERROR_INVALID_VALUE;
  if (state().contexts.empty())
    return CUDA_ERROR_NO_DEVICE;
  state().initialized = true;
  return CUDA_SUCCESS;
}

EMULATED cuDriverGetVersion(int *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = state().pretended.driver;
  return CUDA_SUCCESS;
}

static bool isDeviceNumber(CUdevice device) { return device >= 0 && device < int(state().contexts.size()); }

EMULATED cuDeviceGetCount(int *count) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  *count = int(state().contexts.size());
  return CUDA_SUCCESS;
}

EMULATED cuDeviceGet(CUdevice *device, int ordinal) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  if (!isDeviceNumber(ordinal))
    return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}

EMULATED cuDeviceGetName(char *name, int length, CUdevice device) {
  if (!name || length <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (!isDeviceNumber(device))
    return CUDA_ERROR_INVALID_DEVICE;
  std::snprintf(name, size_t(length), "Emulated GPU sm_%u", state().pretended.computeCapability);
  return CUDA_SUCCESS;
}

EMULATED cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  if (!isDeviceNumber(device))
    return CUDA_ERROR_INVALID_DEVICE;
  *bytes = state().pretended.memory;
  return CUDA_SUCCESS;
}

namespace ptx {
/// KiB of shared memory that a block can ask for.
int sharedLimit(unsigned computeCapability) {
  switch (computeCapability) {
  case 75:
    return 64;
  case 80:
  case 87:
    return 163;
  case 86:
  case 89:
  case 120:
    return 99;
  default:
    return computeCapability >= 90 ? 227 : 48;
  }
}
} // namespace ptx

EMULATED cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  if (!isDeviceNumber(device))
    return CUDA_ERROR_INVALID_DEVICE;
  int limit = sharedLimit(state().pretended.computeCapability);
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
    *value = 1024;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
    *value = 64;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
    *value = 0x7FFFFFFF;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
    *value = 65535;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    *value = 48 << 10;
    break;
  case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
    *value = 32;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    *value = 65536;
    break;
  case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    *value = 1000000;
    break;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    *value = 8;
    break;
  case CU_DEVICE_ATTRIBUTE_INTEGRATED:
    *value = 0;
    break;
  case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
    *value = 4 << 20;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
    *value = 1024;
    break;
  case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    *value = 1;
    break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = int(state().pretended.computeCapability / 10);
    break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    *value = int(state().pretended.computeCapability % 10);
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    *value = limit << 10;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
    *value = (limit + 1) << 10;
    break;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

// Contexts.

EMULATED cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  if (!isDeviceNumber(device))
    return CUDA_ERROR_INVALID_DEVICE;
  CUctx_st &own = state().contexts[size_t(device)];
  if (own.error)
    return own.error;
  ++own.retained;
  *context = &own;
  return CUDA_SUCCESS;
}

/// The last release destroys the context with all that is in it, so that a new one is as at the beginning.
static void destroyContents(CUcontext context) {
  State &s = state();
  for (auto it = s.allocated.begin(); it != s.allocated.end();) {
    if (it->first == context) {
      context->memory.release(it->second);
      it = s.allocated.erase(it);
    } else {
      ++it;
    }
  }
  for (auto it = s.modules.begin(); it != s.modules.end();) {
    CUmodule module = *it;
    it = module->context == context ? (delete module, s.modules.erase(it)) : std::next(it);
  }
  for (auto it = s.streams.begin(); it != s.streams.end();) {
    CUstream stream = *it;
    it = stream->context == context ? (delete stream, s.streams.erase(it)) : std::next(it);
  }
}

EMULATED cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!isDeviceNumber(device))
    return CUDA_ERROR_INVALID_DEVICE;
  CUctx_st &context = state().contexts[size_t(device)];
  if (!context.retained)
    return CUDA_ERROR_INVALID_CONTEXT;
  if (--context.retained > 0)
    return CUDA_SUCCESS;
  context.error = CUDA_SUCCESS;
  if (!state().pretended.report && !state().pretended.settings.profile)
    destroyContents(&context); // a report tells what was left instead
  return CUDA_SUCCESS;
}

static bool isContext(CUcontext context) {
  for (CUctx_st &one : state().contexts)
    if (&one == context)
      return true;
  return false;
}

EMULATED cuCtxPushCurrent_v2(CUcontext context) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!isContext(context))
    return CUDA_ERROR_INVALID_CONTEXT;
  contextStack().push_back(context);
  return CUDA_SUCCESS;
}

EMULATED cuCtxPopCurrent_v2(CUcontext *context) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (contextStack().empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  if (context)
    *context = contextStack().back();
  contextStack().pop_back();
  return CUDA_SUCCESS;
}

EMULATED cuCtxSetCurrent(CUcontext context) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (context && !isContext(context))
    return CUDA_ERROR_INVALID_CONTEXT;
  if (!contextStack().empty())
    contextStack().pop_back();
  if (context)
    contextStack().push_back(context);
  return CUDA_SUCCESS;
}

EMULATED cuCtxGetCurrent(CUcontext *context) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  *context = call.context;
  return CUDA_SUCCESS;
}

EMULATED cuCtxGetDevice(CUdevice *device) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  if (!call.context)
    return CUDA_ERROR_INVALID_CONTEXT;
  *device = call.context->ordinal;
  return CUDA_SUCCESS;
}

EMULATED cuCtxSynchronize(void) {
  Call call;
  return call ? unlessCapturing() : call.error;
}
