// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logic, shifts, fields, permutations and dot products of bytes.
#include "Evaluate.h"

using namespace harness;

namespace {

template <class T>
std::string width() {
  return ".b" + std::to_string(8 * sizeof(T));
}

template <class T>
class Bits : public ::testing::Test {
protected:
  std::vector<T> x, y;
  Bits() { pairs(extremes<T>(), x, y); }

  template <class D = T, class F>
  void check(const std::string &text, F &&reference) {
    std::vector<D> expected;
    for (size_t k = 0; k < x.size(); ++k)
      expected.push_back(D(reference(x[k], y[k])));
    expectBits(evaluate<D>(text, x, y), expected, text);
  }
};

using Types = ::testing::Types<uint16_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(Bits, Types);

/// Bit by bit, as the manual writes it.
template <class T>
T extract(T a, unsigned place, unsigned length) {
  using U = std::make_unsigned_t<T>;
  unsigned last = 8 * sizeof(T) - 1;
  U sign = !std::is_signed_v<T> || length == 0 ? 0 : U(a) >> std::min(place + length - 1, last) & 1;
  U made = 0;
  for (unsigned k = 0; k <= last; ++k)
    made |= (k < length && place + k <= last ? U(a) >> (place + k) & 1 : sign) << k;
  return T(made);
}

template <class T>
void checkExtract(const char *type) {
  std::vector<T> x, expected;
  std::vector<uint32_t> place, length;
  for (T value : extremes<T>())
    for (unsigned p : {0u, 1u, 8u, 24u, 31u, 32u, 63u, 64u, 255u})
      for (unsigned n : {0u, 1u, 8u, 31u, 32u, 63u, 64u, 255u}) {
        x.push_back(value);
        place.push_back(p);
        length.push_back(n | 0xFF00); // only a byte counts
        expected.push_back(extract(value, p, n));
      }
  expectBits(evaluate<T>(std::string("bfe") + type + " %d, %x, %y, %z;", x, place, length), expected, type);
}

} // namespace

TYPED_TEST(Bits, Logic) {
  using T = TypeParam;
  std::string b = width<T>();
  this->check("and" + b + " %d, %x, %y;", [](T x, T y) { return x & y; });
  this->check("or" + b + " %d, %x, %y;", [](T x, T y) { return x | y; });
  this->check("xor" + b + " %d, %x, %y;", [](T x, T y) { return x ^ y; });
  this->check("not" + b + " %d, %x;", [](T x, T) { return ~x; });
  this->check("cnot" + b + " %d, %x;", [](T x, T) { return x == 0; });
}

TYPED_TEST(Bits, Shifts) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  constexpr unsigned bits = 8 * sizeof(T);
  for (unsigned n : {0u, 1u, 7u, bits - 1, bits, bits + 1, 0xFFFFFFFFu}) {
    std::string amount = " %d, %x, " + std::to_string(n) + ";";
    this->check("shl" + width<T>() + amount, [=](T x, T) { return n < bits ? T(x << n) : T(0); });
    this->check("shr.u" + std::to_string(bits) + amount, [=](T x, T) { return n < bits ? T(x >> n) : T(0); });
    this->check("shr.s" + std::to_string(bits) + amount,
                [=](T x, T) { return n < bits ? T(S(x) >> n) : T(S(x) < 0 ? -1 : 0); });
  }
}

TYPED_TEST(Bits, Counts) {
  using T = TypeParam;
  if (sizeof(T) == 2)
    return;
  constexpr unsigned bits = 8 * sizeof(T);
  std::string b = width<T>(), u = ".u" + std::to_string(bits), s = ".s" + std::to_string(bits);
  auto highest = [](T x) {
    for (unsigned k = bits; k-- > 0;)
      if (x >> k & 1)
        return k;
    return 0xFFFFFFFF;
  };
  auto ofSigned = [=](T x) { return highest(x >> (bits - 1) ? T(~x) : x); };
  auto count = [](T x) {
    unsigned n = 0;
    for (unsigned k = 0; k < bits; ++k)
      n += unsigned(x >> k & 1);
    return n;
  };
  auto reverse = [](T x) {
    T made = 0;
    for (unsigned k = 0; k < bits; ++k)
      made |= (x >> k & 1) << (bits - 1 - k);
    return made;
  };
  this->template check<uint32_t>("popc" + b + " %d, %x;", [=](T x, T) { return count(x); });
  this->template check<uint32_t>("clz" + b + " %d, %x;", [=](T x, T) { return bits - 1 - highest(x); });
  this->template check<uint32_t>("bfind" + u + " %d, %x;", [=](T x, T) { return highest(x); });
  this->template check<uint32_t>("bfind" + s + " %d, %x;", [=](T x, T) { return ofSigned(x); });
  this->template check<uint32_t>("bfind.shiftamt" + s + " %d, %x;", [=](T x, T) {
    return ofSigned(x) == 0xFFFFFFFF ? 0xFFFFFFFF : bits - 1 - ofSigned(x);
  });
  this->check("brev" + b + " %d, %x;", [=](T x, T) { return reverse(x); });
}

TEST(Bits, Extract) {
  checkExtract<uint32_t>(".u32");
  checkExtract<int32_t>(".s32");
  checkExtract<uint64_t>(".u64");
  checkExtract<int64_t>(".s64");
}

TEST(Bits, Insert) {
  std::vector<uint32_t> x, y;
  pairs(extremes<uint32_t>(), x, y);
  for (unsigned place : {0u, 5u, 31u, 32u, 200u})
    for (unsigned length : {0u, 1u, 8u, 27u, 32u, 255u}) {
      std::vector<uint32_t> expected;
      for (size_t k = 0; k < x.size(); ++k) {
        uint32_t made = y[k];
        for (unsigned bit = 0; bit < length && place + bit < 32; ++bit)
          made = (made & ~(1u << (place + bit))) | (bit < 32 ? x[k] >> bit & 1 : 0) << (place + bit);
        expected.push_back(made);
      }
      std::string text = "bfi.b32 %d, %x, %y, " + std::to_string(place) + ", " + std::to_string(length) + ";";
      expectBits(evaluate<uint32_t>(text, x, y), expected, text);
    }
}

TEST(Bits, Permute) {
  std::vector<uint32_t> x, y, selectors, expected;
  std::mt19937 random(1);
  for (int n = 0; n < 500; ++n) {
    x.push_back(random());
    y.push_back(random());
    selectors.push_back(random());
    uint8_t bytes[8];
    std::memcpy(bytes, &x.back(), 4);
    std::memcpy(bytes + 4, &y.back(), 4);
    uint32_t made = 0;
    for (unsigned k = 0; k < 4; ++k) {
      unsigned nibble = selectors.back() >> 4 * k & 15;
      uint8_t byte = bytes[nibble & 7];
      made |= uint32_t(nibble & 8 ? (byte & 128 ? 255 : 0) : byte) << 8 * k;
    }
    expected.push_back(made);
  }
  expectBits(evaluate<uint32_t>("prmt.b32 %d, %x, %y, %z;", x, y, selectors), expected, "prmt");
}

TEST(Bits, LookUp) {
  std::vector<uint32_t> x, y;
  pairs(extremes<uint32_t>(), x, y);
  std::vector<uint32_t> z(x.rbegin(), x.rend());
  for (unsigned table : {0u, 1u, 0x80u, 0x96u, 0xE8u, 0xCAu, 0xFFu}) {
    std::vector<uint32_t> expected;
    for (size_t k = 0; k < x.size(); ++k) {
      uint32_t made = 0;
      for (unsigned bit = 0; bit < 32; ++bit)
        made |= (table >> ((x[k] >> bit & 1) * 4 + (y[k] >> bit & 1) * 2 + (z[k] >> bit & 1)) & 1) << bit;
      expected.push_back(made);
    }
    std::string text = "lop3.b32 %d, %x, %y, %z, " + std::to_string(table) + ";";
    expectBits(evaluate<uint32_t>(text, x, y, z), expected, text);
  }
}

TEST(Bits, FunnelShift) {
  std::vector<uint32_t> x, y;
  pairs(extremes<uint32_t>(), x, y);
  for (uint32_t n : {0u, 1u, 31u, 32u, 33u, 100u})
    for (bool left : {false, true})
      for (bool wrap : {false, true}) {
        std::vector<uint32_t> expected;
        uint32_t by = wrap ? n % 32 : std::min(n, 32u);
        for (size_t k = 0; k < x.size(); ++k) {
          uint64_t both = uint64_t(y[k]) << 32 | x[k];
          expected.push_back(left ? uint32_t(both >> (32 - by)) : uint32_t(both >> by));
        }
        std::string text = std::string("shf.") + (left ? "l" : "r") + (wrap ? ".wrap" : ".clamp") +
                           ".b32 %d, %x, %y, " + std::to_string(n) + ";";
        expectBits(evaluate<uint32_t>(text, x, y), expected, text);
      }
}

TEST(Bits, DotProducts) {
  std::vector<uint32_t> x, y;
  pairs(extremes<uint32_t>(), x, y);
  std::vector<uint32_t> z(x.rbegin(), x.rend());
  auto byte = [](uint32_t word, unsigned k, bool isSigned) {
    return isSigned ? int(int8_t(word >> 8 * k)) : int(uint8_t(word >> 8 * k));
  };
  auto half = [](uint32_t word, unsigned k, bool isSigned) {
    return isSigned ? int(int16_t(word >> 16 * k)) : int(uint16_t(word >> 16 * k));
  };
  for (bool a : {false, true})
    for (bool b : {false, true}) {
      std::string types = std::string(a ? ".s32" : ".u32") + (b ? ".s32" : ".u32") + " %d, %x, %y, %z;";
      std::vector<uint32_t> four, low, high;
      for (size_t k = 0; k < x.size(); ++k) {
        uint32_t sum = z[k];
        for (unsigned n = 0; n < 4; ++n)
          sum += uint32_t(byte(x[k], n, a) * byte(y[k], n, b));
        four.push_back(sum);
        uint32_t sums[2] = {z[k], z[k]};
        for (unsigned n = 0; n < 4; ++n)
          sums[n / 2] += uint32_t(half(x[k], n % 2, a)) * uint32_t(byte(y[k], n, b));
        low.push_back(sums[0]);
        high.push_back(sums[1]);
      }
      expectBits(evaluate<uint32_t>("dp4a" + types, x, y, z), four, "dp4a" + types);
      expectBits(evaluate<uint32_t>("dp2a.lo" + types, x, y, z), low, "dp2a.lo" + types);
      expectBits(evaluate<uint32_t>("dp2a.hi" + types, x, y, z), high, "dp2a.hi" + types);
    }
}
