// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules, functions and launches
#include "State.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace ptx;

namespace {

/// The options' buffer for errors.
struct Log {
  char *text = nullptr;
  size_t bytes = 0;
  void **used = nullptr;
  void write(const std::string &message) {
    if (!text || !bytes)
      return;
    size_t count = std::min(bytes - 1, message.size());
    std::memcpy(text, message.data(), count);
    text[count] = 0;
    if (used)
      *used = reinterpret_cast<void *>(count + 1);
  }
};

Log logOf(unsigned count, int *options, void **values) {
  Log log;
  for (unsigned k = 0; k < count; ++k) {
    if (options[k] == CU_JIT_ERROR_LOG_BUFFER)
      log.text = static_cast<char *>(values[k]);
    if (options[k] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) {
      log.bytes = reinterpret_cast<size_t>(values[k]);
      log.used = values + k;
    }
  }
  return log;
}

/// The PTX version, times ten, that a driver knows: CUDA 11.n has 7.n, CUDA 12.n has 8.n up to 12.5.
unsigned versionKnown(int driver) {
  unsigned major = unsigned(driver / 1000), minor = unsigned(driver % 1000 / 10);
  static constexpr unsigned twelve[] = {80, 81, 82, 83, 84, 85, 85, 86, 87, 88};
  if (major == 10)
    return 63 + minor;
  if (major == 11)
    return 70 + std::min(minor, 8u);
  if (major == 12)
    return twelve[std::min(minor, 9u)];
  return major < 10 ? 60 : 90 + minor;
}

CUresult refuse(Log &log, CUresult error, const std::string &message) {
  log.write(message);
  std::fprintf(stderr, "emulated GPU: %s\n", message.c_str());
  return error;
}

CUresult loadText(CUcontext context, CUmodule *made, const char *text, Log log) {
  std::string error;
  auto module = Module::parse(text, context->memory, error);
  if (!module)
    return refuse(log, CUDA_ERROR_INVALID_PTX, "PTX, " + error);
  const Pretended &device = state().pretended;
  if (module->version > versionKnown(device.driver))
    return refuse(log, CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                  "PTX version " + std::to_string(module->version) + " / 10 is later than the driver's " +
                      std::to_string(versionKnown(device.driver)) + " / 10");
  unsigned target =
      unsigned(std::strtoul(module->target.c_str() + std::min<size_t>(3, module->target.size()), nullptr, 10));
  if (target > device.computeCapability)
    return refuse(log, CUDA_ERROR_INVALID_PTX,
                  "PTX for " + module->target + ", the device is sm_" + std::to_string(device.computeCapability));
  auto *handle = new CUmod_st{context, std::move(module), {}};
  for (const auto &kernel : handle->module->kernels()) {
    Resources resources = resourcesOf(*kernel);
    uint32_t limit = 48 << 10;
    if (resources.sharedBytes > limit) {
      CUresult result = refuse(log, CUDA_ERROR_INVALID_PTX,
                               "kernel '" + nameOf(*kernel) + "' has " + std::to_string(resources.sharedBytes) +
                                   " bytes of static shared memory, at most 49152");
      delete handle;
      return result;
    }
    handle->functions.push_back({handle, kernel.get(), resources, limit - resources.sharedBytes});
  }
  state().modules.insert(handle);
  *made = handle;
  return CUDA_SUCCESS;
}

/// The parameters' bytes, from an array of their addresses or from a buffer.
bool packParameters(const Resources &resources, void **each, void **extra, std::vector<uint8_t> &out) {
  out.assign(resources.parameterBytes, 0);
  if (each) {
    for (size_t k = 0; k < resources.parameterOffsets.size(); ++k)
      std::memcpy(out.data() + resources.parameterOffsets[k], each[k], resources.parameterSizes[k]);
    return true;
  }
  const void *buffer = nullptr;
  size_t bytes = 0;
  for (; extra && *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (extra[0] == CU_LAUNCH_PARAM_BUFFER_POINTER)
      buffer = extra[1];
    else if (extra[0] == CU_LAUNCH_PARAM_BUFFER_SIZE)
      bytes = *static_cast<size_t *>(extra[1]);
    else
      return false;
  }
  if (bytes < resources.parameterBytes || (bytes && !buffer))
    return false;
  std::memcpy(out.data(), buffer, resources.parameterBytes);
  return true;
}

} // namespace

bool ptx::isFunction(CUfunction function) {
  for (CUmodule module : state().modules)
    for (CUfunc_st &one : module->functions)
      if (&one == function)
        return true;
  return false;
}

EMULATED cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, int *options, void **values) {
  Call call;
  if (!call)
    return call.error;
  if (CUresult error = unlessCapturing())
    return error;
  if (!module || !image || (count && (!options || !values)))
    return CUDA_ERROR_INVALID_VALUE;
  Log log = logOf(count, options, values);
  static constexpr unsigned char elf[4] = {0x7F, 'E', 'L', 'F'}, fatbin[4] = {0x50, 0xED, 0x55, 0xBA};
  if (!std::memcmp(image, elf, 4) || !std::memcmp(image, fatbin, 4)) {
    log.write("the emulated GPU executes PTX alone");
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  return loadText(call.context, module, static_cast<const char *>(image), log);
}

EMULATED cuModuleLoadData(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

EMULATED cuModuleUnload(CUmodule module) {
  Call call;
  if (!call && call.error != call.context->error)
    return call.error;
  if (CUresult error = unlessCapturing())
    return error;
  if (!state().modules.erase(module))
    return CUDA_ERROR_INVALID_HANDLE;
  if (state().pretended.settings.profile)
    printProfiles(module);
  delete module;
  return call.error;
}

EMULATED cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  Call call;
  if (!call)
    return call.error;
  if (!function || !name)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().modules.count(module))
    return CUDA_ERROR_INVALID_HANDLE;
  for (CUfunc_st &one : module->functions) {
    if (nameOf(*one.kernel) == name) {
      *function = &one;
      return CUDA_SUCCESS;
    }
  }
  return CUDA_ERROR_NOT_FOUND;
}

EMULATED cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes, CUmodule module, const char *name) {
  Call call;
  if (!call)
    return call.error;
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().modules.count(module))
    return CUDA_ERROR_INVALID_HANDLE;
  uint64_t size = 0, found = module->module->variable(name, size);
  if (!found)
    return CUDA_ERROR_NOT_FOUND;
  if (address)
    *address = found;
  if (bytes)
    *bytes = size;
  return CUDA_SUCCESS;
}

EMULATED cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  Call call;
  if (!call)
    return call.error;
  if (!isFunction(function))
    return CUDA_ERROR_INVALID_HANDLE;
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
    return CUDA_SUCCESS;
  int most = (sharedLimit(state().pretended.computeCapability) << 10) - int(function->resources.sharedBytes);
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 || value > most)
    return CUDA_ERROR_INVALID_VALUE;
  function->dynamicLimit = uint32_t(value);
  return CUDA_SUCCESS;
}

EMULATED cuFuncGetAttribute(int *value, int attribute, CUfunction function) {
  Call call;
  if (!call)
    return call.error;
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  if (!isFunction(function))
    return CUDA_ERROR_INVALID_HANDLE;
  const Resources &resources = function->resources;
  int capability = int(state().pretended.computeCapability);
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = resources.maxThreads ? int(resources.maxThreads) : 1024;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = int(resources.sharedBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
    *value = 0;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    *value = int(resources.localBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_NUM_REGS: // unknown without the assembler
    *value = 32;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    *value = int(function->module->module->version);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    *value = capability;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = int(function->dynamicLimit);
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

EMULATED cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void **parameters,
                        void **extra) {
  Call call;
  if (!call)
    return call.error;
  if (!isFunction(function))
    return CUDA_ERROR_INVALID_HANDLE;
  if (sharedBytes > function->dynamicLimit || (parameters && extra))
    return CUDA_ERROR_INVALID_VALUE;
  Operation operation;
  operation.kind = Operation::Kernel;
  operation.function = function;
  operation.grid = {gridX, gridY, gridZ};
  operation.block = {blockX, blockY, blockZ};
  operation.dynamicShared = sharedBytes;
  if (!operation.grid.count() || !operation.block.count() ||
      !packParameters(function->resources, parameters, extra, operation.parameters))
    return CUDA_ERROR_INVALID_VALUE;
  return enqueue(call.context, stream, std::move(operation));
}
