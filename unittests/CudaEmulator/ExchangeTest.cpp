// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// shfl, vote, redux and atomics
#include "Evaluate.h"

#include <algorithm>

using namespace harness;

namespace {

std::vector<uint32_t> values() {
  std::vector<uint32_t> all(32);
  for (uint32_t l = 0; l < 32; ++l)
    all[l] = l * l * 77 + 5;
  return all;
}

std::string faultOf(const std::string &body) {
  Device device;
  if (!device.load(kernelText(body, 1)))
    return "";
  std::string message = device.run({device.memory.allocate(4)});
  return message.substr(std::min(message.size(), message.find("thread")));
}

} // namespace

TEST(Exchange, Shuffles) {
  std::vector<uint32_t> x = values();
  auto check = [&](const std::string &operands, auto source, auto inside) {
    std::vector<uint32_t> expected, flags;
    for (int l = 0; l < 32; ++l) {
      expected.push_back(x[size_t(inside(l) ? source(l) : l)]);
      flags.push_back(inside(l));
    }
    std::string text = "shfl.sync." + operands + ", -1;";
    expectBits(evaluate<uint32_t>(std::string(text).replace(text.find("%D"), 2, "%d"), x), expected, text);
    text.replace(text.find("%D"), 2, "%r5|%p0");
    expectBits(evaluate<uint32_t>(text + "selp.u32 %d, 1, 0, %p0;", x), flags, text);
  };
  auto always = [](int) { return true; };
  check("bfly.b32 %D, %x, 5, 31", [](int l) { return l ^ 5; }, always);
  check("idx.b32 %D, %x, 9, 31", [](int) { return 9; }, always);
  check("up.b32 %D, %x, 3, 0", [](int l) { return l - 3; }, [](int l) { return l >= 3; });
  check("down.b32 %D, %x, 3, 31", [](int l) { return l + 3; }, [](int l) { return l < 29; });
  // Segments of eight lanes: the mask of segments is 24.
  check("down.b32 %D, %x, 3, 0x181F", [](int l) { return l + 3; }, [](int l) { return l % 8 < 5; });
  check("up.b32 %D, %x, 3, 0x1800", [](int l) { return l - 3; }, [](int l) { return l % 8 >= 3; });
  check("idx.b32 %D, %x, 2, 0x181F", [](int l) { return l / 8 * 8 + 2; }, always);
  check("bfly.b32 %D, %x, 4, 0x181F", [](int l) { return l ^ 4; }, always);
}

TEST(Exchange, MissingLanes) {
  // Two parts of the warp, each with its own member mask, one of which reads the other's.
  std::string parts = "setp.lt.u32 %p0, %t, 16; selp.b32 %r1, 0xFFFF, 0xFFFF0000, %p0; shfl.sync.bfly.b32 %r0, %t, ";
  EXPECT_EQ(faultOf(parts + "8, 31, %r1;"), "");
  EXPECT_EQ(faultOf(parts + "16, 31, %r1;"), "thread (0,0,0): reads lane 16, which takes no part");
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 4; @%p0 bra END; shfl.sync.bfly.b32 %r0, %t, 1, 31, -1; END:"),
            "thread (4,0,0): not all lanes of the member mask are here");
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 4; @%p0 bra END; shfl.sync.bfly.b32 %r0, %t, 4, 31, -16; END:"),
            "thread (4,0,0): reads lane 0, which takes no part");
  EXPECT_EQ(faultOf("setp.lt.u32 %p0, %t, 4; @%p0 ret; vote.sync.ballot.b32 %r0, %p0, -1;"), "");
}

TEST(Exchange, Votes) {
  std::vector<uint32_t> x = values();
  uint32_t ballot = 0;
  for (uint32_t l = 0; l < 32; ++l)
    ballot |= uint32_t(x[l] % 2 == 0) << l;
  std::string even = "and.b32 %r5, %x, 1; setp.eq.u32 %p0, %r5, 0; vote.sync.";
  auto all = [](uint32_t value) { return std::vector<uint32_t>(32, value); };
  expectBits(evaluate<uint32_t>(even + "ballot.b32 %d, %p0, -1;", x), all(ballot), "ballot");
  expectBits(evaluate<uint32_t>(even + "ballot.b32 %d, !%p0, 0xFFFF0000;", x), all(~ballot & 0xFFFF0000), "ballot");
  std::string select = " selp.u32 %d, 1, 0, %p1;";
  expectBits(evaluate<uint32_t>(even + "any.pred %p1, %p0, -1;" + select, x), all(1), "any");
  expectBits(evaluate<uint32_t>(even + "all.pred %p1, %p0, -1;" + select, x), all(0), "all");
  expectBits(evaluate<uint32_t>(even + "uni.pred %p1, %p0, -1;" + select, x), all(0), "uni");
  expectBits(evaluate<uint32_t>(even + "all.pred %p1, %p0, 1;" + select, x), all(ballot & 1), "all of one");
}

TEST(Exchange, Reductions) {
  std::vector<int32_t> x;
  for (uint32_t value : values())
    x.push_back(int32_t(value * 0x9E3779B9));
  auto check = [&](const std::string &operation, auto combine) {
    int32_t made = x[0];
    for (size_t k = 1; k < 32; ++k)
      made = combine(made, x[k]);
    std::string text = "redux.sync." + operation + " %d, %x, -1;";
    expectBits(evaluate<int32_t>(text, x), std::vector<int32_t>(32, made), text);
  };
  check("add.s32", [](int32_t a, int32_t b) { return int32_t(uint32_t(a) + uint32_t(b)); });
  check("min.s32", [](int32_t a, int32_t b) { return std::min(a, b); });
  check("max.s32", [](int32_t a, int32_t b) { return std::max(a, b); });
  check("max.u32", [](int32_t a, int32_t b) { return int32_t(std::max(uint32_t(a), uint32_t(b))); });
  check("and.b32", [](int32_t a, int32_t b) { return a & b; });
  check("or.b32", [](int32_t a, int32_t b) { return a | b; });
  check("xor.b32", [](int32_t a, int32_t b) { return a ^ b; });
}

TEST(Exchange, Atomics) {
  Device device;
  ASSERT_TRUE(device.load(kernelText(
      "mad.wide.u32 %rd0, %t, 4, %a1; atom.global.add.u32 %r0, [%a0], 2; st.global.u32 [%rd0], %r0;"
      "red.global.max.s32 [%a0+4], %t; neg.s32 %r1, %t; atom.min.s32 %r2, [%a0+8], %r1;"
      "add.u32 %r8, %t, 100; atom.global.cas.b32 %r3, [%a0+12], %t, %r8; atom.global.exch.b32 %r4, [%a0+16], %t;"
      "mov.u32 %r6, %lanemask_eq; red.global.or.b32 [%a0+20], %r6; red.global.inc.u32 [%a0+24], 10;"
      "atom.global.add.u64 %rd5, [%a0+32], 5; red.global.add.f32 [%a0+40], 0f3F000000;"
      "mov.u64 %rd6, s; st.volatile.shared.u32 [s], 0; mov.u32 %r7, %lanemask_le; atom.shared.xor.b32 %r5, [s], %r7;",
      2, ".shared .align 4 .b8 s[4];")));
  uint64_t sums = device.upload(std::vector<uint32_t>(16)), old = device.upload(std::vector<uint32_t>(32));
  for (unsigned cpus : {1u, 2u}) {
    device.settings.threads = cpus;
    uint32_t *host = reinterpret_cast<uint32_t *>(device.memory.host(sums, 64));
    std::fill_n(host, 16, 0u);
    ASSERT_EQ(device.run({sums, old}, {1, 1, 1}), "");
    EXPECT_EQ(std::vector<uint32_t>(host, host + 11),
              (std::vector<uint32_t>{64, 31, uint32_t(-31), 100, 31, 0xFFFFFFFF, 10, 0, 160, 0, 0x41800000}));
    std::vector<uint32_t> seen = device.download<uint32_t>(old, 32);
    std::sort(seen.begin(), seen.end());
    for (uint32_t l = 0; l < 32; ++l)
      EXPECT_EQ(seen[l], 2 * l);
  }
}
