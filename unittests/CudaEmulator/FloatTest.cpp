// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Float arithmetic, comparisons and minima with denormal numbers, infinities and NaN.
#include "Evaluate.h"

#include <cmath>

using namespace harness;

namespace {

float device(float value) {
  uint32_t canonical = 0x7FFFFFFF;
  if (value != value)
    std::memcpy(&value, &canonical, 4);
  return value;
}
double device(double value) { return value; }

template <class T>
std::string suffix() {
  return sizeof(T) == 4 ? ".f32" : ".f64";
}

template <class T>
class Floats : public ::testing::Test {
protected:
  std::vector<T> x, y;
  Floats() { pairs(extremes<T>(), x, y); }

  /// NaNs are equal where f64 has them, which keeps the operands' bits.
  void same(const std::vector<T> &got, const std::vector<T> &expected, const std::string &what) {
    for (size_t k = 0; k < got.size(); ++k)
      if (sizeof(T) == 4 || expected[k] == expected[k] || got[k] == got[k])
        ASSERT_EQ(std::memcmp(&got[k], &expected[k], sizeof(T)), 0)
            << what << " " << x[k] << ", " << y[k] << ": expected " << expected[k] << ", got " << got[k];
  }
  template <class F>
  void check(const std::string &opcode, const std::string &operands, F &&reference) {
    std::vector<T> expected;
    for (size_t k = 0; k < x.size(); ++k) {
      volatile T made = reference(x[k], y[k]);
      expected.push_back(device(T(made)));
    }
    same(evaluate<T>(opcode + suffix<T>() + operands, x, y), expected, opcode);
  }
};

using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Floats, Types);

} // namespace

TYPED_TEST(Floats, Arithmetic) {
  using T = TypeParam;
  this->check("add.rn", " %d, %x, %y;", [](T a, T b) { return a + b; });
  this->check("sub.rn", " %d, %x, %y;", [](T a, T b) { return a - b; });
  this->check("mul.rn", " %d, %x, %y;", [](T a, T b) { return a * b; });
  this->check("div.rn", " %d, %x, %y;", [](T a, T b) { return a / b; });
  this->check("sqrt.rn", " %d, %x;", [](T a, T) { return std::sqrt(a); });
  this->check("rcp.rn", " %d, %x;", [](T a, T) { return T(1) / a; });
  this->check("fma.rn", " %d, %x, %y, %x;", [](T a, T b) { return std::fma(a, b, a); });
  this->check("fma.rn", " %d, %x, %x, %y;", [](T a, T b) { return std::fma(a, a, b); });
}

TYPED_TEST(Floats, Extremes) {
  using T = TypeParam;
  auto less = [](T a, T b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); };
  auto smaller = [=](T a, T b) { return std::isnan(a) ? b : std::isnan(b) ? a : less(b, a) ? b : a; };
  auto larger = [=](T a, T b) { return std::isnan(a) ? b : std::isnan(b) ? a : less(a, b) ? b : a; };
  this->check("min", " %d, %x, %y;", smaller);
  this->check("max", " %d, %x, %y;", larger);
  T nan = std::numeric_limits<T>::quiet_NaN();
  if (sizeof(T) == 8)
    return;
  this->check("min.NaN", " %d, %x, %y;",
              [=](T a, T b) { return std::isnan(a) || std::isnan(b) ? nan : smaller(a, b); });
  this->check("max.NaN", " %d, %x, %y;", [=](T a, T b) { return std::isnan(a) || std::isnan(b) ? nan : larger(a, b); });
}

TYPED_TEST(Floats, Relations) {
  using T = TypeParam;
  auto check = [&](const std::string &relation, auto reference) {
    std::vector<uint32_t> expected;
    for (size_t k = 0; k < this->x.size(); ++k)
      expected.push_back(reference(this->x[k], this->y[k]));
    std::string text = "setp." + relation + suffix<T>() + " %p0, %x, %y; selp.u32 %d, 1, 0, %p0;";
    expectBits(evaluate<uint32_t>(text, this->x, this->y), expected, text);
  };
  auto unordered = [](T a, T b) { return std::isnan(a) || std::isnan(b); };
  check("eq", [](T a, T b) { return a == b; });
  check("ne", [=](T a, T b) { return a != b && !unordered(a, b); });
  check("lt", [](T a, T b) { return a < b; });
  check("le", [](T a, T b) { return a <= b; });
  check("gt", [](T a, T b) { return a > b; });
  check("ge", [](T a, T b) { return a >= b; });
  check("equ", [=](T a, T b) { return a == b || unordered(a, b); });
  check("neu", [](T a, T b) { return a != b; });
  check("ltu", [=](T a, T b) { return a < b || unordered(a, b); });
  check("leu", [=](T a, T b) { return a <= b || unordered(a, b); });
  check("gtu", [=](T a, T b) { return a > b || unordered(a, b); });
  check("geu", [=](T a, T b) { return a >= b || unordered(a, b); });
  check("num", [=](T a, T b) { return !unordered(a, b); });
  check("nan", unordered);
}

TYPED_TEST(Floats, SignsAndProperties) {
  using T = TypeParam;
  using U = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  const U sign = U(1) << (8 * sizeof(T) - 1);
  std::vector<U> bits(this->x.size()), other(bits), negative, absolute, copied;
  std::memcpy(bits.data(), this->x.data(), bits.size() * sizeof(U));
  std::memcpy(other.data(), this->y.data(), bits.size() * sizeof(U));
  for (size_t k = 0; k < bits.size(); ++k) {
    negative.push_back(bits[k] ^ sign);
    absolute.push_back(bits[k] & ~sign);
    copied.push_back((bits[k] & sign) | (other[k] & ~sign));
  }
  expectBits(evaluate<U>("neg" + suffix<T>() + " %d, %x;", this->x), negative, "neg");
  expectBits(evaluate<U>("abs" + suffix<T>() + " %d, %x;", this->x), absolute, "abs");
  expectBits(evaluate<U>("copysign" + suffix<T>() + " %d, %x, %y;", this->x, this->y), copied, "copysign");
  auto check = [&](const std::string &property, auto reference) {
    std::vector<uint32_t> expected;
    for (T value : this->x)
      expected.push_back(reference(value));
    std::string text = "testp." + property + suffix<T>() + " %p0, %x; selp.u32 %d, 1, 0, %p0;";
    expectBits(evaluate<uint32_t>(text, this->x), expected, text);
  };
  check("finite", [](T a) { return std::isfinite(a); });
  check("infinite", [](T a) { return std::isinf(a); });
  check("number", [](T a) { return !std::isnan(a); });
  check("notanumber", [](T a) { return std::isnan(a); });
  check("normal", [](T a) { return std::isnormal(a); });
  check("subnormal", [](T a) { return std::fpclassify(a) == FP_SUBNORMAL; });
}

TEST(Float, RefusesWhatDependsOnTheDevice) {
  EXPECT_EQ(instructionError("add.f32 %f0, %f1, %f2;"),
            "'add.f32': without .rn the assembler may fuse it with another instruction, so kernels must not use it");
  EXPECT_EQ(instructionError("div.approx.f32 %f0, %f1, %f2;"),
            "'div.approx.f32': is approximate, so kernels must not use it");
  EXPECT_EQ(instructionError("ex2.approx.f32 %f0, %f1;"),
            "'ex2.approx.f32': is approximate, so kernels must not use it");
  EXPECT_EQ(instructionError("fma.rn.ftz.f32 %f0, %f1, %f2, %f3;"),
            "'fma.rn.ftz.f32': flushes denormal numbers to zero, which kernels must not");
  EXPECT_EQ(instructionError("setp.lt.ftz.f32 %p0, %f1, %f2;"),
            "'setp.lt.ftz.f32': flushes denormal numbers to zero, which kernels must not");
  EXPECT_EQ(instructionError("add.rz.f32 %f0, %f1, %f2;"),
            "'add.rz.f32': rounds otherwise than to the nearest, which is not executed here");
}
