// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cp.async: when its data is there, and when it is not.
#include "Harness.h"

using namespace harness;

namespace {

constexpr char words[] = ".shared .align 16 .b8 s[1024];";
/// %rd0: 16 bytes of s for each thread, %rd1: of a0, %rd2: of a1.
constexpr char places[] = "mov.u64 %rd5, s; mad.wide.u32 %rd0, %t, 16, %rd5; mad.wide.u32 %rd1, %t, 16, %a0;"
                          "mad.wide.u32 %rd2, %t, 16, %a1;";
constexpr char copyOut[] =
    "ld.shared.v4.u32 {%r0, %r1, %r2, %r3}, [%rd0]; st.global.v4.u32 [%rd2], {%r0, %r1, %r2, %r3};";

struct Copy {
  std::string message;
  std::vector<uint32_t> out;
};

std::vector<uint32_t> input() {
  std::vector<uint32_t> all(256);
  for (uint32_t k = 0; k < 256; ++k)
    all[k] = k * 3 + 1;
  return all;
}

Copy run(const std::string &body, bool races = true, uint32_t threads = 32) {
  Device device;
  device.settings.races = races;
  if (!device.load(kernelText(places + body, 2, words)))
    return {"not loaded", {}};
  uint64_t in = device.upload(input()), out = device.upload(std::vector<uint32_t>(256));
  std::string message = device.run({in, out}, {1, 1, 1}, {threads, 1, 1});
  if (!message.empty())
    message = message.substr(message.find("thread"));
  return {message, device.download<uint32_t>(out, 256)};
}

std::vector<uint32_t> first(const std::vector<uint32_t> &all, size_t count) {
  return std::vector<uint32_t>(all.begin(), all.begin() + long(count));
}

} // namespace

TEST(AsyncCopy, Arrives) {
  for (const char *copy :
       {"cp.async.cg.shared.global [%rd0], [%rd1], 16;", "cp.async.ca.shared.global [%rd0], [%rd1], 16;",
        "cp.async.ca.shared.global [%rd0], [%rd1], 8; cp.async.ca.shared.global [%rd0+8], [%rd1+8], 8;",
        "cp.async.ca.shared.global [%rd0], [%rd1], 4; cp.async.ca.shared.global [%rd0+4], "
        "[%rd1+4], 4; cp.async.ca.shared.global [%rd0+8], [%rd1+8], 8;"})
    for (const char *wait : {"cp.async.commit_group; cp.async.wait_group 0;", "cp.async.wait_all;"}) {
      Copy made = run(std::string(copy) + wait + copyOut);
      EXPECT_EQ(made.message, "") << copy;
      EXPECT_EQ(first(made.out, 128), first(input(), 128)) << copy;
    }
}

TEST(AsyncCopy, FillsWithZeros) {
  // Lane l reads l mod 17 of 16 bytes; what lies behind them is not read, so may be outside.
  Copy made = run("rem.u32 %r4, %t, 17; setp.eq.u32 %p0, %r4, 0; selp.u64 %rd1, 16, %rd1, %p0;"
                  "cp.async.cg.shared.global [%rd0], [%rd1], 16, %r4; cp.async.wait_all;" +
                  std::string(copyOut));
  ASSERT_EQ(made.message, "");
  std::vector<uint32_t> in = input();
  for (uint32_t l = 0; l < 32; ++l) {
    uint8_t expected[16] = {};
    std::memcpy(expected, &in[4 * l], l % 17);
    EXPECT_EQ(std::memcmp(expected, &made.out[4 * l], 16), 0) << l;
  }
}

TEST(AsyncCopy, MissingWait) {
  std::string copy = "st.shared.v4.u32 [%rd0], {7, 7, 7, 7}; cp.async.cg.shared.global [%rd0], [%rd1], 16;";
  std::string early = "thread (0,0,0): reads shared memory at 0x0, which a cp.async that is not waited for wrote";
  EXPECT_EQ(run(copy + copyOut).message, early);
  EXPECT_EQ(run(copy + "cp.async.commit_group; bar.sync 0;" + copyOut).message, early);
  // A group that is not committed is not waited for.
  EXPECT_EQ(run(copy + "cp.async.wait_group 0;" + copyOut).message, early);
  EXPECT_EQ(run(copy + "cp.async.commit_group; cp.async.wait_group 1;" + copyOut).message, early);
  // Without the check, what was there before.
  EXPECT_EQ(first(run(copy + copyOut, false).out, 128), std::vector<uint32_t>(128, 7));
}

TEST(AsyncCopy, GroupsArriveInOrder) {
  std::string copies = "cp.async.cg.shared.global [%rd0], [%rd1], 16; cp.async.commit_group;"
                       "cp.async.cg.shared.global [%rd0+512], [%rd1+512], 16; cp.async.commit_group;";
  EXPECT_EQ(run(copies + "cp.async.wait_group 1;" + copyOut).message, "");
  EXPECT_EQ(run(copies + "cp.async.wait_group 1; ld.shared.u32 %r0, [%rd0+512];").message,
            "thread (0,0,0): reads shared memory at 0x200, which a cp.async that is not waited for wrote");
  EXPECT_EQ(run(copies + "cp.async.wait_group 0; ld.shared.u32 %r0, [%rd0+512];").message, "");
}

TEST(AsyncCopy, OtherWarpsNeedABarrier) {
  std::string copy = "cp.async.cg.shared.global [%rd0], [%rd1], 16; cp.async.wait_all;";
  std::string other = "xor.b32 %r9, %t, 32; mad.wide.u32 %rd6, %r9, 16, %rd5; ld.shared.u32 %r0, [%rd6];";
  EXPECT_EQ(run(copy + other, true, 64).message,
            "thread (32,0,0): writes shared memory at 0x200, which warp 0 of the block, with no barrier between read");
  EXPECT_EQ(run(copy + "bar.sync 0;" + other, true, 64).message, "");
  // A copy into what others may still read.
  EXPECT_EQ(
      run("ld.shared.u32 %r0, [s]; setp.lt.u32 %p0, %t, 32; @%p0 bra END; cp.async.ca.shared.global [s], [%rd1], 4;"
          "END:",
          true, 33)
          .message,
      "thread (32,0,0): writes shared memory at 0x0, which several warps of the block, with no barrier between read");
}

/// What a block leaves under way is not the next block's.
TEST(AsyncCopy, BlocksBeginWithout) {
  Device device;
  ASSERT_TRUE(device.load(kernelText("mov.u64 %rd5, s; mad.wide.u32 %rd0, %t, 16, %rd5; mad.wide.u32 %rd1, %t, 16, %a0;"
                                     "st.shared.u32 [%rd0], 1; ld.shared.u32 %r0, [%rd0];"
                                     "cp.async.cg.shared.global [%rd0], [%rd1], 16;",
                                     1, words)));
  EXPECT_EQ(device.run({device.upload(input())}, {2, 1, 1}), "");
}

TEST(AsyncCopy, WhatIsRefused) {
  EXPECT_EQ(instructionError("cp.async.cg.shared.global [%rd0], [%rd1], 8;"),
            "'cp.async.cg.shared.global': expected 16 bytes");
  EXPECT_EQ(instructionError("cp.async.ca.shared.global [%rd0], [%rd1], 12;"),
            "'cp.async.ca.shared.global': expected 4, 8 or 16 bytes");
  EXPECT_EQ(instructionError("cp.async.bulk.commit_group;"),
            "'cp.async.bulk.commit_group': '.bulk' is not executed here");
  EXPECT_EQ(run("cp.async.ca.shared.global [%rd0], [%rd1], 4, 5;").message,
            "thread (0,0,0): reads more bytes than it writes");
}
