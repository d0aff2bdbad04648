// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Device memory and copies
#include "State.h"

using namespace ptx;

EMULATED cuMemGetInfo_v2(size_t *available, size_t *total) {
  Call call;
  if (!call)
    return call.error;
  if (!available || !total)
    return CUDA_ERROR_INVALID_VALUE;
  *total = state().pretended.memory;
  *available = *total - std::min<uint64_t>(*total, call.context->memory.allocatedBytes);
  return CUDA_SUCCESS;
}

EMULATED cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  Call call;
  if (!call)
    return call.error;
  if (CUresult error = unlessCapturing())
    return error;
  if (!address || !bytes)
    return CUDA_ERROR_INVALID_VALUE;
  State &s = state();
  uint64_t used = call.context->memory.allocatedBytes;
  if (++s.allocations == s.pretended.failAllocation || used + bytes < used || used + bytes > s.pretended.memory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  *address = call.context->memory.allocate(bytes);
  if (!*address)
    return CUDA_ERROR_OUT_OF_MEMORY;
  s.allocated.insert({call.context, *address});
  return CUDA_SUCCESS;
}

/// Frees after a failure too, so that a report tells what the program forgot; the failure is returned all the same.
EMULATED cuMemFree_v2(CUdeviceptr address) {
  Call call;
  if (!call.context)
    return call.error;
  if (CUresult error = unlessCapturing())
    return error;
  if (!address)
    return call.error;
  if (!state().allocated.erase({call.context, address}))
    return CUDA_ERROR_INVALID_VALUE;
  call.context->memory.release(address);
  return call.error;
}

/// A copy of which each side must be where the function says: 'h', 'd' or '?' for either.
static CUresult copy(uint64_t to, uint64_t from, size_t bytes, CUstream stream, char toSide, char fromSide,
                     bool synchronous) {
  Call call;
  if (!call)
    return call.error;
  if (synchronous)
    if (CUresult error = unlessCapturing())
      return error;
  auto wrong = [&](uint64_t address, char side) {
    if (side != '?' && isDevice(address) != (side == 'd'))
      return true;
    return isDevice(address) ? !call.context->memory.host(address, bytes) : !address;
  };
  if (bytes && (wrong(to, toSide) || wrong(from, fromSide)))
    return CUDA_ERROR_INVALID_VALUE;
  Operation operation;
  operation.kind = Operation::Copy;
  operation.to = to;
  operation.from = from;
  operation.bytes = bytes;
  return enqueue(call.context, stream, std::move(operation));
}

static uint64_t number(const void *address) { return reinterpret_cast<uint64_t>(address); }

EMULATED cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  return copy(to, number(from), bytes, stream, 'd', 'h', false);
}
EMULATED cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return copy(number(to), from, bytes, stream, 'h', 'd', false);
}
EMULATED cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return copy(to, from, bytes, stream, 'd', 'd', false);
}
EMULATED cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return copy(to, from, bytes, stream, '?', '?', false);
}
EMULATED cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  return copy(to, number(from), bytes, nullptr, 'd', 'h', true);
}
EMULATED cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  return copy(number(to), from, bytes, nullptr, 'h', 'd', true);
}
EMULATED cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return copy(to, from, bytes, nullptr, 'd', 'd', true);
}

EMULATED cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes, CUstream stream) {
  Call call;
  if (!call)
    return call.error;
  if (bytes && (!isDevice(to) || !call.context->memory.host(to, bytes)))
    return CUDA_ERROR_INVALID_VALUE;
  Operation operation;
  operation.kind = Operation::Fill;
  operation.to = to;
  operation.value = value;
  operation.bytes = bytes;
  return enqueue(call.context, stream, std::move(operation));
}

EMULATED cuPointerGetAttribute(void *data, int attribute, CUdeviceptr address) {
  Call call;
  if (!call)
    return call.error;
  const Allocation *found = isDevice(address) ? call.context->memory.find(address) : nullptr;
  if (!data || !found)
    return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_CONTEXT:
    *static_cast<CUcontext *>(data) = call.context;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    *static_cast<unsigned *>(data) = CU_MEMORYTYPE_DEVICE;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    *static_cast<int *>(data) = call.context->ordinal;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    *static_cast<uint64_t *>(data) = found->begin;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    *static_cast<size_t *>(data) = found->bytes;
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}
