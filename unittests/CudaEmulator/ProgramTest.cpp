// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs as LLVM compiles them.
#include "Harness.h"

#include <cmath>

using namespace harness;

TEST(Program, AddsVectorsWithATail) {
  Device device;
  ASSERT_TRUE(device.load(compile(R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
define ptx_kernel void @k(ptr %a, ptr %b, ptr %c, i64 %n) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %c0 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %s = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %m = mul i32 %c0, %s
  %i = add i32 %m, %t
  %l = zext i32 %i to i64
  %in = icmp ult i64 %l, %n
  br i1 %in, label %do, label %end
do:
  %pa = getelementptr float, ptr %a, i64 %l
  %pb = getelementptr float, ptr %b, i64 %l
  %pc = getelementptr float, ptr %c, i64 %l
  %x = load float, ptr %pa
  %y = load float, ptr %pb
  %q = fdiv float %x, %y
  %z = fadd float %q, %y
  store float %z, ptr %pc
  br label %end
end:
  ret void
})")));
  const uint64_t n = 1000;
  std::vector<float> a(n), b(n), expected(n);
  for (uint64_t i = 0; i < n; ++i) {
    a[i] = float(i) - 333.25f;
    b[i] = float(i % 7) + 0.3f;
    volatile float quotient = a[i] / b[i];
    expected[i] = quotient + b[i];
  }
  uint64_t pa = device.upload(a), pb = device.upload(b), pc = device.upload(std::vector<float>(n, -1));
  EXPECT_EQ(device.run({pa, pb, pc, n}, {8, 1, 1}, {128, 1, 1}), "");
  EXPECT_EQ(device.download<float>(pc, n), expected);
}

/// A loop whose count differs by lane, a nested branch, and lanes that meet again.
TEST(Program, CollatzDiverges) {
  Device device;
  ASSERT_TRUE(device.load(compile(R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
define ptx_kernel void @k(ptr %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %first = add i32 %t, 1
  br label %head
head:
  %v = phi i32 [ %first, %0 ], [ %next, %latch ]
  %n = phi i32 [ 0, %0 ], [ %n1, %latch ]
  %done = icmp eq i32 %v, 1
  br i1 %done, label %end, label %body
body:
  %bit = and i32 %v, 1
  %odd = icmp ne i32 %bit, 0
  br i1 %odd, label %up, label %down
up:
  %three = mul i32 %v, 3
  %u = add i32 %three, 1
  store volatile i32 %u, ptr %out
  br label %latch
down:
  %d = lshr i32 %v, 1
  br label %latch
latch:
  %next = phi i32 [ %u, %up ], [ %d, %down ]
  %n1 = add i32 %n, 1
  br label %head
end:
  %l = zext i32 %t to i64
  %p0 = getelementptr i32, ptr %out, i64 %l
  %p = getelementptr i32, ptr %p0, i64 1
  store i32 %n, ptr %p
  ret void
})")));
  std::vector<uint32_t> expected(256);
  for (uint32_t t = 0; t < 256; ++t)
    for (uint32_t v = t + 1; v != 1; v = v & 1 ? 3 * v + 1 : v / 2)
      ++expected[t];
  uint64_t out = device.upload(std::vector<uint32_t>(257));
  device.settings.races = false; // out[0]
  ASSERT_EQ(device.run({out}, {1, 1, 1}, {256, 1, 1}), "");
  std::vector<uint32_t> got = device.download<uint32_t>(out, 257);
  EXPECT_EQ(std::vector<uint32_t>(got.begin() + 1, got.end()), expected);
}
