// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Data races are found, and what is ordered is none.
#include "Harness.h"

using namespace harness;
using ptx::Extent;

namespace {

constexpr char words[] = ".shared .align 16 .b8 s[1024];";
/// %rd0: the thread's word of s; %rd1: the word of the thread 32 further, round 64; %rd2: the thread's word of a0.
constexpr char places[] = "mov.u64 %rd5, s; mad.wide.u32 %rd0, %t, 4, %rd5; xor.b32 %r9, %t, 32;"
                          "mad.wide.u32 %rd1, %r9, 4, %rd5; mad.wide.u32 %rd2, %t, 4, %a0; mov.u32 %r8, %ctaid.x;";

/// The fault behind "thread (...): " of two blocks of two warps.
std::string race(const std::string &body, bool check = true) {
  Device device;
  device.settings.races = check;
  if (!device.load(kernelText(places + body, 1, words)))
    return "not loaded";
  std::string message = device.run({device.memory.allocate(1024)}, {2, 1, 1}, {64, 1, 1});
  if (message.empty())
    return "";
  EXPECT_EQ(device.fault.kind, ptx::FaultKind::Race) << message;
  message = message.substr(message.find("thread"));
  size_t address = message.find("0x10"); // of global memory: not the same each time
  return address == std::string::npos ? message : message.substr(0, address) + message.substr(message.find(", which"));
}

} // namespace

TEST(Race, SharedMemory) {
  EXPECT_EQ(race("st.shared.u32 [%rd0], %t; ld.shared.u32 %r0, [%rd1];"),
            "thread (32,0,0): writes shared memory at 0x80, which warp 0 of the block, with no barrier between read");
  EXPECT_EQ(race("ld.shared.u32 %r0, [%rd1]; st.shared.u32 [%rd0], %t;"),
            "thread (32,0,0): reads shared memory at 0x0, which warp 0 of the block, with no barrier between wrote");
  EXPECT_EQ(race("st.shared.u8 [%rd0], 1; st.shared.u8 [%rd1], 1;"),
            "thread (32,0,0): writes shared memory at 0x80, which warp 0 of the block, with no barrier between wrote");
  EXPECT_EQ(race("st.shared.u32 [%rd0], %t; ld.shared.u32 %r0, [%rd1];", false), "");
}

TEST(Race, BarriersOrder) {
  EXPECT_EQ(
      race("st.shared.u32 [%rd0], %t; bar.sync 0; ld.shared.u32 %r0, [%rd1]; bar.sync 0; st.shared.u32 [%rd0], 0;"),
      "");
  EXPECT_EQ(race("st.shared.u32 [%rd0], %t; bar.sync 0; ld.shared.u32 %r0, [%rd1]; st.shared.u32 [%rd0], 0;"),
            "thread (32,0,0): reads shared memory at 0x0, which warp 0 of the block, with no barrier between wrote");
  // Bytes of one word that belong to different warps.
  EXPECT_EQ(race("add.u64 %rd6, %rd5, %td; st.shared.u8 [%rd6], 1; ld.shared.u8 %r0, [%rd6];"), "");
}

TEST(Race, SeveralReaders) {
  EXPECT_EQ(race("ld.shared.u32 %r0, [s]; setp.ge.u32 %p0, %t, 32; @%p0 st.shared.u32 [%rd0+64], 1;"), "");
  EXPECT_EQ(
      race("ld.shared.u32 %r0, [s]; setp.eq.u32 %p0, %t, 32; @%p0 st.shared.u32 [s], 1;"),
      "thread (32,0,0): writes shared memory at 0x0, which several warps of the block, with no barrier between read");
  EXPECT_EQ(race("ld.shared.u32 %r0, [s]; bar.sync 0; setp.eq.u32 %p0, %t, 32; @%p0 st.shared.u32 [s], 1;"), "");
}

TEST(Race, LanesOfOneInstruction) {
  EXPECT_EQ(race("setp.lt.u32 %p0, %t, 3; @%p0 st.shared.u32 [s], %t;"),
            "thread (0,0,0): writes a place to which another lane of the same instruction writes another value");
  EXPECT_EQ(race("setp.lt.u32 %p0, %t, 3; @%p0 st.shared.u32 [s], 5;"), "");
}

TEST(Race, Blocks) {
  EXPECT_EQ(race("st.global.u32 [%rd2], 1;"), "thread (0,0,0): writes global memory at , which another block wrote");
  EXPECT_EQ(race("setp.eq.u32 %p0, %r8, 0; @%p0 st.global.u32 [%rd2], 1; ld.global.u32 %r0, [%rd2];"),
            "thread (0,0,0): reads global memory at , which another block wrote");
  EXPECT_EQ(race("ld.global.u32 %r0, [%rd2]; setp.eq.u32 %p0, %r8, 1; @%p0 st.global.u32 [%rd2], 1;"),
            "thread (0,0,0): writes global memory at , which another block read");
  EXPECT_EQ(race("ld.global.u32 %r0, [%rd2]; mad.wide.u32 %rd3, %r8, 256, %rd2; st.global.u32 [%rd3+256], 1;"), "");
}

TEST(Race, WarpsInGlobalMemory) {
  std::string own =
      "mad.wide.u32 %rd2, %r8, 512, %rd2; mad.wide.u32 %rd3, %r8, 512, %a0; mad.wide.u32 %rd3, %r9, 4, %rd3;";
  EXPECT_EQ(race(own + "st.global.u32 [%rd2], 1; ld.global.u32 %r0, [%rd3];"),
            "thread (32,0,0): writes global memory at , which warp 0 of the block, with no barrier between read");
  EXPECT_EQ(
      race(own +
           "st.global.u32 [%rd2], 1; bar.sync 0; ld.global.u32 %r0, [%rd3]; bar.sync 0; st.global.u32 [%rd2], 2;"),
      "");
  EXPECT_EQ(race(own + "ld.global.u32 %r0, [%rd2]; ld.global.u32 %r0, [%rd3]; bar.sync 0; st.global.u32 [%rd2], 2;"),
            "");
}

TEST(Race, SynchronizingAccessesMeet) {
  EXPECT_EQ(race("red.global.add.u32 [%a0], 1;"), "");
  EXPECT_EQ(race("st.volatile.global.u32 [%rd2], 1; ld.relaxed.gpu.global.u32 %r0, [%rd2];"), "");
  EXPECT_EQ(race("st.global.u32 [%rd2], 1; red.global.add.u32 [%a0], 1;"),
            "thread (32,0,0): writes global memory at , which warp 0 of the block, with no barrier between wrote");
}

TEST(Race, ConstantReads) {
  std::string own = "mad.wide.u32 %rd2, %r8, 256, %rd2;";
  EXPECT_EQ(race(own + "ld.global.nc.u32 %r0, [%rd2]; st.global.u32 [%rd2], 1;"), "");
  std::string message = race(own + "st.global.u32 [%rd2], 1; ld.global.nc.u32 %r0, [%rd2];");
  EXPECT_EQ(message, "thread (0,0,0): reads global memory at , which this launch wrote");
}

/// Blocks of different CPU threads count their barriers on their own.
TEST(Race, BlocksOfDifferentThreads) {
  Device device;
  device.settings.threads = 2;
  ASSERT_TRUE(device.load(kernelText("mov.u32 %r0, 0; LOOP: bar.sync 0; add.u32 %r0, %r0, 1; setp.lt.u32 %p0, %r0, 999;"
                                     "@%p0 bra LOOP; mad.wide.u32 %rd0, %t, 4, %a0; st.global.u32 [%rd0], 1;",
                                     1)));
  EXPECT_NE(device.run({device.memory.allocate(256)}, {16, 1, 1}), "");
  EXPECT_EQ(device.fault.kind, ptx::FaultKind::Race);
}

TEST(Race, LaunchesAreOrdered) {
  Device device;
  ASSERT_TRUE(device.load(kernelText("mov.u32 %r0, %ctaid.x; mad.lo.u32 %r0, %r0, 32, %t; xor.b32 %r0, %r0, 32;"
                                     "mad.wide.u32 %rd0, %r0, 4, %a0; st.global.u32 [%rd0], %r0;",
                                     1)));
  uint64_t out = device.memory.allocate(256);
  for (unsigned cpus : {1u, 2u, 1u, 4u}) {
    device.settings.threads = cpus;
    EXPECT_EQ(device.run({out}, {2, 1, 1}), "");
  }
}

/// Tags run out in the end; all begins anew then.
TEST(Race, TagsBeginAnew) {
  Device device;
  ASSERT_TRUE(device.load(kernelText("mov.u32 %r0, %ctaid.x; mad.lo.u32 %r0, %r0, 32, %t;"
                                     "mad.wide.u32 %rd0, %r0, 4, %a0; st.global.u32 [%rd0], %r0;",
                                     1)));
  uint64_t out = device.memory.allocate(256);
  device.memory.nextTag = 0x80000001;
  EXPECT_EQ(device.run({out}, {2, 1, 1}), "");
  EXPECT_LT(device.memory.nextTag, 1000u);
  EXPECT_EQ(device.run({out}, {2, 1, 1}), "");
}
