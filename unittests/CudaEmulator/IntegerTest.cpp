// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integer arithmetic at the ends of each type.
#include "Evaluate.h"

#include <algorithm>

using namespace harness;

namespace {

template <class T>
std::string suffix() {
  return (std::is_signed_v<T> ? ".s" : ".u") + std::to_string(8 * sizeof(T));
}

template <class T>
using Unsigned = std::make_unsigned_t<T>;
template <class T>
using Exact = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;

template <class T>
class Integers : public ::testing::Test {
protected:
  std::vector<T> x, y;
  Integers() { pairs(extremes<T>(), x, y); }

  template <class D = T, class F>
  void check(const std::string &opcode, F &&reference) {
    std::vector<D> expected;
    for (size_t k = 0; k < x.size(); ++k)
      expected.push_back(D(reference(Exact<T>(x[k]), Exact<T>(y[k]))));
    expectBits(evaluate<D>(opcode + suffix<T>() + " %d, %x, %y;", x, y), expected, opcode + suffix<T>());
  }
};

using Types = ::testing::Types<int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>;
TYPED_TEST_SUITE(Integers, Types);

} // namespace

TYPED_TEST(Integers, Binary) {
  using T = TypeParam;
  constexpr bool isSigned = std::is_signed_v<T>;
  this->check("add", [](auto a, auto b) { return Unsigned<T>(a) + Unsigned<T>(b); });
  this->check("sub", [](auto a, auto b) { return Unsigned<T>(a) - Unsigned<T>(b); });
  this->check("mul.lo", [](auto a, auto b) { return a * b; });
  this->check("mul.hi", [](auto a, auto b) { return a * b >> 8 * sizeof(T); });
  this->check("min", [](auto a, auto b) { return std::min(a, b); });
  this->check("max", [](auto a, auto b) { return std::max(a, b); });
  // Quotients by zero have no meaning; here they are all ones, and remainders the dividend.
  this->check("div", [](auto a, auto b) { return b == 0 ? decltype(a)(-1) : a / b; });
  this->check("rem", [](auto a, auto b) { return b == 0 ? a : a % b; });
  if constexpr (sizeof(T) == 4 && isSigned)
    this->check("add.sat", [](auto a, auto b) {
      return std::clamp<__int128>(a + b, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    });
}

TYPED_TEST(Integers, TernaryAndUnary) {
  using T = TypeParam;
  std::string type = suffix<T>();
  std::vector<T> z(this->x.rbegin(), this->x.rend()), sums, high, sad, negative, absolute;
  for (size_t k = 0; k < z.size(); ++k) {
    Exact<T> a = this->x[k], b = this->y[k];
    sums.push_back(T(Unsigned<T>(a * b) + Unsigned<T>(z[k])));
    high.push_back(T(Unsigned<T>(a * b >> 8 * sizeof(T)) + Unsigned<T>(z[k])));
    sad.push_back(T(Unsigned<T>(a < b ? b - a : a - b) + Unsigned<T>(z[k])));
    negative.push_back(T(-a));
    absolute.push_back(T(a < 0 ? -a : a));
  }
  expectBits(evaluate<T>("mad.lo" + type + " %d, %x, %y, %z;", this->x, this->y, z), sums, "mad.lo" + type);
  expectBits(evaluate<T>("mad.hi" + type + " %d, %x, %y, %z;", this->x, this->y, z), high, "mad.hi" + type);
  expectBits(evaluate<T>("sad" + type + " %d, %x, %y, %z;", this->x, this->y, z), sad, "sad" + type);
  if (!std::is_signed_v<T>)
    return;
  expectBits(evaluate<T>("neg" + type + " %d, %x;", this->x), negative, "neg" + type);
  expectBits(evaluate<T>("abs" + type + " %d, %x;", this->x), absolute, "abs" + type);
}

template <class T, class W>
static void checkWide() {
  std::vector<T> x, y;
  pairs(extremes<T>(), x, y);
  std::vector<W> z, products, sums;
  for (size_t k = 0; k < x.size(); ++k) {
    z.push_back(W(W(k) * W(0x123456789ABCDEF)));
    products.push_back(W(W(x[k]) * W(y[k])));
    sums.push_back(W(Unsigned<W>(products[k]) + Unsigned<W>(z[k])));
  }
  expectBits(evaluate<W>("mul.wide" + suffix<T>() + " %d, %x, %y;", x, y), products, "mul.wide" + suffix<T>());
  expectBits(evaluate<W>("mad.wide" + suffix<T>() + " %d, %x, %y, %z;", x, y, z), sums, "mad.wide" + suffix<T>());
}

TEST(Integer, Wide) {
  checkWide<int16_t, int32_t>();
  checkWide<uint16_t, uint32_t>();
  checkWide<int32_t, int64_t>();
  checkWide<uint32_t, uint64_t>();
}
