// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "State.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace ptx;

/// At the process's end. The state stays, as threads may run then, and libraries may release what they have.
struct End {
  ~End() {
    std::lock_guard<std::recursive_mutex> lock(state().mutex);
    state().report();
    state().initialized = false;
  }
};

State &ptx::state() {
  static State &one = *new State;
  static End end;
  return one;
}

std::vector<CUcontext> &ptx::contextStack() {
  static thread_local std::vector<CUcontext> stack;
  return stack;
}

State::State() : pretended(readVariable(std::getenv("NIBBLE_EMULATED_GPU"))) {
  if (!pretended.problem.empty())
    std::fprintf(stderr, "emulated GPU: NIBBLE_EMULATED_GPU has no '%s'\n", pretended.problem.c_str());
  for (int ordinal = 0; ordinal < pretended.devices; ++ordinal)
    contexts.emplace_back().ordinal = ordinal;
}

static void printProfile(const Kernel &kernel) {
  const Profile &p = profileOf(kernel);
  if (!p.launches)
    return;
  std::fprintf(stderr, "emulated GPU: kernel '%s': %llu launches, %llu blocks, %llu warp instructions\n",
               nameOf(kernel).c_str(), (unsigned long long)p.launches, (unsigned long long)p.blocks,
               (unsigned long long)p.warpInstructions);
  std::fprintf(stderr, "  global: %llu bytes read, %llu written, %llu sectors of 32 bytes (at least %llu)\n",
               (unsigned long long)p.globalLoadBytes, (unsigned long long)p.globalStoreBytes,
               (unsigned long long)p.sectors, (unsigned long long)p.leastSectors);
  std::fprintf(stderr, "  shared: %llu accesses, %llu bank conflicts\n ", (unsigned long long)p.sharedAccesses,
               (unsigned long long)p.bankConflicts);
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto &entry : p.threadInstructions)
    sorted.push_back({entry.second, entry.first});
  std::sort(sorted.rbegin(), sorted.rend());
  for (const auto &entry : sorted)
    std::fprintf(stderr, " %s=%llu", entry.second.c_str(), (unsigned long long)entry.first);
  std::fprintf(stderr, "\n");
}

void ptx::printProfiles(CUmodule module) {
  for (const auto &kernel : module->module->kernels())
    printProfile(*kernel);
}

void State::report() const {
  if (pretended.settings.profile)
    for (CUmodule module : modules)
      printProfiles(module);
  if (!pretended.report)
    return;
  unsigned retained = 0;
  for (const CUctx_st &context : contexts)
    retained += context.retained;
  struct {
    size_t count;
    const char *what;
  } left[] = {{allocated.size(), "allocations"}, {modules.size(), "modules"}, {streams.size(), "streams"},
              {events.size(), "events"},         {graphs.size(), "graphs"},   {executables.size(), "executable graphs"},
              {retained, "retained contexts"}};
  std::fprintf(stderr, "emulated GPU: %llu launches, %llu allocations", (unsigned long long)launches,
               (unsigned long long)allocations);
  bool any = false;
  for (const auto &entry : left) {
    if (!entry.count)
      continue;
    std::fprintf(stderr, "%s%zu %s", any ? ", " : "; left: ", entry.count, entry.what);
    any = true;
  }
  std::fprintf(stderr, any ? "\n" : "; nothing left\n");
}

bool State::capturing() const {
  return std::any_of(streams.begin(), streams.end(), [](CUstream one) {
    return one->capture &&
           (one->mode == CU_STREAM_CAPTURE_MODE_GLOBAL ||
            (one->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && one->capturer == std::this_thread::get_id()));
  });
}

Call::Call(bool needsContext) : lock(state().mutex) {
  if (!state().initialized) {
    error = CUDA_ERROR_NOT_INITIALIZED;
    return;
  }
  if (!contextStack().empty())
    context = contextStack().back();
  if (needsContext && !context)
    error = CUDA_ERROR_INVALID_CONTEXT;
  else if (context && context->error)
    error = context->error;
}

CUresult ptx::unlessCapturing() {
  if (!state().capturing())
    return CUDA_SUCCESS;
  for (CUstream stream : state().streams)
    stream->invalid |= stream->capture != nullptr;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

bool ptx::isDevice(uint64_t address) { return address >= Memory::bias; }

// Execution.

static CUresult errorOf(FaultKind kind) {
  switch (kind) {
  case FaultKind::None:
    return CUDA_SUCCESS;
  case FaultKind::IllegalAddress:
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  case FaultKind::MisalignedAddress:
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  case FaultKind::IllegalInstruction:
    return CUDA_ERROR_ILLEGAL_INSTRUCTION;
  case FaultKind::Launch:
    return CUDA_ERROR_INVALID_VALUE;
  default:
    return CUDA_ERROR_LAUNCH_FAILED;
  }
}

/// A kernel's fault shows in all calls that follow, as on a device; what the launch itself cannot have shows at once.
static CUresult executeKernel(CUcontext context, const Operation &operation) {
  State &s = state();
  if (!isFunction(operation.function)) // of a graph that outlives the module
    return CUDA_ERROR_INVALID_HANDLE;
  if (++s.launches == s.pretended.failLaunch) {
    std::fprintf(stderr, "emulated GPU: launch %llu fails, as fail_launch tells\n", (unsigned long long)s.launches);
    return context->error = CUDA_ERROR_ILLEGAL_ADDRESS;
  }
  Fault fault = launch(*operation.function->kernel, operation.grid, operation.block, operation.dynamicShared,
                       operation.parameters.data(), operation.parameters.size(), context->memory, s.pretended.settings);
  if (!fault)
    return CUDA_SUCCESS;
  std::fprintf(stderr, "emulated GPU: %s\n", fault.message.c_str());
  if (fault.kind == FaultKind::Launch)
    return errorOf(fault.kind);
  context->error = errorOf(fault.kind);
  return CUDA_SUCCESS;
}

static uint8_t *hostAddress(CUcontext context, uint64_t address, uint64_t bytes) {
  return isDevice(address) ? context->memory.host(address, bytes) : reinterpret_cast<uint8_t *>(address);
}

CUresult ptx::execute(CUcontext context, const Operation &operation) {
  if (operation.kind == Operation::Kernel)
    return executeKernel(context, operation);
  uint8_t *to = hostAddress(context, operation.to, operation.bytes);
  if (operation.bytes == 0)
    return CUDA_SUCCESS;
  if (!to)
    return CUDA_ERROR_INVALID_VALUE;
  if (operation.kind == Operation::Fill) {
    std::memset(to, operation.value, operation.bytes);
    return CUDA_SUCCESS;
  }
  const uint8_t *from = hostAddress(context, operation.from, operation.bytes);
  if (!from)
    return CUDA_ERROR_INVALID_VALUE;
  std::memmove(to, from, operation.bytes);
  return CUDA_SUCCESS;
}

CUresult ptx::enqueue(CUcontext context, CUstream stream, Operation operation) {
  if (stream && !state().streams.count(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  if (!stream || !stream->capture)
    return stream || operation.kind == Operation::Kernel || !state().capturing() ? execute(context, operation)
                                                                                 : unlessCapturing();
  if (stream->invalid)
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  stream->capture->operations.push_back(std::move(operation));
  return CUDA_SUCCESS;
}
