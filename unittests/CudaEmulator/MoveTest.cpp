// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mov, vectors, selections, integer relations and predicates.
#include "Evaluate.h"

using namespace harness;

TEST(Move, PacksAndUnpacks) {
  std::vector<uint32_t> x, y;
  pairs(extremes<uint32_t>(), x, y);
  std::vector<uint64_t> both;
  std::vector<uint32_t> swapped;
  std::vector<uint64_t> quarters;
  for (size_t k = 0; k < x.size(); ++k) {
    both.push_back(uint64_t(y[k]) << 32 | x[k]);
    swapped.push_back(x[k] >> 16 | x[k] << 16);
    quarters.push_back(x[k] >> 16 | (x[k] & 0xFFFF) << 16 | uint64_t(y[k] & 0xFFFF) << 32 | uint64_t(y[k] >> 16) << 48);
  }
  expectBits(evaluate<uint64_t>("mov.b64 %d, {%x, %y};", x, y), both, "pack");
  expectBits(evaluate<uint32_t>("mov.b64 {_, %d}, %x;", both), y, "unpack the high half");
  expectBits(evaluate<uint32_t>("mov.b32 {%h0, %h1}, %x; mov.b32 %d, {%h1, %h0};", x), swapped, "swap");
  expectBits(
      evaluate<uint64_t>("mov.b32 {%h0, %h1}, %x; mov.b32 {%h2, %h3}, %y; mov.b64 %d, {%h1, %h0, %h2, %h3};", x, y),
      quarters, "four");
  expectBits(evaluate<uint32_t>("{ .reg .b16 %low; mov.b32 {%low, %h1}, %x; mov.b32 %d, {%h1, %low}; }", x), swapped,
             "a scope");
}

TEST(Move, Constants) {
  std::vector<uint32_t> none(32);
  auto expect = [&](const std::string &text, auto value) {
    using T = decltype(value);
    expectBits(evaluate<T>(text, none), std::vector<T>(32, value), text);
  };
  expect("mov.u32 %d, 0xABCDEFU;", 0xABCDEFu);
  expect("mov.u32 %d, -5;", -5);
  expect("mov.u32 %d, 0b1011;", 11u);
  expect("mov.u32 %d, 017;", 15u);
  expect("mov.f32 %d, 0f3FC00000;", 1.5f);
  expect("mov.f32 %d, 0d3FF8000000000000;", 1.5f);
  expect("mov.f64 %d, 0d3FF8000000000000;", 1.5);
  expect("add.s16 %d, %h0, 1; mov.u16 %d, -2;", uint16_t(65534));
  expect("mov.u32 %d, WARP_SZ;", 32u);
  expect("mov.u32 %d, %ntid.x;", 32u);
  expect("mov.u32 %d, %nctaid.x;", 1u);
  expect("mov.u32 %d, %nwarpid;", 1u);
}

TEST(Move, LanesAndMasks) {
  std::vector<uint32_t> none(32), lane, equal, less, greaterOrEqual;
  for (uint32_t l = 0; l < 32; ++l) {
    lane.push_back(l);
    equal.push_back(1u << l);
    less.push_back((1u << l) - 1);
    greaterOrEqual.push_back(~((1u << l) - 1));
  }
  expectBits(evaluate<uint32_t>("mov.u32 %d, %laneid;", none), lane, "laneid");
  expectBits(evaluate<uint32_t>("mov.u32 %d, %lanemask_eq;", none), equal, "eq");
  expectBits(evaluate<uint32_t>("mov.u32 %d, %lanemask_lt;", none), less, "lt");
  expectBits(evaluate<uint32_t>("mov.u32 %d, %lanemask_ge;", none), greaterOrEqual, "ge");
}

TEST(Move, Selections) {
  std::vector<int32_t> x, y;
  pairs(extremes<int32_t>(), x, y);
  std::vector<int32_t> select, choose, chooseNegated;
  for (size_t k = 0; k < x.size(); ++k) {
    select.push_back(x[k] < y[k] ? x[k] : y[k]);
    choose.push_back(y[k] >= 0 ? x[k] : y[k]);
    chooseNegated.push_back(x[k] < y[k] ? y[k] : x[k]);
  }
  expectBits(evaluate<int32_t>("setp.lt.s32 %p0, %x, %y; selp.b32 %d, %x, %y, %p0;", x, y), select, "selp");
  expectBits(evaluate<int32_t>("setp.lt.s32 %p0, %x, %y; selp.b32 %d, %x, %y, !%p0;", x, y), chooseNegated, "selp !");
  expectBits(evaluate<int32_t>("slct.s32.s32 %d, %x, %y, %y;", x, y), choose, "slct");
  expectBits(evaluate<int32_t>("setp.lt.s32 %p0, %x, %y; mov.b32 %d, %y; @%p0 mov.b32 %d, %x;", x, y), select,
             "@p mov");
}

template <class T>
static void relations() {
  std::vector<T> x, y;
  pairs(extremes<T>(), x, y);
  std::string type = (std::is_signed_v<T> ? ".s" : ".u") + std::to_string(8 * sizeof(T)) + " ";
  auto check = [&](const std::string &relation, auto reference) {
    std::vector<uint32_t> expected, masks;
    for (size_t k = 0; k < x.size(); ++k) {
      expected.push_back(reference(x[k], y[k]));
      masks.push_back(expected.back() ? 0xFFFFFFFF : 0);
    }
    std::string text = "setp." + relation + type + "%p0, %x, %y; selp.u32 %d, 1, 0, %p0;";
    expectBits(evaluate<uint32_t>(text, x, y), expected, text);
    text = "set." + relation + ".u32" + type + "%d, %x, %y;";
    expectBits(evaluate<uint32_t>(text, x, y), masks, text);
  };
  check("eq", [](T a, T b) { return a == b; });
  check("ne", [](T a, T b) { return a != b; });
  check("lt", [](T a, T b) { return a < b; });
  check("le", [](T a, T b) { return a <= b; });
  check("gt", [](T a, T b) { return a > b; });
  check("ge", [](T a, T b) { return a >= b; });
  if (!std::is_signed_v<T>) {
    check("lo", [](T a, T b) { return a < b; });
    check("ls", [](T a, T b) { return a <= b; });
    check("hi", [](T a, T b) { return a > b; });
    check("hs", [](T a, T b) { return a >= b; });
  }
}

TEST(Move, IntegerRelations) {
  relations<int16_t>();
  relations<uint16_t>();
  relations<int32_t>();
  relations<uint32_t>();
  relations<int64_t>();
  relations<uint64_t>();
}

TEST(Move, CombinedPredicates) {
  std::vector<uint32_t> x, y;
  pairs(std::vector<uint32_t>{0, 1, 2}, x, y);
  auto check = [&](const std::string &text, auto reference) {
    std::vector<uint32_t> expected;
    for (size_t k = 0; k < x.size(); ++k)
      expected.push_back(reference(x[k] != 0, y[k] == 1));
    expectBits(evaluate<uint32_t>("setp.ne.u32 %p1, %x, 0; " + text + " selp.u32 %d, 1, 0, %p0;", x, y), expected,
               text);
  };
  check("setp.eq.and.u32 %p0, %y, 1, %p1;", [](bool p, bool q) { return p && q; });
  check("setp.eq.or.u32 %p0, %y, 1, %p1;", [](bool p, bool q) { return p || q; });
  check("setp.eq.xor.u32 %p0, %y, 1, %p1;", [](bool p, bool q) { return p != q; });
  check("setp.eq.and.u32 %p0, %y, 1, !%p1;", [](bool p, bool q) { return !p && q; });
  check("setp.eq.u32 %p2|%p0, %y, 1;", [](bool, bool q) { return !q; });
  check("setp.eq.and.u32 %p2|%p0, %y, 1, %p1;", [](bool p, bool q) { return p && !q; });
  check("setp.eq.u32 %p2, %y, 1; and.pred %p0, %p1, %p2;", [](bool p, bool q) { return p && q; });
  check("setp.eq.u32 %p2, %y, 1; xor.pred %p0, %p1, %p2;", [](bool p, bool q) { return p != q; });
  check("setp.eq.u32 %p2, %y, 1; or.pred %p0, %p1, %p2; not.pred %p0, %p0;", [](bool p, bool q) { return !(p || q); });
  check("mov.pred %p0, %p1;", [](bool p, bool) { return p; });
  check("mov.pred %p0, -1;", [](bool, bool) { return true; });
  check("mov.pred %p0, 0; @!%p1 mov.pred %p0, 1;", [](bool p, bool) { return !p; });
}
