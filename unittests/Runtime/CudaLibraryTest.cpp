// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library of a model for CUDA devices: what it gives back when it is unloaded, and how its process ends.

#include "Caller.h"
#include "nibble/Runtime/nibble_loader.h"

#include "gtest/gtest.h"
#include <cstdlib>
#include <dlfcn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace nibble::test;

namespace {
struct Library {
  void *handle = dlopen(MODEL, RTLD_NOW | RTLD_LOCAL);
  Caller::Run run = reinterpret_cast<nibble_run_fn>(dlsym(handle, "model_run"));
  Caller::Release release = reinterpret_cast<nibble_release_fn>(dlsym(handle, "model_release"));
};

/// Never given back but by the library.
Caller *makeLasting(const Library &library, int32_t seed = 3) { return new Caller(library.run, library.release, seed); }

TEST(CudaLibrary, GivesBackWhenItIsUnloaded) {
  const fake_functions *fake = openFakeDriver();
  ASSERT_TRUE(fake);
  Library library;
  ASSERT_TRUE(library.handle) << dlerror();
  Caller *caller = makeLasting(library), *other = makeLasting(library, 8);
  EXPECT_EQ(caller->run(), NIBBLE_OK);
  EXPECT_TRUE(caller->isRight());
  EXPECT_EQ(other->run(), NIBBLE_OK);
  EXPECT_GT(fake->live(), 0);
  dlclose(library.handle);
  EXPECT_EQ(fake->live(), 0);
}

TEST(CudaLibrary, LoaderReleasesArena) {
  const fake_functions *fake = openFakeDriver();
  ASSERT_TRUE(fake);
  Library stays;
  nibble_model model;
  char error[100] = "";
  ASSERT_EQ(nibble_model_open(&model, MODEL, "model", 1, error, sizeof error), 0) << error;
  const std::array<int32_t, kElements> x = {3}, z = {5};
  std::array<int32_t, kElements> y = {};
  const void *inputs[] = {&x, &z};
  void *outputs[] = {&y};
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(nibble_model_run(&model, inputs, outputs, nullptr), NIBBLE_OK);
  EXPECT_EQ(y[0], 3 * model_weights[kWeightOffset] + 5);
  EXPECT_GT(fake->live(), 0);
  nibble_model_close(&model);
  EXPECT_EQ(fake->live(), 0);
}

TEST(CudaLibrary, ForkHasNoDevice) {
  const fake_functions *fake = openFakeDriver();
  ASSERT_TRUE(fake);
  Library library;
  Caller caller(library.run, library.release);
  ASSERT_EQ(caller.run(), NIBBLE_OK);
  const int child = fork();
  if (child == 0) {
    const int32_t status = caller.run();
    caller.release();
    _exit(status);
  }
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_TRUE(WIFEXITED(how) && WEXITSTATUS(how) == NIBBLE_ERROR_DEVICE) << how;
  EXPECT_EQ(caller.run(), NIBBLE_OK);
  EXPECT_TRUE(caller.isRight());
  caller.release();
  EXPECT_EQ(fake->live(), 0);
}

/// Ends the process, where the order in which libraries were opened is that in which they go, or the other way round.
[[noreturn]] void endAfterRun(bool isDriverFirst) {
  if (isDriverFirst)
    openFakeDriver();
  Library library;
  openFakeDriver();
  Caller *caller = makeLasting(library);
  if (caller->run() != NIBBLE_OK || !caller->isRight())
    _exit(99);
  exit(0);
}

[[noreturn]] void endWhileRunning() {
  openFakeDriver();
  Library library;
  for (int t = 0; t < 4; ++t)
    std::thread([library, t] {
      for (Caller *caller = makeLasting(library, t);;)
        caller->run();
    }).detach();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  exit(0);
}

/// What is missing, and then there: the number of the wrong step, or 0.
int runWithoutDevice() {
  Caller caller(model_program);
  const bool hasDriver = dlopen("libcuda.so.1", RTLD_NOW) != nullptr;
  if (!hasDriver && (caller.run() != NIBBLE_ERROR_DEVICE_MISSING || caller.run() != NIBBLE_ERROR_DEVICE_MISSING))
    return 1;
  fake_driver *driver = openFakeDriver()->driver;
  if (hasDriver) // the machine's own
    return 0;
  const auto runWith = [&](int32_t devices, int32_t failure) {
    driver->devices = devices;
    driver->fail_at = failure != 0;
    driver->failure = failure;
    return caller.run();
  };
  if (runWith(0, 0) != NIBBLE_ERROR_DEVICE_MISSING || runWith(1, 803) != NIBBLE_ERROR_DEVICE_MISSING)
    return 2;
  if (runWith(1, 2) != NIBBLE_ERROR_DEVICE_MEMORY)
    return 3;
  if (runWith(1, 0) != NIBBLE_OK || !caller.isRight())
    return 4;
  caller.release();
  return runWith(0, 0) == NIBBLE_ERROR_DEVICE_MISSING ? 0 : 5;
}

TEST(CudaLibraryDeathTest, NoDriverThenOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe"); // a process of its own, which has opened nothing
  EXPECT_EXIT(_exit(runWithoutDevice()), testing::ExitedWithCode(0), "");
}

TEST(CudaLibraryDeathTest, ProcessEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(endAfterRun(false), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(endAfterRun(true), testing::ExitedWithCode(0), "");
  for (int i = 0; i < 5; ++i)
    EXPECT_EXIT(endWhileRunning(), testing::ExitedWithCode(0), "");
}
} // namespace
