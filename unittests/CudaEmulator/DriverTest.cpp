// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver API, of the shared library, in a process of its own for each configuration.
#include "DriverLibrary.h"

using namespace harness;

namespace {

[[noreturn]] void runsAGraph() {
  Driver cu("sm=86,report");
  cu.begin();
  CUfunction function = cu.kernel(incrementing());
  CUdeviceptr address = 0;
  CUstream stream = nullptr;
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  std::vector<uint32_t> in(32, 5), out(32);
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &address, size_t(128));
  cu.expect(CUDA_SUCCESS, "cuStreamCreate", &stream, 1u);
  cu.expect(CUDA_SUCCESS, "cuStreamBeginCapture_v2", stream, 1);
  cu.expect(CUDA_SUCCESS, "cuMemcpyHtoDAsync_v2", address, static_cast<const void *>(in.data()), size_t(128), stream);
  void *parameters[] = {&address};
  cu.bad |= cu.launch(function, stream, parameters) != CUDA_SUCCESS;
  cu.bad |= cu.launch(function, stream, parameters) != CUDA_SUCCESS;
  cu.expect(CUDA_SUCCESS, "cuMemcpyDtoHAsync_v2", static_cast<void *>(out.data()), address, size_t(128), stream);
  cu.expect(CUDA_SUCCESS, "cuStreamEndCapture", stream, &graph);
  cu.expect(CUDA_SUCCESS, "cuGraphInstantiateWithFlags", &executable, graph, 0ull);
  cu.bad |= out[0] != 0;
  cu.expect(CUDA_SUCCESS, "cuGraphLaunch", executable, stream);
  cu.expect(CUDA_SUCCESS, "cuStreamSynchronize", stream);
  cu.bad |= out != std::vector<uint32_t>(32, 7);
  cu.end();
}

[[noreturn]] void aKernelsFaultStays() {
  Driver cu("");
  cu.begin();
  CUfunction function = cu.kernel(incrementing());
  CUdeviceptr address = 0;
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &address, size_t(100));
  void *parameters[] = {&address};
  cu.bad |= cu.launch(function, nullptr, parameters) != CUDA_SUCCESS;
  cu.expect(CUDA_ERROR_ILLEGAL_ADDRESS, "cuCtxSynchronize");
  cu.expect(CUDA_ERROR_ILLEGAL_ADDRESS, "cuMemAlloc_v2", &address, size_t(100));
  cu.end();
}

[[noreturn]] void refusesModules() {
  Driver cu("sm=75,driver=11000");
  cu.begin();
  auto load = [&](const std::string &text) {
    CUmodule module = nullptr;
    return cu("cuModuleLoadData", &module, static_cast<const void *>(text.c_str()));
  };
  std::string text = kernelText("", 1, ".shared .b8 many[49153];");
  auto with = [&](const char *from, const char *to) {
    return std::string(text).replace(text.find(from), strlen(from), to);
  };
  cu.bad |= load(text) != CUDA_ERROR_INVALID_PTX;
  cu.bad |= load(with(".version 7.0", ".version 7.1")) != CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  text = with("sm_80", "sm_75");
  cu.bad |= load(text) != CUDA_SUCCESS; // no one uses it
  cu.bad |= load(with("ret;", "mov.u64 %rd0, many; ret;")) != CUDA_ERROR_INVALID_PTX;
  cu.bad |= load("\x7f"
                 "ELF") != CUDA_ERROR_NO_BINARY_FOR_GPU;
  char log[200] = "";
  CUmodule module = nullptr;
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  text = with("ret;", "nonsense;");
  cu.expect(CUDA_ERROR_INVALID_PTX, "cuModuleLoadDataEx", &module, static_cast<const void *>(text.c_str()), 2u,
            &options[0], &values[0]);
  cu.bad |= std::string(log) != "PTX, line 20: 'nonsense': unknown instruction";
  std::fprintf(stderr, "%s", log);
  cu.end();
}

} // namespace

TEST(Driver, RunsAGraph) {
  EXPECT_EXIT(runsAGraph(), ::testing::ExitedWithCode(0),
              "2 launches, 1 allocations; left: 1 allocations, 1 modules, 1 streams, 1 graphs, "
              "1 executable graphs, 1 retained contexts");
}

TEST(Driver, AKernelsFaultStays) {
  EXPECT_EXIT(
      aKernelsFaultStays(), ::testing::ExitedWithCode(0),
      "emulated GPU: kernel 'k', PTX line 19, block .0,0,0., thread .25,0,0.: reads 4 bytes at 0x[0-9a-f]*, outside of "
      "what is allocated .0 bytes behind 100 allocated at");
}

TEST(Driver, RefusesModules) {
  EXPECT_EXIT(refusesModules(), ::testing::ExitedWithCode(0),
              "PTX for sm_80, the device is sm_75(.|\n)*"
              "PTX version 71 / 10 is later than the driver's 70 / 10(.|\n)*"
              "kernel 'k' has 49153 bytes of static shared memory, at most 49152");
}
