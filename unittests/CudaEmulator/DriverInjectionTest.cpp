// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What NIBBLE_EMULATED_GPU lets a device be, and lets fail.
#include "DriverLibrary.h"

using namespace harness;

namespace {

[[noreturn]] void noDevice() {
  Driver cu("devices=0");
  cu.expect(CUDA_ERROR_NO_DEVICE, "cuInit", 0u);
  int count = 7;
  cu.expect(CUDA_ERROR_NOT_INITIALIZED, "cuDeviceGetCount", &count);
  cu.end();
}

[[noreturn]] void describesItself() {
  Driver cu("sm=86,memory=123456789,driver=11040,devices=2");
  int version = 0, count = 0, value = 0;
  CUdevice device = -1;
  char name[64] = "";
  size_t total = 0;
  cu.expect(CUDA_SUCCESS, "cuDriverGetVersion", &version);
  cu.require(version == 11040, "version");
  cu.expect(CUDA_ERROR_NOT_INITIALIZED, "cuDeviceGet", &device, 0);
  cu.expect(CUDA_SUCCESS, "cuInit", 0u);
  cu.expect(CUDA_SUCCESS, "cuDeviceGetCount", &count);
  cu.require(count == 2, "count");
  cu.expect(CUDA_SUCCESS, "cuDeviceGet", &device, 1);
  cu.expect(CUDA_ERROR_INVALID_DEVICE, "cuDeviceGet", &device, 2);
  cu.expect(CUDA_SUCCESS, "cuDeviceGetName", &name[0], 64, 1);
  cu.require(std::string(name) == "Emulated GPU sm_86", "name");
  cu.expect(CUDA_SUCCESS, "cuDeviceTotalMem_v2", &total, 1);
  cu.require(total == 123456789, "memory");
  int attributes[][2] = {{CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 8},
                         {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 6},
                         {CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32},
                         {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 49152},
                         {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 101376},
                         {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024}};
  for (auto &attribute : attributes) {
    cu.expect(CUDA_SUCCESS, "cuDeviceGetAttribute", &value, attribute[0], 0);
    cu.require(value == attribute[1], "attribute");
  }
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuDeviceGetAttribute", &value, 9999, 0);
  cu.end();
}

[[noreturn]] void littleMemory() {
  Driver cu("memory=1000,fail_alloc=3");
  cu.begin();
  CUdeviceptr a = 0, b = 0;
  size_t available = 0, total = 0;
  cu.expect(CUDA_ERROR_OUT_OF_MEMORY, "cuMemAlloc_v2", &a, size_t(1001));
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &a, size_t(600));
  cu.expect(CUDA_SUCCESS, "cuMemGetInfo_v2", &available, &total);
  cu.require(available == 400 && total == 1000, "information");
  cu.expect(CUDA_ERROR_OUT_OF_MEMORY, "cuMemAlloc_v2", &b, size_t(400)); // the third
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &b, size_t(400));
  cu.expect(CUDA_SUCCESS, "cuMemFree_v2", a);
  cu.expect(CUDA_ERROR_INVALID_VALUE, "cuMemFree_v2", a);
  cu.expect(CUDA_SUCCESS, "cuMemFree_v2", CUdeviceptr(0));
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &a, size_t(600));
  cu.end();
}

[[noreturn]] void launchFails() {
  Driver cu("fail_launch=2");
  cu.begin();
  CUfunction function = cu.kernel(incrementing());
  CUdeviceptr address = 0;
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &address, size_t(128));
  void *parameters[] = {&address};
  cu.require(cu.launch(function, nullptr, parameters) == CUDA_SUCCESS, "the first launch");
  cu.expect(CUDA_SUCCESS, "cuCtxSynchronize");
  cu.require(cu.launch(function, nullptr, parameters) == CUDA_ERROR_ILLEGAL_ADDRESS, "the second launch");
  cu.expect(CUDA_ERROR_ILLEGAL_ADDRESS, "cuCtxSynchronize");
  cu.require(cu.launch(function, nullptr, parameters) == CUDA_ERROR_ILLEGAL_ADDRESS, "the third launch");
  cu.expect(CUDA_ERROR_ILLEGAL_ADDRESS, "cuMemFree_v2", address);
  // The last release destroys the context; a new one is well.
  cu.expect(CUDA_SUCCESS, "cuDevicePrimaryCtxRelease_v2", 0);
  cu.begin();
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &address, size_t(128));
  cu.end();
}

[[noreturn]] void variableIsWrong() {
  Driver cu("sm=80,colour=red");
  cu.expect(CUDA_SUCCESS, "cuInit", 0u);
  cu.end();
}

[[noreturn]] void givesAllBack() {
  Driver cu("report,profile");
  cu.begin();
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUdeviceptr address = 0;
  std::string text = incrementing();
  cu.expect(CUDA_SUCCESS, "cuModuleLoadData", &module, static_cast<const void *>(text.c_str()));
  cu.expect(CUDA_SUCCESS, "cuModuleGetFunction", &function, module, "k");
  cu.expect(CUDA_ERROR_NOT_FOUND, "cuModuleGetFunction", &function, module, "l");
  cu.expect(CUDA_SUCCESS, "cuMemAlloc_v2", &address, size_t(128));
  void *parameters[] = {&address};
  cu.require(cu.launch(function, nullptr, parameters) == CUDA_SUCCESS, "the launch");
  cu.expect(CUDA_SUCCESS, "cuMemFree_v2", address);
  cu.expect(CUDA_SUCCESS, "cuModuleUnload", module);
  cu.expect(CUDA_ERROR_INVALID_HANDLE, "cuModuleUnload", module);
  cu.require(cu.launch(function, nullptr, parameters) == CUDA_ERROR_INVALID_HANDLE, "a function of no module");
  cu.expect(CUDA_SUCCESS, "cuDevicePrimaryCtxRelease_v2", 0);
  cu.end();
}

} // namespace

TEST(DriverInjection, NoDevice) { EXPECT_EXIT(noDevice(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverInjection, DescribesItself) { EXPECT_EXIT(describesItself(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverInjection, LittleMemory) { EXPECT_EXIT(littleMemory(), ::testing::ExitedWithCode(0), ""); }
TEST(DriverInjection, LaunchFails) {
  EXPECT_EXIT(launchFails(), ::testing::ExitedWithCode(0), "emulated GPU: launch 2 fails, as fail_launch tells");
}
TEST(DriverInjection, VariableIsWrong) {
  EXPECT_EXIT(variableIsWrong(), ::testing::ExitedWithCode(0), "emulated GPU: NIBBLE_EMULATED_GPU has no 'colour=red'");
}
TEST(DriverInjection, GivesAllBack) {
  EXPECT_EXIT(
      givesAllBack(), ::testing::ExitedWithCode(0),
      "emulated GPU: kernel 'k': 1 launches, 1 blocks, (.|\\n)*global: 128 bytes read, 128 written, 8 sectors of 32 "
      "bytes .at least 8.(.|\\n)*1 launches, 1 allocations; nothing left");
}
