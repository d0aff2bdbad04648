// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies, captures, launches, events and what is no handle.
#include "DriverLibrary.h"

using namespace harness;

namespace {

[[noreturn]] void copies() {
  Driver cu("");
  cu.begin();
  CUdeviceptr a = 0, b = 0;
  std::vector<uint8_t> in(100), out(100);
  for (uint8_t k = 0; k < 100; ++k)
    in[k] = k;
  const void *from = in.data();
  void *to = out.data();
  CUdeviceptr host = reinterpret_cast<CUdeviceptr>(to);
  CUstream stream = nullptr;
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &a, size_t(100));
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &b, size_t(100));
  cu.expect(CUDA_SUCCESS, "cuMemcpyHtoD_v2", a, from, size_t(100));
  cu.expect(CUDA_SUCCESS, "cuMemcpyDtoDAsync_v2", b, a, size_t(60), stream);
  cu.expect(CUDA_SUCCESS, "cuMemsetD8Async", b + 60, static_cast<unsigned char>(9), size_t(40), stream);
  cu.expect(CUDA_SUCCESS, "cuMemcpyAsync", host, b, size_t(100), stream);
  for (unsigned k = 0; k < 100; ++k)
    cu.require(out[k] == (k < 60 ? k : 9), "a copied byte");
  cu.expect(CUDA_SUCCESS, "cuMemcpyDtoH_v2", to, a + 90, size_t(10));
  cu.require(out[0] == 90, "a copied byte");
  // Beyond the end, the wrong side, freed.
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuMemcpyHtoD_v2", a + 1, from, size_t(100));
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuMemcpyDtoH_v2", to, host, size_t(1));
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuMemcpyHtoD_v2", host, from, size_t(1));
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuMemsetD8Async", host, static_cast<unsigned char>(9), size_t(4), stream);
  cu.expect(CUDA_SUCCESS, "cuMemFree_v2", b);
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuMemcpyDtoH_v2", to, b, size_t(1));
  unsigned type = 0;
  uint64_t start = 0;
  size_t bytes = 0;
  cu.expect(CUDA_SUCCESS, "cuPointerGetAttribute", static_cast<void *>(&type), int(CU_POINTER_ATTRIBUTE_MEMORY_TYPE),
            a + 5);
  cu.require(type == CU_MEMORYTYPE_DEVICE, "the type of memory");
  cu.expect(CUDA_SUCCESS, "cuPointerGetAttribute", static_cast<void *>(&start),
            int(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR), a + 5);
  cu.expect(CUDA_SUCCESS, "cuPointerGetAttribute", static_cast<void *>(&bytes), int(CU_POINTER_ATTRIBUTE_RANGE_SIZE),
            a + 5);
  cu.require(start == a && bytes == 100, "the range");
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuPointerGetAttribute", static_cast<void *>(&type),
            int(CU_POINTER_ATTRIBUTE_MEMORY_TYPE), host);
  cu.end();
}

[[noreturn]] void captures() {
  Driver cu("");
  cu.begin();
  CUstream stream = nullptr, other = nullptr;
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  CUdeviceptr address = 0;
  cu.expect(CUDA_SUCCESS, "cuStreamCreate", &stream, 0u);
  cu.expect(CUDA_SUCCESS, "cuStreamCreate", &other, 1u);
  cu.expect(CUDA_ERROR_ILLEGAL_STATE, "cuStreamEndCapture", stream, &graph);
  cu.expect(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuStreamBeginCapture_v2", CUstream(nullptr), 0);
  // What waits, or allocates, ends a capture.
  cu.expect(CUDA_SUCCESS, "cuStreamBeginCapture_v2", stream, 0);
  cu.expect(CUDA_ERROR_ILLEGAL_STATE, "cuStreamBeginCapture_v2", stream, 0);
  cu.expect(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuMemAlloc_v2", &address, size_t(4));
  cu.expect(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "cuStreamEndCapture", stream, &graph);
  cu.expect(CUDA_SUCCESS, "cuStreamBeginCapture_v2", stream, 1);
  cu.expect(CUDA_SUCCESS, "cuStreamSynchronize", other);
  cu.expect(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuStreamSynchronize", stream);
  cu.expect(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "cuStreamEndCapture", stream, &graph);
  // A graph whose memory is freed before it runs.
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &address, size_t(4));
  cu.expect(CUDA_SUCCESS, "cuStreamBeginCapture_v2", stream, 1);
  cu.expect(CUDA_SUCCESS, "cuMemsetD8Async", address, static_cast<unsigned char>(1), size_t(4), stream);
  cu.expect(CUDA_SUCCESS, "cuStreamEndCapture", stream, &graph);
  cu.expect(CUDA_SUCCESS, "cuGraphInstantiate_v2", &executable, graph, static_cast<CUgraphNode *>(nullptr),
            static_cast<char *>(nullptr), size_t(0));
  cu.expect(CUDA_SUCCESS, "cuGraphDestroy", graph);
  cu.expect(CUDA_SUCCESS, "cuGraphLaunch", executable, stream);
  cu.expect(CUDA_SUCCESS, "cuMemFree_v2", address);
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuGraphLaunch", executable, stream);
  cu.expect(CUDA_SUCCESS, "cuGraphExecDestroy", executable);
  cu.expect(CUDA_ERROR_INVALID_HANDLE, "cuGraphLaunch", executable, stream);
  cu.end();
}

[[noreturn]] void launches() {
  Driver cu("");
  cu.begin();
  std::string text = kernelText("ld.shared.u8 %r0, [s];", 1, ".extern .shared .align 16 .b8 s[];");
  CUfunction function = cu.kernel(text);
  uint64_t value = 0;
  size_t bytes = 8;
  void *parameters[] = {&value};
  void *extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &value, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  auto launch = [&](unsigned threads, unsigned shared, void **each, void **buffer) {
    return cu("cuLaunchKernel", function, 1u, 1u, 1u, threads, 1u, 1u, shared, CUstream(nullptr), each, buffer);
  };
  cu.require(launch(32, 16, parameters, nullptr) == CUDA_SUCCESS, "parameters");
  cu.require(launch(32, 16, nullptr, extra) == CUDA_SUCCESS, "a buffer");
  bytes = 4;
  cu.require(launch(32, 16, nullptr, extra) == CUDA_ERROR_INVALID_VALUE, "a short buffer");
  cu.require(launch(32, 16, parameters, extra) == CUDA_ERROR_INVALID_VALUE, "both");
  cu.require(launch(0, 16, parameters, nullptr) == CUDA_ERROR_INVALID_VALUE, "no thread");
  cu.require(launch(2000, 16, parameters, nullptr) == CUDA_ERROR_INVALID_VALUE, "too many threads");
  // More than 48 KiB must be asked for.
  int value48 = 0;
  cu.require(launch(32, 50000, parameters, nullptr) == CUDA_ERROR_INVALID_VALUE, "much shared memory");
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuFuncSetAttribute", function,
            int(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES), 200000);
  cu.expect(CUDA_SUCCESS, "cuFuncSetAttribute", function, int(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES), 160000);
  cu.expect(CUDA_SUCCESS, "cuFuncGetAttribute", &value48, int(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES),
            function);
  cu.require(value48 == 160000, "the attribute");
  cu.require(launch(32, 160000, parameters, nullptr) == CUDA_SUCCESS, "much shared memory, asked for");
  cu.expect(CUDA_SUCCESS, "cuCtxSynchronize");
  cu.end();
}

[[noreturn]] void eventsAndErrors() {
  Driver cu("");
  cu.expect(CUDA_ERROR_NOT_INITIALIZED, "cuCtxSynchronize");
  cu.expect(CUDA_SUCCESS, "cuInit", 0u);
  cu.expect(CUDA_ERROR_INVALID_CONTEXT, "cuCtxSynchronize");
  cu.begin();
  CUevent begin = nullptr, end = nullptr;
  float milliseconds = -1;
  cu.expect(CUDA_SUCCESS, "cuEventCreate", &begin, 0u);
  cu.expect(CUDA_SUCCESS, "cuEventCreate", &end, 0u);
  cu.expect(CUDA_SUCCESS, "cuEventRecord", begin, CUstream(nullptr));
  cu.expect(CUDA_ERROR_INVALID_HANDLE, "cuEventElapsedTime", &milliseconds, begin, end);
  cu.expect(CUDA_SUCCESS, "cuEventRecord", end, CUstream(nullptr));
  cu.expect(CUDA_SUCCESS, "cuEventSynchronize", end);
  cu.expect(CUDA_SUCCESS, "cuEventElapsedTime", &milliseconds, begin, end);
  cu.require(milliseconds >= 0, "time");
  cu.expect(CUDA_SUCCESS, "cuEventDestroy_v2", end);
  cu.expect(CUDA_ERROR_INVALID_HANDLE, "cuEventDestroy_v2", end);
  CUcontext context = nullptr, popped = nullptr;
  cu.expect(CUDA_SUCCESS, "cuCtxGetCurrent", &context);
  cu.expect(CUDA_SUCCESS, "cuCtxPopCurrent_v2", &popped);
  cu.require(context && context == popped, "the context");
  cu.expect(CUDA_ERROR_INVALID_CONTEXT, "cuCtxPopCurrent_v2", &popped);
  cu.expect(CUDA_SUCCESS, "cuCtxSetCurrent", context);
  cu.expect(CUDA_SUCCESS, "cuCtxSynchronize");
  const char *text = nullptr;
  cu.expect(CUDA_SUCCESS, "cuGetErrorName", CUresult(CUDA_ERROR_ILLEGAL_ADDRESS), &text);
  cu.require(std::string(text) == "CUDA_ERROR_ILLEGAL_ADDRESS", "the error's name");
  cu.expect(CUDA_SUCCESS, "cuGetErrorString", CUresult(CUDA_ERROR_OUT_OF_MEMORY), &text);
  cu.require(std::string(text) == "out of memory", "the error's text");
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuGetErrorName", CUresult(12345), &text);
  cu.end();
}

[[noreturn]] void variables() {
  Driver cu("");
  cu.begin();
  std::string text = kernelText("", 1, ".global .u32 x[3] = {1, 2, 3};");
  CUmodule module = nullptr;
  CUdeviceptr address = 0;
  size_t bytes = 0;
  uint32_t values[3] = {};
  cu.expect(CUDA_SUCCESS, "cuModuleLoadData", &module, static_cast<const void *>(text.c_str()));
  cu.expect(CUDA_SUCCESS, "cuModuleGetGlobal_v2", &address, &bytes, module, "x");
  cu.expect(CUDA_ERROR_NOT_FOUND, "cuModuleGetGlobal_v2", &address, &bytes, module, "y");
  cu.expect(CUDA_SUCCESS, "cuMemcpyDtoH_v2", static_cast<void *>(values), address, bytes);
  cu.require(bytes == 12 && values[0] == 1 && values[2] == 3, "the values");
  cu.end();
}

} // namespace

TEST(DriverCalls, Copies) { EXPECT_EXIT(copies(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverCalls, Captures) { EXPECT_EXIT(captures(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverCalls, Launches) { EXPECT_EXIT(launches(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverCalls, EventsAndErrors) { EXPECT_EXIT(eventsAndErrors(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverCalls, Variables) { EXPECT_EXIT(variables(), ::testing::ExitedWithCode(0), ""); }
