// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime of models for CUDA devices, with a driver that counts its calls and fails on demand.

#include "Caller.h"

#include "gtest/gtest.h"
#include <dlfcn.h>
#include <string>
#include <thread>
#include <vector>

using namespace nibble::test;

namespace {
const fake_functions *fake;

class CudaRuntime : public testing::Test {
protected:
  void SetUp() override {
    if (!fake) {
      fake = openFakeDriver();
      ASSERT_TRUE(fake);
      usual = *fake->driver;
    }
    *fake->driver = usual;
    fake->forget();
  }
  void TearDown() override {
    EXPECT_EQ(fake->live(), 0);
    EXPECT_EQ(fake->depth(), 0);
  }
  static void failAt(int64_t call, int32_t result, bool killsContext = false) {
    fake->driver->fail_at = call;
    fake->driver->failure = result;
    fake->driver->kills_context = killsContext;
  }

  template <typename Function>
  static Function *find(const char *symbol) {
    return reinterpret_cast<Function *>(dlsym(dlopen("libcuda.so.1", RTLD_NOW), symbol));
  }

  nibble_cuda_program program = model_program;

private:
  static fake_driver usual;
};
fake_driver CudaRuntime::usual;

TEST_F(CudaRuntime, OrderOfCalls) {
  Caller caller(program);
  ASSERT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_TRUE(caller.isRight());
  fake->forget();
  caller.release();
  EXPECT_STREQ(fake->names(), "CtxPushCurrent GraphExecDestroy StreamDestroy MemFree CtxPopCurrent "
                              "CtxPushCurrent MemFree ModuleUnload CtxPopCurrent DevicePrimaryCtxRelease ");
  fake->forget();
  ASSERT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_STREQ(fake->names(),
               "CtxGetCurrent DeviceGetCount DeviceGet DriverGetVersion DeviceGetAttribute DeviceGetAttribute "
               "DevicePrimaryCtxRetain CtxPushCurrent ModuleLoadDataEx ModuleGetFunction ModuleGetFunction "
               "FuncSetAttribute MemAlloc StreamCreate MemcpyAsync StreamSynchronize StreamDestroy CtxPopCurrent "
               "CtxPushCurrent MemAlloc StreamCreate StreamCreate StreamBeginCapture LaunchKernel LaunchKernel "
               "StreamEndCapture GraphInstantiateWithFlags GraphDestroy StreamDestroy CtxPopCurrent "
               "CtxPushCurrent MemcpyAsync MemcpyAsync GraphLaunch MemcpyAsync StreamSynchronize CtxPopCurrent ");
  fake->forget();
  ASSERT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_STREQ(fake->names(),
               "CtxPushCurrent MemcpyAsync MemcpyAsync GraphLaunch MemcpyAsync StreamSynchronize CtxPopCurrent ");
}

TEST_F(CudaRuntime, ChecksContext) {
  Caller caller(program);
  auto status = [&](auto change) {
    nibble_context context = caller.makeContext();
    change(context);
    return nibble_cuda_run(&program, &context);
  };
  const void *const noInput[] = {nullptr, nullptr};
  void *const noOutput[] = {nullptr};
  EXPECT_EQ(nibble_cuda_run(&program, nullptr), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([](auto &c) { c.abi_version = 7; }), NIBBLE_ERROR_ABI_VERSION);
  EXPECT_EQ(status([](auto &c) { c.arena = nullptr; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([](auto &c) { --c.arena_bytes; }), NIBBLE_ERROR_ARENA_TOO_SMALL);
  EXPECT_EQ(status([](auto &c) { c.arena = static_cast<char *>(c.arena) + 1; }), NIBBLE_ERROR_MISALIGNED);
  EXPECT_EQ(status([](auto &c) { c.inputs = nullptr; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([](auto &c) { c.outputs = nullptr; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([&](auto &c) { c.inputs = noInput; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([&](auto &c) { c.outputs = noOutput; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(fake->count(nullptr), 0);
}

TEST_F(CudaRuntime, ArenasShareCodeAndWeights) {
  Caller first(program), second(program, 5);
  nibble_cuda_program other = model_program;
  Caller third(other, 6);
  for (Caller *caller : {&first, &second, &third, &first}) {
    EXPECT_EQ(caller->run(), NIBBLE_OK);
    EXPECT_TRUE(caller->isRight());
  }
  EXPECT_EQ(fake->count("cuModuleLoadDataEx"), 2);
  EXPECT_EQ(fake->count("cuStreamBeginCapture_v2"), 3);
  const int64_t copies = 2 + 4 * 3;
  EXPECT_EQ(fake->count("cuMemcpyAsync"), copies);
  first.release();
  first.release();
  EXPECT_EQ(fake->count("cuModuleUnload"), 0);
  EXPECT_EQ(second.run(), NIBBLE_OK);
  EXPECT_TRUE(second.isRight());
  second.release();
  EXPECT_EQ(fake->count("cuModuleUnload"), 1);
  nibble_cuda_release(&program, nullptr);
}

TEST_F(CudaRuntime, ManyRunsDoNotGrow) {
  Caller caller(program);
  ASSERT_EQ(caller.run(), NIBBLE_OK);
  const int64_t live = fake->live();
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_TRUE(caller.isRight());
  EXPECT_EQ(fake->live(), live);
  EXPECT_EQ(fake->count("cuStreamBeginCapture_v2"), 1);
  EXPECT_EQ(fake->count("cuGraphLaunch"), 1001);
}

TEST_F(CudaRuntime, ThreadsWithArenas) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        Caller caller(program, t + i);
        for (int run = 0; run < 5; ++run) {
          EXPECT_EQ(caller.run(), NIBBLE_OK);
          EXPECT_TRUE(caller.isRight());
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

/// Fails the n-th call behind `prepare` for every n, and runs again then.
template <typename Prepare>
void failEachCall(const nibble_cuda_program &program, int32_t failure, bool killsContext, Prepare prepare) {
  for (int64_t n = 1;; ++n) {
    SCOPED_TRACE("call " + std::to_string(n) + " answers " + std::to_string(failure));
    Caller caller(program);
    prepare(caller);
    fake->driver->fail_at = n;
    fake->driver->failure = failure;
    fake->driver->kills_context = killsContext;
    const int32_t status = caller.run();
    const bool hasFailed = fake->driver->fail_at == 0;
    fake->driver->fail_at = 0;
    EXPECT_EQ(fake->depth(), 0);
    if (status == NIBBLE_OK)
      EXPECT_TRUE(caller.isRight());
    else
      EXPECT_GE(status, NIBBLE_ERROR_DEVICE_MISSING);
    if (status == NIBBLE_OK && killsContext && hasFailed)
      EXPECT_EQ(caller.run(), NIBBLE_ERROR_DEVICE); // it had all it needed, the next one sees it
    EXPECT_EQ(caller.run(), NIBBLE_OK);
    EXPECT_TRUE(caller.isRight());
    caller.release();
    EXPECT_EQ(fake->live(), 0);
    if (!hasFailed)
      break;
    ASSERT_LT(n, 100);
  }
}

TEST_F(CudaRuntime, EachCallFails) {
  for (int32_t failure : {1, 2, 4, 201, 209, 222, 999}) {
    failEachCall(program, failure, false, [](Caller &) {});
    failEachCall(program, failure, false, [](Caller &caller) { EXPECT_EQ(caller.run(), NIBBLE_OK); });
  }
}

TEST_F(CudaRuntime, EachCallKillsContext) {
  failEachCall(program, 700, true, [](Caller &) {});
  failEachCall(program, 700, true, [](Caller &caller) { EXPECT_EQ(caller.run(), NIBBLE_OK); });
}

TEST_F(CudaRuntime, StatusesOfFailures) {
  Caller caller(program);
  const auto status = [&](int64_t call, int32_t result) {
    caller.release();
    failAt(call, result);
    return caller.run();
  };
  const int64_t load = 9; // see OrderOfCalls
  EXPECT_EQ(status(load, 222), NIBBLE_ERROR_DRIVER_TOO_OLD);
  EXPECT_EQ(status(load, 221), NIBBLE_ERROR_DRIVER_TOO_OLD);
  EXPECT_EQ(status(load, 209), NIBBLE_ERROR_DEVICE_UNSUPPORTED);
  EXPECT_EQ(status(load, 218), NIBBLE_ERROR_DEVICE);
  EXPECT_EQ(status(load + 3, 1), NIBBLE_ERROR_DEVICE_UNSUPPORTED); // shared memory
  fake->driver->version = 10020;
  EXPECT_EQ(status(0, 0), NIBBLE_ERROR_DRIVER_TOO_OLD);
  fake->driver->version = 11000;
  fake->driver->capability = 75;
  EXPECT_EQ(status(0, 0), NIBBLE_ERROR_DEVICE_UNSUPPORTED);
  fake->driver->capability = 120;
  EXPECT_EQ(status(0, 0), NIBBLE_OK);
}

// The context that one arena lost is no other's either: all of them begin anew.
TEST_F(CudaRuntime, DeadContextIsGivenBack) {
  Caller first(program), second(program, 8), third(program, 9);
  EXPECT_EQ(first.run(), NIBBLE_OK);
  EXPECT_EQ(second.run(), NIBBLE_OK);
  failAt(5, 719, true);
  EXPECT_EQ(first.run(), NIBBLE_ERROR_DEVICE);
  EXPECT_EQ(fake->live(), 0);
  for (Caller *caller : {&third, &second, &first}) {
    EXPECT_EQ(caller->run(), NIBBLE_OK);
    EXPECT_TRUE(caller->isRight());
  }
}

TEST_F(CudaRuntime, MemoryRunsOutAndComesBack) {
  Caller first(program), second(program, 8);
  EXPECT_EQ(first.run(), NIBBLE_OK);
  fake->driver->free_bytes = 100;
  EXPECT_EQ(second.run(), NIBBLE_ERROR_DEVICE_MEMORY);
  EXPECT_EQ(first.run(), NIBBLE_OK);
  fake->driver->free_bytes = 100000;
  EXPECT_EQ(second.run(), NIBBLE_OK);
  EXPECT_TRUE(second.isRight());
  nibble_cuda_port huge[] = {{UINT64_MAX - 100, 200}, program.inputs[1]};
  nibble_cuda_program impossible = program;
  impossible.inputs = huge;
  EXPECT_EQ(Caller(impossible).run(), NIBBLE_ERROR_DEVICE_MEMORY);
}

TEST_F(CudaRuntime, WithoutGraphsKernelsAreLaunched) {
  Caller caller(program);
  failAt(23, 801); // the begin of the capture, see OrderOfCalls
  EXPECT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_TRUE(caller.isRight());
  fake->forget();
  EXPECT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_STREQ(fake->names(), "CtxPushCurrent MemcpyAsync MemcpyAsync LaunchKernel LaunchKernel MemcpyAsync "
                              "StreamSynchronize CtxPopCurrent ");
}

TEST_F(CudaRuntime, CubinWhereItFits) {
  program.cubin = "\x7f"
                  "ELF";
  Caller caller(program);
  EXPECT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_EQ(fake->count("cuModuleLoadDataEx"), 1);
  const auto loads = [&] {
    caller.release();
    fake->forget();
    EXPECT_EQ(caller.run(), NIBBLE_OK);
    return fake->count("cuModuleLoadDataEx");
  };
  fake->driver->takes_cubin = 0;
  EXPECT_EQ(loads(), 2);
  fake->driver->capability = 86;
  EXPECT_EQ(loads(), 1);
}

// The thread's context says which device, and is current again behind the run.
TEST_F(CudaRuntime, TakesDeviceOfCurrentContext) {
  auto retain = find<int32_t(void **, int32_t)>("cuDevicePrimaryCtxRetain");
  auto release = find<int32_t(int32_t)>("cuDevicePrimaryCtxRelease_v2");
  auto push = find<int32_t(void *)>("cuCtxPushCurrent_v2");
  auto pop = find<int32_t(void **)>("cuCtxPopCurrent_v2");
  fake->driver->devices = 2;
  void *context, *popped;
  ASSERT_EQ(retain(&context, 1) + push(context), 0);
  Caller caller(program);
  EXPECT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_EQ(fake->count("cuDeviceGet"), 0);
  EXPECT_EQ(fake->depth(), 1);
  ASSERT_EQ(pop(&popped) + release(1), 0);
  EXPECT_EQ(popped, context);
  EXPECT_GT(fake->live(), 0); // the runtime has the other device's context still
  EXPECT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_TRUE(caller.isRight());
}

// At a program's end the driver may go before the runtime.
TEST_F(CudaRuntime, DriverIsGoneFirst) {
  Caller caller(program);
  ASSERT_EQ(caller.run(), NIBBLE_OK);
  fake->driver->is_gone = 1;
  EXPECT_EQ(caller.run(), NIBBLE_ERROR_DEVICE);
  caller.release();
  EXPECT_EQ(caller.run(), NIBBLE_ERROR_DEVICE);
  EXPECT_GT(fake->live(), 0);
  fake->driver->is_gone = 0;
  EXPECT_EQ(find<int32_t(int32_t)>("cuDevicePrimaryCtxRelease_v2")(0), 0); // with all that was made in it
}
} // namespace
