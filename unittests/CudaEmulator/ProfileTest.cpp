// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the profile counts.
#include "Harness.h"

using namespace harness;

namespace {

ptx::Profile profile(const std::string &body, ptx::Extent grid = {1, 1, 1}) {
  Device device;
  device.settings.profile = true;
  EXPECT_TRUE(device.load(kernelText(body, 1, ".shared .align 16 .b8 s[4096];")));
  uint64_t memory = device.memory.allocate(8192);
  EXPECT_EQ(device.run({memory}, grid), "");
  return ptx::profileOf(*device.module->kernel("k"));
}

} // namespace

TEST(Profile, Instructions) {
  ptx::Profile p =
      profile("setp.lt.u32 %p0, %t, 8; @%p0 bra END; fma.rn.f32 %f0, %f1, %f2, %f3; dp4a.u32.u32 %r0, %r1, %r2, %r0;"
              "@%p0 dp4a.u32.u32 %r0, %r1, %r2, %r0; END:",
              {3, 1, 1});
  EXPECT_EQ(p.launches, 1u);
  EXPECT_EQ(p.blocks, 3u);
  EXPECT_EQ(p.threadInstructions["fma.f32"], 3 * 24u);
  EXPECT_EQ(p.threadInstructions["dp4a"], 3 * 24u);
  EXPECT_EQ(p.threadInstructions["setp"], 3 * 32u);
}

TEST(Profile, GlobalMemory) {
  ptx::Profile adjacent = profile("mad.wide.u32 %rd0, %t, 4, %a0; ld.global.u32 %r0, [%rd0]; st.global.u32 [%rd0], 1;");
  EXPECT_EQ(adjacent.globalLoadBytes, 128u);
  EXPECT_EQ(adjacent.globalStoreBytes, 128u);
  EXPECT_EQ(adjacent.sectors, 8u);
  EXPECT_EQ(adjacent.leastSectors, 8u);
  ptx::Profile apart = profile("mad.wide.u32 %rd0, %t, 64, %a0; ld.global.u32 %r0, [%rd0];");
  EXPECT_EQ(apart.sectors, 32u);
  EXPECT_EQ(apart.leastSectors, 4u);
  ptx::Profile same = profile("ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%a0];");
  EXPECT_EQ(same.globalLoadBytes, 512u);
  EXPECT_EQ(same.sectors, 1u);
  EXPECT_EQ(same.leastSectors, 1u);
  ptx::Profile few = profile("setp.lt.u32 %p0, %t, 5; mad.wide.u32 %rd0, %t, 8, %a0; @%p0 ld.global.u32 %r0, [%rd0];");
  EXPECT_EQ(few.globalLoadBytes, 20u);
  EXPECT_EQ(few.sectors, 2u);
  EXPECT_EQ(few.leastSectors, 1u);
}

TEST(Profile, BankConflicts) {
  auto conflicts = [](unsigned stride, const char *load) {
    return profile("mov.u64 %rd1, s; mad.wide.u32 %rd0, %t, " + std::to_string(stride) + ", %rd1; " + load)
        .bankConflicts;
  };
  const char *one = "ld.shared.u32 %r0, [%rd0];", *four = "ld.shared.v4.u32 {%r0, %r1, %r2, %r3}, [%rd0];";
  const char *matrix = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%rd0];";
  EXPECT_EQ(conflicts(4, one), 0u);
  EXPECT_EQ(conflicts(0, one), 0u);
  EXPECT_EQ(conflicts(8, one), 1u);
  EXPECT_EQ(conflicts(128, one), 31u);
  EXPECT_EQ(conflicts(12, one), 0u);
  EXPECT_EQ(conflicts(16, four), 0u);
  EXPECT_EQ(conflicts(128, four), 4 * 7u);
  EXPECT_EQ(conflicts(80, matrix), 0u); // rows of 64 bytes, padded
  EXPECT_EQ(conflicts(64, matrix), 4 * 3u);
}
