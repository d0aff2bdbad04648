// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the emulated driver keeps: its devices, contexts and objects.

#ifndef EMULATOR_STATE_H
#define EMULATOR_STATE_H

#include "CudaDriver.h"
#include "Ptx.h"

#include <deque>
#include <mutex>
#include <set>
#include <thread>

/// An exported function of the driver.
#define EMULATED extern "C" __attribute__((visibility("default"))) CUresult

namespace ptx {

/// NIBBLE_EMULATED_GPU: what the device pretends to be, and what goes wrong.
struct Pretended {
  unsigned computeCapability = 80;
  uint64_t memory = uint64_t(8) << 30;
  int driver = 12040;
  int devices = 1;
  uint64_t failLaunch = 0, failAllocation = 0; // the how-manieth, from 1
  bool report = false;
  Settings settings;
  std::string problem; // of the variable's text
};

/// One operation of a stream, which a capture keeps.
struct Operation {
  enum Kind : uint8_t { Kernel, Copy, Fill } kind;
  struct CUfunc_st *function = nullptr;
  Extent grid, block;
  uint32_t dynamicShared = 0;
  std::vector<uint8_t> parameters;
  uint64_t to = 0, from = 0, bytes = 0; // addresses of the device or of the host
  uint8_t value = 0;
};

} // namespace ptx

struct CUctx_st {
  int ordinal = 0;
  unsigned retained = 0;
  CUresult error = CUDA_SUCCESS; // sticky: a kernel failed
  ptx::Memory memory;
};

struct CUfunc_st {
  struct CUmod_st *module;
  ptx::Kernel *kernel;
  ptx::Resources resources;
  uint32_t dynamicLimit; // bytes of dynamic shared memory that it may have
};

struct CUmod_st {
  CUcontext context;
  std::unique_ptr<ptx::Module> module;
  std::deque<CUfunc_st> functions;
};

struct CUgraph_st {
  std::vector<ptx::Operation> operations;
};

struct CUgraphExec_st {
  CUcontext context;
  std::vector<ptx::Operation> operations;
};

struct CUstream_st {
  CUcontext context;
  CUgraph capture = nullptr; // what is being captured
  int mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id capturer = {};
  bool invalid = false; // by what a capture cannot have
};

struct CUevent_st {
  CUcontext context;
  double milliseconds = 0;
  bool recorded = false;
};

namespace ptx {

struct State {
  std::recursive_mutex mutex;
  Pretended pretended;
  bool initialized = false;
  std::deque<CUctx_st> contexts; // of the devices
  uint64_t launches = 0, allocations = 0;
  std::set<CUmodule> modules;
  std::set<CUstream> streams;
  std::set<CUevent> events;
  std::set<CUgraph> graphs;
  std::set<CUgraphExec> executables;
  std::set<std::pair<CUcontext, CUdeviceptr>> allocated;

  State();
  void report() const; // what is left
  /// Whether a capture forbids this thread what a graph cannot have.
  bool capturing() const;
};

State &state();
std::vector<CUcontext> &contextStack(); // of the thread

/// Holds the driver's lock; `error` is what an entry point must return at once, if anything.
struct Call {
  std::lock_guard<std::recursive_mutex> lock;
  CUcontext context = nullptr;
  CUresult error = CUDA_SUCCESS;
  /// Needs a context, in which no kernel has failed.
  explicit Call(bool needsContext = true);
  explicit operator bool() const { return error == CUDA_SUCCESS; }
};

/// Executes the operation, or adds it to the stream's capture.
CUresult enqueue(CUcontext context, CUstream stream, Operation operation);
CUresult execute(CUcontext context, const Operation &operation);
/// Ends captures that what was called now cannot be part of, with the error to return then.
CUresult unlessCapturing();
bool isDevice(uint64_t address);
/// Whether a loaded module has it.
bool isFunction(CUfunction function);
/// KiB of shared memory that a block of such a device can ask for.
int sharedLimit(unsigned computeCapability);

/// On stderr, of the kernels that were launched.
void printProfiles(CUmodule module);

Pretended readVariable(const char *text);

} // namespace ptx

#endif
