// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mma.sync and ldmatrix against matrix products, by the manual's layouts of fragments.
#include "Harness.h"

#include <random>

using namespace harness;

namespace {

/// A product of m×k and k×8 bytes, whose fragments the kernel loads byte by byte from whole matrices.
struct Shape {
  unsigned m, k;
  const char *name;
};

/// Row and column of byte `i` of a lane's A fragment, as the manual has them for m16n8k32, m16n8k16 and m8n8k16.
void placeA(const Shape &s, unsigned lane, unsigned i, unsigned &row, unsigned &column) {
  unsigned group = lane >> 2, member = lane % 4;
  if (s.m == 8) {
    row = group;
    column = member * 4 + i;
  } else if (s.k == 16) {
    row = i < 4 ? group : group + 8;
    column = member * 4 + (i & 3);
  } else {
    row = (i < 4 || (8 <= i && i < 12)) ? group : group + 8;
    column = member * 4 + (i & 3) + (i < 8 ? 0 : 16);
  }
}
void placeB(unsigned lane, unsigned i, unsigned &row, unsigned &column) {
  row = (lane % 4) * 4 + (i & 3) + (i < 4 ? 0 : 16);
  column = lane >> 2;
}
void placeC(unsigned lane, unsigned i, unsigned &row, unsigned &column) {
  row = (lane >> 2) + (i < 2 ? 0 : 8);
  column = (lane % 4) * 2 + (i & 1);
}

std::string vectorOf(const char *prefix, unsigned first, unsigned count) {
  std::string text = "{";
  for (unsigned k = 0; k < count; ++k)
    text += (k ? ", " : "") + std::string(prefix) + std::to_string(first + k);
  return text + "}";
}

int value(uint8_t byte, bool isSigned) { return isSigned ? int(int8_t(byte)) : int(byte); }

void check(const Shape &s, bool signedA, bool signedB, bool saturates, bool extreme) {
  std::mt19937 random(s.m + s.k);
  std::vector<uint8_t> a(s.m * s.k), b(s.k * 8);
  std::vector<uint32_t> c(s.m * 8), expected(s.m * 8);
  for (uint8_t &byte : a)
    byte = extreme ? (signedA ? 0x80 : 0xFF) : uint8_t(random());
  for (uint8_t &byte : b)
    byte = extreme ? (signedB ? 0x80 : 0xFF) : uint8_t(random());
  for (uint32_t &word : c)
    word = extreme ? 0x7FFFFFF0 : random();
  for (unsigned row = 0; row < s.m; ++row)
    for (unsigned column = 0; column < 8; ++column) {
      int64_t sum = int32_t(c[row * 8 + column]);
      for (unsigned x = 0; x < s.k; ++x)
        sum += value(a[row * s.k + x], signedA) * value(b[x * 8 + column], signedB);
      if (saturates)
        sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX);
      expected[row * 8 + column] = uint32_t(sum);
    }
  unsigned aBytes = s.m * s.k / 32, bBytes = s.k / 4, words = s.m / 4;
  std::vector<uint8_t> fragments(32 * (aBytes + bBytes));
  std::vector<uint32_t> sums(32 * words);
  unsigned row, column;
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < aBytes; ++i) {
      placeA(s, lane, i, row, column);
      fragments[lane * (aBytes + bBytes) + i] = a[row * s.k + column];
    }
    for (unsigned i = 0; i < bBytes; ++i) {
      placeB(lane, i, row, column);
      fragments[lane * (aBytes + bBytes) + aBytes + i] = b[row * 8 + column];
    }
    for (unsigned i = 0; i < words; ++i) {
      placeC(lane, i, row, column);
      sums[lane * words + i] = c[row * 8 + column];
    }
  }
  std::string body = "mad.wide.u32 %rd0, %t, " + std::to_string(aBytes + bBytes) + ", %a0; mad.wide.u32 %rd1, %t, " +
                     std::to_string(4 * words) + ", %a1;\n";
  unsigned registers = (aBytes + bBytes) / 4;
  for (unsigned k = 0; k < registers; ++k)
    body += "ld.global.u32 %r" + std::to_string(k) + ", [%rd0+" + std::to_string(4 * k) + "];\n";
  for (unsigned k = 0; k < words; ++k)
    body += "ld.global.u32 %r" + std::to_string(20 + k) + ", [%rd1+" + std::to_string(4 * k) + "];\n";
  body += std::string("mma.sync.aligned.") + s.name + ".row.col" + (saturates ? ".satfinite" : "") + ".s32" +
          (signedA ? ".s8" : ".u8") + (signedB ? ".s8" : ".u8") + ".s32 " + vectorOf("%r", 20, words) + ", " +
          vectorOf("%r", 0, aBytes / 4) + ", " + vectorOf("%r", aBytes / 4, bBytes / 4) + ", " +
          vectorOf("%r", 20, words) + ";\n";
  for (unsigned k = 0; k < words; ++k)
    body += "st.global.u32 [%rd1+" + std::to_string(4 * k) + "], %r" + std::to_string(20 + k) + ";\n";
  Device device;
  ASSERT_TRUE(device.load(kernelText(body, 2)));
  uint64_t pa = device.upload(fragments), pc = device.upload(sums);
  ASSERT_EQ(device.run({pa, pc}), "");
  std::vector<uint32_t> got = device.download<uint32_t>(pc, 32 * words);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < words; ++i) {
      placeC(lane, i, row, column);
      ASSERT_EQ(got[lane * words + i], expected[row * 8 + column]) << s.name << " row " << row << " column " << column;
    }
}

} // namespace

TEST(Tensor, Products) {
  for (Shape shape : {Shape{16, 32, "m16n8k32"}, Shape{16, 16, "m16n8k16"}, Shape{8, 16, "m8n8k16"}})
    for (unsigned signs = 0; signs < 4; ++signs)
      for (bool extreme : {false, true}) {
        check(shape, signs & 1, signs & 2, false, extreme);
        check(shape, signs & 1, signs & 2, true, extreme);
      }
}

TEST(Tensor, LoadsMatrices) {
  for (unsigned count : {1u, 2u, 4u})
    for (bool transposed : {false, true}) {
      Device device;
      std::string registers = vectorOf("%r", 0, count);
      std::string body =
          "mad.wide.u32 %rd0, %t, 16, %a0; ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%rd0]; mov.u64 %rd1, s;"
          "mad.wide.u32 %rd2, %t, 16, %rd1; st.shared.v4.u32 [%rd2], {%r4, %r5, %r6, %r7}; bar.sync 0;"
          // rows come from the end: lane l tells where row l is
          "sub.u32 %r8, 31, %t; mad.wide.u32 %rd3, %r8, 16, %rd1;"
          "ldmatrix.sync.aligned.m8n8.x" +
          std::to_string(count) + (transposed ? ".trans" : "") + ".shared.b16 " + registers +
          ", [%rd3]; mad.wide.u32 %rd4, %t, 16, %a1;";
      for (unsigned k = 0; k < count; ++k)
        body += "st.global.u32 [%rd4+" + std::to_string(4 * k) + "], %r" + std::to_string(k) + ";";
      ASSERT_TRUE(device.load(kernelText(body, 2, ".shared .align 16 .b8 s[512];")));
      std::vector<uint16_t> matrix(256);
      for (uint32_t k = 0; k < 256; ++k)
        matrix[k] = uint16_t(k * 259 + 7);
      uint64_t in = device.upload(matrix), out = device.upload(std::vector<uint32_t>(128));
      ASSERT_EQ(device.run({in, out}), "");
      std::vector<uint32_t> got = device.download<uint32_t>(out, 128);
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned j = 0; j < count; ++j) {
          auto element = [&](unsigned row, unsigned column) {
            return uint32_t(matrix[(31 - 8 * j - row) * 8 + column]);
          };
          unsigned group = lane / 4, pair = lane % 4 * 2;
          uint32_t expected = transposed ? element(pair, group) | element(pair + 1, group) << 16
                                         : element(group, pair) | element(group, pair + 1) << 16;
          ASSERT_EQ(got[4 * lane + j], expected) << lane << " of " << count;
        }
    }
}

TEST(Tensor, NeedsTheWholeWarp) {
  Device device;
  ASSERT_TRUE(
      device.load(kernelText("setp.lt.u32 %p0, %t, 3; @%p0 bra END;"
                             "mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%r0, %r1}, {%r2}, {%r3}, {%r0, %r1};"
                             "END:",
                             1)));
  std::string message = device.run({0});
  EXPECT_EQ(message.substr(message.find("thread")), "thread (3,0,0): needs all 32 lanes of the warp, 29 are here");
}

TEST(Tensor, WhatIsRefused) {
  EXPECT_EQ(
      instructionError("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r0}, {%r1}, {%r2}, {%r0};").substr(0, 80),
      "'mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32': expected .sync.aligned, .m8");
  EXPECT_EQ(
      instructionError("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%r0, %r1}, {%r2, %r3}, {%r3}, {%r0, %r1};"),
      "'mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32': expected 1 registers, got 2");
}
