// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a launch cannot have.
#include "Harness.h"

using namespace harness;
using ptx::Extent;

namespace {

std::string bounded(const std::string &bound) {
  std::string text = kernelText("", 1);
  return text.replace(text.find("{\n"), 0, bound + "\n");
}

} // namespace

TEST(Launch, SizesThatNoKernelHas) {
  Device device;
  ASSERT_TRUE(device.load(kernelText("", 1)));
  EXPECT_EQ(device.run({0}, Extent{1, 65536, 1}), "kernel 'k': a grid of 1x65536x1 blocks");
  EXPECT_EQ(device.run({0}, Extent{1, 1, 1}, Extent{1025, 1, 1}),
            "kernel 'k': blocks of 1025 threads, expected 1 to 1024");
  EXPECT_EQ(device.run({0}, Extent{1, 1, 1}, Extent{32, 1, 1}, 233473), "kernel 'k': 233473 bytes of shared memory");
  EXPECT_EQ(device.run({}), "kernel 'k': 0 bytes of parameters, expected 8");
  EXPECT_EQ(device.fault.kind, ptx::FaultKind::Launch);
  EXPECT_EQ(device.run({0}, Extent{1, 1, 1}, Extent{32, 1, 1}, 233472), "");
}

TEST(Launch, SizesThatTheKernelForbids) {
  Device device;
  ASSERT_TRUE(device.load(bounded(".maxntid 64, 1, 1")));
  EXPECT_EQ(device.run({0}, Extent{1, 1, 1}, Extent{96, 1, 1}), "kernel 'k': blocks of 96 threads, .maxntid allows 64");
  ASSERT_TRUE(device.load(bounded(".reqntid 64, 1, 1")));
  EXPECT_EQ(device.run({0}), "kernel 'k': blocks that .reqntid does not allow");
  EXPECT_EQ(device.run({0}, Extent{1, 1, 1}, Extent{64, 1, 1}), "");
}
