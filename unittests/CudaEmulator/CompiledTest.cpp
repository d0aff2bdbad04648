// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs of many instructions as LLVM's back end chooses them: tiles, reductions, bytes, tables, wide integers.
#include "Harness.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace harness;

namespace {

constexpr char thread[] = R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
)";

std::vector<uint32_t> randomWords(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint32_t> words(count);
  for (uint32_t &word : words)
    word = random();
  return words;
}

} // namespace

/// A block's 16x8 tile over K = 64, by cp.async into shared memory, ldmatrix and mma: A is u8 by rows, B s8 by columns.
TEST(Compiled, MatrixProduct) {
  Device device;
  std::string program = std::string(thread) + R"(
@sa = internal addrspace(3) global [16 x [64 x i8]] undef, align 16
@sb = internal addrspace(3) global [8 x [64 x i8]] undef, align 16
declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32)
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
declare { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3(ptr addrspace(3))
declare { i32, i32, i32, i32 } @llvm.nvvm.mma.m16n8k32.row.col.u8.s8(i32, i32, i32, i32, i32, i32, i32, i32, i32, i32)
define ptx_kernel void @k(ptr addrspace(1) %a, ptr addrspace(1) %b, ptr addrspace(1) %c) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %at = shl i32 %t, 5
  %at1 = add i32 %at, 16
  %sa0 = getelementptr i8, ptr addrspace(3) @sa, i32 %at
  %sa1 = getelementptr i8, ptr addrspace(3) @sa, i32 %at1
  %ga0 = getelementptr i8, ptr addrspace(1) %a, i32 %at
  %ga1 = getelementptr i8, ptr addrspace(1) %a, i32 %at1
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %sa0, ptr addrspace(1) %ga0)
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %sa1, ptr addrspace(1) %ga1)
  %bt = shl i32 %t, 4
  %sbt = getelementptr i8, ptr addrspace(3) @sb, i32 %bt
  %gbt = getelementptr i8, ptr addrspace(1) %b, i32 %bt
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %sbt, ptr addrspace(1) %gbt)
  call void @llvm.nvvm.cp.async.commit.group()
  call void @llvm.nvvm.cp.async.wait.group(i32 0)
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %row = and i32 %t, 15
  %half = lshr i32 %t, 4
  %half16 = shl i32 %half, 4
  %brow = and i32 %t, 7
  %bhalf = lshr i32 %t, 3
  %bhalf1 = and i32 %bhalf, 1
  %bhalf16 = shl i32 %bhalf1, 4
  br label %loop
loop:
  %x = phi i32 [ 0, %0 ], [ %x1, %loop ]
  %s0 = phi i32 [ 0, %0 ], [ %n0, %loop ]
  %s1 = phi i32 [ 0, %0 ], [ %n1, %loop ]
  %s2 = phi i32 [ 0, %0 ], [ %n2, %loop ]
  %s3 = phi i32 [ 0, %0 ], [ %n3, %loop ]
  %acol = add i32 %half16, %x
  %pa = getelementptr [64 x i8], ptr addrspace(3) @sa, i32 %row, i32 %acol
  %fa = call { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) %pa)
  %bcol = add i32 %bhalf16, %x
  %pb = getelementptr [64 x i8], ptr addrspace(3) @sb, i32 %brow, i32 %bcol
  %fb = call { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3(ptr addrspace(3) %pb)
  %a0 = extractvalue { i32, i32, i32, i32 } %fa, 0
  %a1 = extractvalue { i32, i32, i32, i32 } %fa, 1
  %a2 = extractvalue { i32, i32, i32, i32 } %fa, 2
  %a3 = extractvalue { i32, i32, i32, i32 } %fa, 3
  %b0 = extractvalue { i32, i32 } %fb, 0
  %b1 = extractvalue { i32, i32 } %fb, 1
  %p = call { i32, i32, i32, i32 } @llvm.nvvm.mma.m16n8k32.row.col.u8.s8(i32 %a0, i32 %a1, i32 %a2, i32 %a3, i32 %b0, i32 %b1, i32 %s0, i32 %s1, i32 %s2, i32 %s3)
  %n0 = extractvalue { i32, i32, i32, i32 } %p, 0
  %n1 = extractvalue { i32, i32, i32, i32 } %p, 1
  %n2 = extractvalue { i32, i32, i32, i32 } %p, 2
  %n3 = extractvalue { i32, i32, i32, i32 } %p, 3
  %x1 = add i32 %x, 32
  %more = icmp ult i32 %x1, 64
  br i1 %more, label %loop, label %end
end:
  %g = lshr i32 %t, 2
  %m = and i32 %t, 3
  %g8 = shl i32 %g, 3
  %m2 = shl i32 %m, 1
  %o = add i32 %g8, %m2
  %pc = getelementptr i32, ptr addrspace(1) %c, i32 %o
  %v0 = insertelement <2 x i32> undef, i32 %n0, i32 0
  %v1 = insertelement <2 x i32> %v0, i32 %n1, i32 1
  store <2 x i32> %v1, ptr addrspace(1) %pc, align 8
  %pc2 = getelementptr i32, ptr addrspace(1) %pc, i32 64
  %w0 = insertelement <2 x i32> undef, i32 %n2, i32 0
  %w1 = insertelement <2 x i32> %w0, i32 %n3, i32 1
  store <2 x i32> %w1, ptr addrspace(1) %pc2, align 8
  ret void
})";
  ASSERT_TRUE(device.load(compile(program)));
  std::vector<uint32_t> a = randomWords(256, 1), b = randomWords(128, 2);
  std::vector<int32_t> expected(128);
  const auto *bytesA = reinterpret_cast<const uint8_t *>(a.data());
  const auto *bytesB = reinterpret_cast<const int8_t *>(b.data());
  for (unsigned row = 0; row < 16; ++row)
    for (unsigned column = 0; column < 8; ++column)
      for (unsigned x = 0; x < 64; ++x)
        expected[row * 8 + column] += bytesA[row * 64 + x] * bytesB[column * 64 + x];
  uint64_t c = device.memory.allocate(512);
  ASSERT_EQ(device.run({device.upload(a), device.upload(b), c}), "");
  EXPECT_EQ(device.download<int32_t>(c, 128), expected);
}

/// A sum over 100 values by strides, a butterfly in each of four warps, and one through shared memory.
TEST(Compiled, Reduction) {
  Device device;
  ASSERT_TRUE(device.load(compile(std::string(thread) + R"(
@part = internal addrspace(3) global [4 x i32] undef, align 4
declare i32 @llvm.nvvm.shfl.sync.bfly.i32(i32, i32, i32, i32)
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
define ptx_kernel void @k(ptr %in, i64 %n, ptr %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %t64 = zext i32 %t to i64
  br label %head
head:
  %i = phi i64 [ %t64, %0 ], [ %i1, %body ]
  %s = phi i32 [ 0, %0 ], [ %s1, %body ]
  %in_range = icmp ult i64 %i, %n
  br i1 %in_range, label %body, label %done
body:
  %p = getelementptr i32, ptr %in, i64 %i
  %v = load i32, ptr %p
  %s1 = add i32 %s, %v
  %i1 = add i64 %i, 128
  br label %head
done:
  br label %fold
fold:
  %d = phi i32 [ 16, %done ], [ %d1, %fold ]
  %f = phi i32 [ %s, %done ], [ %f1, %fold ]
  %o = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, i32 %f, i32 %d, i32 31)
  %f1 = add i32 %f, %o
  %d1 = lshr i32 %d, 1
  %end = icmp eq i32 %d1, 0
  br i1 %end, label %folded, label %fold
folded:
  %lane = and i32 %t, 31
  %warp = lshr i32 %t, 5
  %first = icmp eq i32 %lane, 0
  br i1 %first, label %put, label %wait
put:
  %q = getelementptr i32, ptr addrspace(3) @part, i32 %warp
  store i32 %f1, ptr addrspace(3) %q
  br label %wait
wait:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %is0 = icmp eq i32 %t, 0
  br i1 %is0, label %sum, label %ret
sum:
  %all = load <4 x i32>, ptr addrspace(3) @part, align 4
  %total = call i32 @llvm.vector.reduce.add.v4i32(<4 x i32> %all)
  store i32 %total, ptr %out
  br label %ret
ret:
  ret void
})")));
  std::vector<uint32_t> in = randomWords(1000, 3);
  uint32_t expected = 0;
  for (uint32_t value : in)
    expected += value;
  uint64_t out = device.memory.allocate(4);
  ASSERT_EQ(device.run({device.upload(in), 1000, out}, {1, 1, 1}, {128, 1, 1}), "");
  EXPECT_EQ(device.download<uint32_t>(out, 1)[0], expected);
}

/// Sixteen bytes at once as in the processor's kernels: widened, multiplied, requantized, clamped and narrowed.
TEST(Compiled, BytesOfVectors) {
  Device device;
  ASSERT_TRUE(device.load(compile(std::string(thread) + R"(
declare <16 x float> @llvm.rint.v16f32(<16 x float>)
declare <16 x float> @llvm.minnum.v16f32(<16 x float>, <16 x float>)
declare <16 x float> @llvm.maxnum.v16f32(<16 x float>, <16 x float>)
define ptx_kernel void @k(ptr %a, ptr %b, ptr %c) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %pa = getelementptr <16 x i8>, ptr %a, i32 %t
  %pb = getelementptr <16 x i8>, ptr %b, i32 %t
  %pc = getelementptr <16 x i8>, ptr %c, i32 %t
  %va = load <16 x i8>, ptr %pa, align 16
  %vb = load <16 x i8>, ptr %pb, align 16
  %wa = zext <16 x i8> %va to <16 x i32>
  %wb = sext <16 x i8> %vb to <16 x i32>
  %p = mul <16 x i32> %wa, %wb
  %f = sitofp <16 x i32> %p to <16 x float>
  %s = fmul <16 x float> %f, splat (float 0x3F8ABCDE00000000)
  %lo = call <16 x float> @llvm.maxnum.v16f32(<16 x float> %s, <16 x float> splat (float -1.28e2))
  %hi = call <16 x float> @llvm.minnum.v16f32(<16 x float> %lo, <16 x float> splat (float 1.27e2))
  %r = call <16 x float> @llvm.rint.v16f32(<16 x float> %hi)
  %i = fptosi <16 x float> %r to <16 x i32>
  %n = trunc <16 x i32> %i to <16 x i8>
  store <16 x i8> %n, ptr %pc, align 16
  ret void
})")));
  std::vector<uint32_t> a = randomWords(256, 4), b = randomWords(256, 5);
  std::vector<int8_t> expected(1024);
  for (size_t k = 0; k < 1024; ++k) {
    int left = reinterpret_cast<const uint8_t *>(a.data())[k], right = reinterpret_cast<const int8_t *>(b.data())[k];
    uint64_t bits = 0x3F8ABCDE00000000;
    double scale;
    std::memcpy(&scale, &bits, 8);
    volatile float product = float(left * right) * float(scale);
    expected[k] = int8_t(std::nearbyint(std::min(std::max(float(product), -128.0f), 127.0f)));
  }
  uint64_t c = device.memory.allocate(1024);
  ASSERT_EQ(device.run({device.upload(a), device.upload(b), c}, {1, 1, 1}, {64, 1, 1}), "");
  EXPECT_EQ(device.download<int8_t>(c, 1024), expected);
}

/// Shifts, divisions and rotations of 64 and 128 bits, counts, tables in constant and local memory, and a switch.
TEST(Compiled, IntegersAndTables) {
  Device device;
  ASSERT_TRUE(device.load(compile(std::string(thread) + R"(
@table = internal addrspace(4) constant [5 x i16] [i16 7, i16 -3, i16 1000, i16 0, i16 -32768], align 2
declare i64 @llvm.ctpop.i64(i64)
declare i64 @llvm.ctlz.i64(i64, i1)
declare i64 @llvm.fshl.i64(i64, i64, i64)
declare i64 @llvm.bitreverse.i64(i64)
declare i64 @llvm.smax.i64(i64, i64)
define ptx_kernel void @k(ptr %in, ptr %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i64, ptr %in, i32 %t
  %x = load i64, ptr %p
  %pop = call i64 @llvm.ctpop.i64(i64 %x)
  %clz = call i64 @llvm.ctlz.i64(i64 %x, i1 false)
  %rot = call i64 @llvm.fshl.i64(i64 %x, i64 %x, i64 %pop)
  %rev = call i64 @llvm.bitreverse.i64(i64 %rot)
  %d = sdiv i64 %rev, 1000003
  %u = udiv i64 %x, 77
  %m = mul i64 %d, %u
  %w = sext i64 %x to i128
  %ww = mul i128 %w, %w
  %hi = lshr i128 %ww, 70
  %h = trunc i128 %hi to i64
  %idx = urem i64 %x, 5
  %pt = getelementptr i16, ptr addrspace(4) @table, i64 %idx
  %v = load i16, ptr addrspace(4) %pt
  %v64 = sext i16 %v to i64
  %local = alloca [8 x i64]
  br label %fill
fill:
  %i = phi i64 [ 0, %0 ], [ %i1, %fill ]
  %q = getelementptr i64, ptr %local, i64 %i
  %iv = mul i64 %i, %v64
  store i64 %iv, ptr %q
  %i1 = add i64 %i, 1
  %full = icmp eq i64 %i1, 8
  br i1 %full, label %choose, label %fill
choose:
  %which = and i64 %clz, 7
  %ql = getelementptr i64, ptr %local, i64 %which
  %lv = load i64, ptr %ql
  switch i64 %idx, label %other [ i64 0, label %zero
    i64 1, label %one
    i64 2, label %two
    i64 3, label %three ]
zero:
  br label %end
one:
  %y1 = add i64 %lv, %m
  br label %end
two:
  %y2 = xor i64 %h, %lv
  br label %end
three:
  %y3 = call i64 @llvm.smax.i64(i64 %m, i64 %h)
  br label %end
other:
  %y4 = sub i64 %pop, %clz
  br label %end
end:
  %y = phi i64 [ %m, %zero ], [ %y1, %one ], [ %y2, %two ], [ %y3, %three ], [ %y4, %other ]
  %po = getelementptr i64, ptr %out, i32 %t
  store i64 %y, ptr %po
  ret void
})")));
  std::mt19937_64 random(6);
  std::vector<uint64_t> in(256), expected;
  const int16_t table[] = {7, -3, 1000, 0, -32768};
  for (uint64_t &x : in)
    x = random() >> (random() % 64);
  for (uint64_t x : in) {
    uint64_t pop = uint64_t(__builtin_popcountll(x)), clz = x ? uint64_t(__builtin_clzll(x)) : 64;
    uint64_t by = pop & 63, rotated = by ? x << by | x >> (64 - by) : x, reversed = 0;
    for (unsigned k = 0; k < 64; ++k)
      reversed |= (rotated >> k & 1) << (63 - k);
    uint64_t m = uint64_t(int64_t(reversed) / 1000003) * (x / 77);
    uint64_t high = uint64_t((unsigned __int128)(__int128(int64_t(x)) * int64_t(x)) >> 70);
    uint64_t chosen = (clz & 7) * uint64_t(int64_t(table[x % 5]));
    uint64_t made[] = {m, chosen + m, high ^ chosen, uint64_t(std::max(int64_t(m), int64_t(high))), pop - clz};
    expected.push_back(made[x % 5]);
  }
  uint64_t out = device.memory.allocate(2048);
  ASSERT_EQ(device.run({device.upload(in), out}, {1, 1, 1}, {256, 1, 1}), "");
  EXPECT_EQ(device.download<uint64_t>(out, 256), expected);
}
