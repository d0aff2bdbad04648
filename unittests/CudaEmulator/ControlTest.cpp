// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Branches, ends and barriers.
#include "Evaluate.h"

using namespace harness;
using ptx::FaultKind;

namespace {

std::string faultOf(const std::string &body, FaultKind kind, ptx::Extent block = {32, 1, 1}) {
  Device device;
  if (!device.load(kernelText(body, 1)))
    return "";
  std::string message = device.run({device.memory.allocate(4096)}, {1, 1, 1}, block);
  EXPECT_EQ(device.fault.kind, kind) << message;
  return message.substr(std::min(message.size(), message.find("thread")));
}

std::vector<uint32_t> threads(uint32_t count = 32) {
  std::vector<uint32_t> all(count);
  for (uint32_t k = 0; k < count; ++k)
    all[k] = k;
  return all;
}

} // namespace

TEST(Control, LanesMeetBehindABranch) {
  // Both sides count the lanes that are there, then all lanes.
  std::vector<uint32_t> expected(32);
  for (uint32_t l = 0; l < 32; ++l)
    expected[l] = (l < 5 ? 0x1Fu : ~0x1Fu) + 0xFFFFFFFFu;
  expectBits(evaluate<uint32_t>("setp.lt.u32 %p0, %x, 5; @%p0 bra LESS; activemask.b32 %d; bra.uni END;"
                                "LESS: activemask.b32 %d; END: activemask.b32 %r5; add.u32 %d, %d, %r5;",
                                threads()),
             expected, "meet");
}

TEST(Control, LoopsOfDifferentLength) {
  std::vector<uint32_t> expected(32);
  for (uint32_t l = 0; l < 32; ++l)
    for (uint32_t k = 0; k <= l; ++k)
      expected[l] += k * k;
  expectBits(evaluate<uint32_t>("mov.u32 %d, 0; mov.u32 %r5, 0; LOOP: mad.lo.u32 %d, %r5, %r5, %d; add.u32 %r5, %r5, 1;"
                                "setp.le.u32 %p0, %r5, %x; @%p0 bra LOOP; activemask.b32 %r6; setp.ne.u32 %p1, %r6, -1;"
                                "@%p1 trap;",
                                threads()),
             expected, "loop");
}

TEST(Control, BranchTables) {
  std::vector<uint32_t> expected;
  for (uint32_t l = 0; l < 32; ++l)
    expected.push_back(l % 3 == 0 ? 100 : l % 3 == 1 ? 7 : 200);
  std::string text = "rem.u32 %r5, %x, 3; mov.u32 %d, 7; TABLE: .branchtargets A, END, B; brx.idx %r5, TABLE;"
                     "B: mov.u32 %d, 200; bra END; A: mov.u32 %d, 100; END: ";
  expectBits(evaluate<uint32_t>(text, threads()), expected, "brx.idx");
  EXPECT_EQ(faultOf("TABLE: .branchtargets A; brx.idx %t, TABLE; A:", FaultKind::IllegalInstruction),
            "thread (1,0,0): takes branch 1 of 1");
}

TEST(Control, LanesEndOneByOne) {
  Device device;
  ASSERT_TRUE(
      device.load(kernelText("mov.u32 %r0, 0; LOOP: mad.wide.u32 %rd0, %t, 4, %a0; activemask.b32 %r1;"
                             "popc.b32 %r1, %r1; st.global.u32 [%rd0], %r1; setp.eq.u32 %p0, %r0, %t; @%p0 exit;"
                             "add.u32 %r0, %r0, 1; bra LOOP;",
                             1)));
  uint64_t out = device.memory.allocate(160);
  ASSERT_EQ(device.run({out}, {1, 1, 1}, {40, 1, 1}), "");
  std::vector<uint32_t> got = device.download<uint32_t>(out, 40);
  for (uint32_t t = 0; t < 40; ++t) // the second warp's eight lanes count from 32 on
    EXPECT_EQ(got[t], t < 32 ? 32 - t : 40 - t) << t;
}

TEST(Control, BarriersReleaseWhenTheOthersHaveEnded) {
  Device device;
  ASSERT_TRUE(
      device.load(kernelText("setp.ge.u32 %p0, %t, 64; @%p0 ret; mov.u64 %rd0, s; mad.wide.u32 %rd1, %t, 4, %rd0;"
                             "st.shared.u32 [%rd1], %t; barrier.sync.aligned 0; sub.u32 %r0, 63, %t;"
                             "mad.wide.u32 %rd1, %r0, 4, %rd0; ld.shared.u32 %r1, [%rd1];"
                             "mad.wide.u32 %rd2, %t, 4, %a0; st.global.u32 [%rd2], %r1; bar.sync 1, 96;",
                             1, ".shared .align 4 .b8 s[256];")));
  uint64_t out = device.memory.allocate(256);
  ASSERT_EQ(device.run({out}, {1, 1, 1}, {96, 1, 1}), "");
  std::vector<uint32_t> got = device.download<uint32_t>(out, 64);
  for (uint32_t t = 0; t < 64; ++t)
    EXPECT_EQ(got[t], 63 - t);
}

TEST(Control, BarriersThatNotAllReach) {
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 5; @%p0 bar.sync 0;", FaultKind::Barrier),
            "thread (0,0,0): a barrier that 5 of the warp's 32 threads reach");
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 9; @%p0 bra END; bar.sync 0; END:", FaultKind::Barrier),
            "thread (9,0,0): a barrier that 23 of the warp's 32 threads reach");
  EXPECT_EQ(faultOf("shr.u32 %r0, %t, 5; bar.sync %r0;", FaultKind::Barrier, {64, 1, 1}),
            "thread (32,0,0): waits at barrier 1 and warp 0 at barrier 0, so both wait for ever");
  EXPECT_EQ(faultOf("bar.sync 0, 32;", FaultKind::Barrier, {64, 1, 1}),
            "thread (0,0,0): a barrier of 32 of the block's 64 threads is not executed here");
  EXPECT_EQ(faultOf("bar.sync 16;", FaultKind::Barrier), "thread (0,0,0): barrier 16, expected 0 to 15");
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 5; @%p0 bra END; bar.warp.sync -1; END:", FaultKind::Barrier),
            "thread (5,0,0): not all lanes of the member mask are here");
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 5; @%p0 bra END; bar.warp.sync -32; END:", FaultKind::None), "");
}

TEST(Control, Traps) {
  EXPECT_EQ(faultOf("setp.eq.u32 %p0, %t, 17; @%p0 trap;", FaultKind::Trap), "thread (17,0,0): trap");
  EXPECT_EQ(faultOf("setp.eq.u32 %p0, %t, 77; @%p0 trap;", FaultKind::None), "");
}

TEST(Control, ThreadsOfManyDimensions) {
  Device device;
  ASSERT_TRUE(device.load(kernelText(
      "mov.u32 %r0, %tid.x; mov.u32 %r1, %tid.y; mov.u32 %r2, %tid.z; mov.u32 %r3, %ntid.x; mov.u32 %r4, %ntid.y;"
      "mad.lo.u32 %r5, %r2, %r4, %r1; mad.lo.u32 %r5, %r5, %r3, %r0;" // the thread's number
      "mov.u32 %r6, %ctaid.x; mov.u32 %r7, %ctaid.y; mov.u32 %r8, %ctaid.z; mov.u32 %r9, %nctaid.x;"
      "mov.u32 %r10, %nctaid.y; mad.lo.u32 %r11, %r8, %r10, %r7; mad.lo.u32 %r11, %r11, %r9, %r6;"
      "mad.lo.u32 %r12, %r11, 30, %r5; mad.wide.u32 %rd0, %r12, 4, %a0; st.global.u32 [%rd0], %r12;",
      1)));
  uint64_t out = device.memory.allocate(24 * 30 * 4);
  for (unsigned cpus : {1u, 3u}) {
    device.settings.threads = cpus;
    ASSERT_EQ(device.run({out}, {2, 3, 4}, {5, 2, 3}), "");
    EXPECT_EQ(device.download<uint32_t>(out, 720), threads(720));
  }
}
