// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime with a driver that executes PTX: each test is a process of its own, with a device of its own.

#include "Caller.h"

#include "gtest/gtest.h"
#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace nibble::test;

namespace {
void *openEmulator(const std::string &device) {
  setenv("NIBBLE_EMULATED_GPU", device.c_str(), 1);
  return dlopen(EMULATOR, RTLD_NOW);
}

/// Ends the process with what a run on such a device returns, or with 99 if that is wrong.
[[noreturn]] void endWithRun(const std::string &device) {
  openEmulator(device);
  int32_t status;
  {
    Caller caller(model_program);
    status = caller.run();
    if (status == NIBBLE_OK && (!caller.isRight() || caller.run() != NIBBLE_OK || !caller.isRight()))
      status = 99;
  }
  exit(status);
}

[[noreturn]] void endWithThreads() {
  openEmulator("report");
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        Caller caller(model_program, t + i);
        for (int run = 0; run < 3; ++run)
          wrong += caller.run() != NIBBLE_OK || !caller.isRight();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  exit(wrong);
}

/// A kernel fails, and with it the context of all arenas.
[[noreturn]] void endAfterFailure() {
  openEmulator("report,fail_launch=5");
  {
    Caller first(model_program), second(model_program, 8);
    if (first.run() != NIBBLE_OK || second.run() != NIBBLE_OK)
      exit(1);
    if (first.run() != NIBBLE_ERROR_DEVICE)
      exit(2);
    for (Caller *caller : {&second, &first})
      if (caller->run() != NIBBLE_OK || !caller->isRight())
        exit(3);
  }
  exit(0);
}

/// Inputs and outputs in the device's memory.
[[noreturn]] void endWithDevicePointers() {
  void *driver = openEmulator("report");
  const auto call = [&](const char *name, auto... arguments) {
    if (reinterpret_cast<int32_t (*)(decltype(arguments)...)>(dlsym(driver, name))(arguments...) != 0)
      _exit(98);
  };
  void *context, *popped;
  uint64_t x, z, y;
  const size_t bytes = kElements * sizeof(int32_t);
  call("cuInit", 0u);
  call("cuDevicePrimaryCtxRetain", &context, 0);
  call("cuCtxPushCurrent_v2", context);
  for (uint64_t *buffer : {&x, &z, &y})
    call("cuMemAlloc_v2", buffer, bytes);
  int status;
  {
    Caller caller(model_program);
    nibble_context onDevice = caller.makeContext();
    call("cuMemcpyHtoD_v2", x, onDevice.inputs[0], bytes);
    call("cuMemcpyHtoD_v2", z, onDevice.inputs[1], bytes);
    const void *inputs[] = {reinterpret_cast<void *>(x), reinterpret_cast<void *>(z)};
    void *outputs[] = {reinterpret_cast<void *>(y)}, *result = onDevice.outputs[0];
    onDevice.inputs = inputs;
    onDevice.outputs = outputs;
    status = nibble_cuda_run(&model_program, &onDevice);
    call("cuMemcpyDtoH_v2", result, y, bytes);
    if (status == NIBBLE_OK && !caller.isRight())
      status = 99;
  }
  for (uint64_t buffer : {x, z, y})
    call("cuMemFree_v2", buffer);
  call("cuCtxPopCurrent_v2", &popped);
  call("cuDevicePrimaryCtxRelease_v2", 0);
  exit(popped == context ? status : 97);
}

/// Releases nothing, so that the library does it behind the driver's end.
[[noreturn]] void endWithoutRelease() {
  openEmulator("");
  exit((new Caller(model_program))->run());
}

class CudaEmulatedDeathTest : public testing::Test {
protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CudaEmulatedDeathTest, Devices) {
  EXPECT_EXIT(endWithRun("sm=80,report"), testing::ExitedWithCode(NIBBLE_OK), "nothing left");
  EXPECT_EXIT(endWithRun("sm=90,driver=12040"), testing::ExitedWithCode(NIBBLE_OK), "");
  EXPECT_EXIT(endWithRun("sm=75,report"), testing::ExitedWithCode(NIBBLE_ERROR_DEVICE_UNSUPPORTED), "nothing left");
  EXPECT_EXIT(endWithRun("driver=10020"), testing::ExitedWithCode(NIBBLE_ERROR_DRIVER_TOO_OLD), "");
  EXPECT_EXIT(endWithRun("devices=0"), testing::ExitedWithCode(NIBBLE_ERROR_DEVICE_MISSING), "");
  EXPECT_EXIT(endWithRun("memory=400,report"), testing::ExitedWithCode(NIBBLE_ERROR_DEVICE_MEMORY), "nothing left");
}

TEST_F(CudaEmulatedDeathTest, Threads) { EXPECT_EXIT(endWithThreads(), testing::ExitedWithCode(0), "nothing left"); }

TEST_F(CudaEmulatedDeathTest, KernelFails) {
  EXPECT_EXIT(endAfterFailure(), testing::ExitedWithCode(0), "nothing left");
}

TEST_F(CudaEmulatedDeathTest, DevicePointers) {
  EXPECT_EXIT(endWithDevicePointers(), testing::ExitedWithCode(0), "nothing left");
}

TEST_F(CudaEmulatedDeathTest, EndsWithoutRelease) { EXPECT_EXIT(endWithoutRelease(), testing::ExitedWithCode(0), ""); }
} // namespace
