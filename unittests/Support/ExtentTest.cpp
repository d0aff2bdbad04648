// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents: what random polynomials are for random dimensions, and that equal ones are one.

#include "nibble/Support/Extent.h"

#include "mlir/IR/BuiltinTypes.h"
#include "gtest/gtest.h"

#include <functional>
#include <limits>
#include <random>

using namespace nibble;

namespace {

constexpr int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
constexpr unsigned dimCount = 3;

using Dims = std::vector<int64_t>;
const Extent d0 = Extent::dim(0), d1 = Extent::dim(1), d2 = Extent::dim(2);

int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/// An extent and its definition in plain integers.
struct Sample {
  Extent extent;
  std::function<int64_t(const Dims &)> value;
};

using ExtentFunction = Extent (*)(const Extent &, const Extent &);
using IntegerFunction = int64_t (*)(int64_t, int64_t);

Sample combine(ExtentFunction ofExtents, IntegerFunction ofIntegers, const Sample &a, const Sample &b) {
  return {ofExtents(a.extent, b.extent), [=](const Dims &dims) { return ofIntegers(a.value(dims), b.value(dims)); }};
}

/// Random extents whose values 64 bits hold for dimensions up to `largestDim`.
class Samples {
public:
  static constexpr int64_t largestDim = 9;

  explicit Samples(uint32_t seed, bool subtracts = true) : engine(seed), subtracts(subtracts) {}

  Sample make(unsigned depth) {
    if (depth == 0 || pick(6) == 0)
      return pick(3) == 0 ? constant(pick(subtracts ? 13 : 7) - (subtracts ? 6 : 0)) : dim(pick(dimCount));
    const Sample a = make(depth - 1);
    switch (pick(subtracts ? 8 : 6)) {
    case 0:
      return combine([](auto &x, auto &y) { return x * y; }, [](int64_t x, int64_t y) { return x * y; }, a,
                     make(depth / 2));
    case 1:
      return combine(floorDiv, floorDivide, a, divisor());
    case 2:
      return combine(ceilDiv, [](int64_t x, int64_t y) { return -floorDivide(-x, y); }, a, divisor());
    case 3:
      return combine([](auto &x, auto &y) { return min(x, y); }, [](int64_t x, int64_t y) { return std::min(x, y); }, a,
                     make(depth - 1));
    case 4:
      return combine([](auto &x, auto &y) { return max(x, y); }, [](int64_t x, int64_t y) { return std::max(x, y); }, a,
                     make(depth - 1));
    case 5:
      return combine([](auto &x, auto &y) { return x + y; }, [](int64_t x, int64_t y) { return x + y; }, a,
                     make(depth - 1));
    case 6:
      return combine(mod, [](int64_t x, int64_t y) { return x - floorDivide(x, y) * y; }, a, divisor());
    default:
      return combine([](auto &x, auto &y) { return x - y; }, [](int64_t x, int64_t y) { return x - y; }, a,
                     make(depth - 1));
    }
  }

  Dims makeDims() {
    Dims dims;
    for (unsigned i = 0; i < dimCount; ++i)
      dims.push_back(pick(4) == 0 ? 0 : pick(largestDim + 1));
    return dims;
  }

  int64_t pick(int64_t count) { return int64_t(engine() % uint64_t(count)); }

private:
  static Sample constant(int64_t value) {
    return {value, [=](const Dims &) { return value; }};
  }
  static Sample dim(int64_t index) {
    return {Extent::dim(unsigned(index)), [=](const Dims &dims) { return dims[index]; }};
  }
  /// Above 0.
  Sample divisor() {
    if (pick(3))
      return constant(pick(7) + 1);
    return combine([](auto &x, auto &y) { return x + y; }, [](int64_t x, int64_t y) { return x + y; },
                   dim(pick(dimCount)), constant(1));
  }

  std::mt19937 engine;
  bool subtracts;
};

TEST(Extent, ValuesAreThoseOfIntegers) {
  Samples samples(1);
  for (int i = 0; i < 4000; ++i) {
    const Sample sample = samples.make(4);
    for (int j = 0; j < 8; ++j) {
      const Dims dims = samples.makeDims();
      ASSERT_EQ(sample.extent.evaluate(dims), sample.value(dims))
          << sample.extent.str() << " of " << dims[0] << ", " << dims[1] << ", " << dims[2];
    }
  }
}

TEST(Extent, PartsAreTheWhole) {
  const Extent n = Extent::dim(0), m = Extent::dim(1);
  EXPECT_EQ(nibble::min(n, 2) + nibble::max(n - 2, 0), n);
  EXPECT_EQ(nibble::min(n, m) * 3 + nibble::max(n - m, 0) * 3 + m, n * 3 + m);
  EXPECT_NE(nibble::min(n, 2) + nibble::max(n - 3, 0), n);
  EXPECT_NE(nibble::min(n, 2) * 2 + nibble::max(n - 2, 0), n * 2);
}

TEST(Extent, SubstitutesIntegersAndExtents) {
  Samples samples(2);
  for (int i = 0; i < 1000; ++i) {
    const Sample sample = samples.make(4);
    const Dims dims = samples.makeDims();
    const Extent known = sample.extent.substitute([&](unsigned index) { return Extent(dims[index]); });
    ASSERT_EQ(known, Extent(sample.value(dims))) << sample.extent.str();
    // Dimensions in another order, one of them a sum.
    const Extent moved = sample.extent.substitute([](unsigned index) { return index == 0 ? d1 + d2 : d0 * index; });
    const Dims found = {dims[1] + dims[2], dims[0], 2 * dims[0]};
    ASSERT_EQ(moved.evaluate(dims), sample.extent.evaluate(found)) << sample.extent.str() << " to " << moved.str();
  }
}

/// Equal, and in every respect the same.
void expectOne(const Extent &a, const Extent &b) {
  EXPECT_EQ(a, b) << a.str() << " and " << b.str();
  EXPECT_EQ(hash_value(a), hash_value(b));
  EXPECT_EQ(a.str(), b.str());
}

TEST(Extent, Laws) {
  Samples samples(3);
  for (int i = 0; i < 500; ++i) {
    const Extent a = samples.make(3).extent, b = samples.make(2).extent, c = samples.make(2).extent;
    expectOne(a + b, b + a);
    expectOne(a * b, b * a);
    expectOne(min(a, b), min(b, a));
    expectOne(max(a, b), max(b, a));
    expectOne((a + b) + c, a + (b + c));
    expectOne((a * b) * c, a * (b * c));
    expectOne(a * (b + c), a * b + a * c);
    expectOne(a - b, a + b * -1);
    expectOne(a - a, 0);
    expectOne(a + 0, a);
    expectOne(a * 1, a);
    expectOne(a * 0, 0);
    expectOne(min(a, a), a);
    expectOne(max(a, a), a);
    expectOne(floorDiv(a * 6, 6), a);
    expectOne(floorDiv(a * 6 + 5, 6), a);
    expectOne(mod(a * 6 + 5, 6), 5);
    expectOne(ceilDiv(a * 6 + 1, 6), a + 1);
  }
}

TEST(Extent, OneWhateverTheOrder) {
  std::mt19937 engine(4);
  std::vector<Extent> terms = {d0 * d1 * 3, d0,         d1 * -2, floorDiv(d2 + 3, 4) * d0,
                               min(d0, d2), max(d1, 7), 12,      d0 * d0};
  Extent first;
  for (const Extent &term : terms)
    first += term;
  for (int i = 0; i < 100; ++i) {
    std::shuffle(terms.begin(), terms.end(), engine);
    Extent sum;
    for (const Extent &term : terms)
      sum += term;
    expectOne(sum, first);
  }
  Extent difference = first;
  for (const Extent &term : terms)
    difference -= term;
  expectOne(difference, 0);
  EXPECT_TRUE(difference.isStatic());
  EXPECT_NE(d0, d1);
  EXPECT_NE(floorDiv(d0, 2), floorDiv(d0, 3));
  EXPECT_NE(min(d0, d1), max(d0, d1));
}

TEST(Extent, KnownOnes) {
  const Extent four = 4;
  EXPECT_TRUE(four.isStatic());
  EXPECT_EQ(four.getStatic(), 4);
  EXPECT_EQ(four.getStaticOr(7), 4);
  EXPECT_FALSE(d0.isStatic());
  EXPECT_EQ(d0.getStaticOr(7), 7);
  EXPECT_EQ(Extent(), Extent(0));
  EXPECT_EQ(four.getDimCount(), 0u);
  EXPECT_EQ((d0 + floorDiv(Extent::dim(5), d1)).getDimCount(), 6u);
  EXPECT_EQ(floorDiv(-7, 2), Extent(-4));
  EXPECT_EQ(ceilDiv(-7, 2), Extent(-3));
  EXPECT_EQ(mod(-7, 2), Extent(1));
  EXPECT_EQ(floorDiv(7, 0), Extent(0));
  EXPECT_EQ(alignTo(65, 64), Extent(128));
}

TEST(Extent, DivisionTakesOutMultiples) {
  EXPECT_EQ(floorDiv(d0 * 16, 16), d0);
  EXPECT_EQ(floorDiv(d0 * 16 + 35, 16), d0 + 2);
  EXPECT_EQ(mod(d0 * 16 + 35, 16), Extent(3));
  EXPECT_EQ(ceilDiv(d0 * 4 + d1, 4), d0 + ceilDiv(d1, 4));
  EXPECT_EQ(floorDiv(d0 * d1, d1), d0);
  EXPECT_EQ(alignTo(d0 * 384, 64), d0 * 384);
  EXPECT_EQ(alignTo(d0, 64), floorDiv(d0 + 63, 64) * 64);
  EXPECT_EQ(floorDiv(d0, d1).evaluate({5, 0}), 0);
}

TEST(Extent, DividesExactly) {
  Samples samples(5);
  const Extent monomials[] = {1, -3, d0, d1 * 4, d0 * d2 * d2, min(d0, d1), floorDiv(d0, 2) * d1 * 2};
  for (int i = 0; i < 300; ++i) {
    const Extent a = samples.make(3).extent;
    for (const Extent &by : monomials)
      EXPECT_EQ(divideExactly(a * by, by), std::optional(a)) << a.str() << " by " << by.str();
  }
  EXPECT_EQ(divideExactly(d0 + 1, d0 + 1), std::optional(Extent(1)));
  EXPECT_EQ(divideExactly(0, d0), std::optional(Extent(0)));
  EXPECT_EQ(divideExactly(12, 4), std::optional(Extent(3)));
  EXPECT_EQ(divideExactly(12, 5), std::nullopt);
  EXPECT_EQ(divideExactly(d0, 0), std::nullopt);
  EXPECT_EQ(divideExactly(0, 0), std::nullopt);
  EXPECT_EQ(divideExactly(d0, d1), std::nullopt);
  EXPECT_EQ(divideExactly(d0 * 3, 2), std::nullopt);
  EXPECT_EQ(divideExactly(d0 * d1 + 1, d0), std::nullopt);
  EXPECT_EQ(divideExactly(least, -1), std::nullopt);
}

TEST(Extent, Saturates) {
  EXPECT_EQ(Extent(most) + 1, Extent(most));
  EXPECT_EQ(Extent(least) - 1, Extent(least));
  EXPECT_EQ(Extent(least) + most, Extent(-1));
  EXPECT_EQ(Extent(most) * 2, Extent(most));
  EXPECT_EQ(Extent(most) * -2, Extent(least));
  EXPECT_EQ(Extent(least) * least, Extent(most));
  EXPECT_EQ(Extent(0) - least, Extent(most));
  EXPECT_EQ(floorDiv(least, -1), Extent(most));
  const int64_t large = int64_t(1) << 40;
  EXPECT_EQ((d0 * d1).evaluate({large, large}), most);
  EXPECT_EQ((d0 * d1 * -1).evaluate({large, large}), -most);
  EXPECT_EQ((d0 + d1).evaluate({most, 1}), most);
  EXPECT_EQ((d0 * large) * large, d0 * most);
}

TEST(Extent, Replaces) {
  const Extent part = floorDiv(d0, 2);
  EXPECT_EQ((part * d1 + 3).replace(part, d2), d1 * d2 + 3);
  EXPECT_EQ((part * part).replace(part, 5), Extent(25));
  EXPECT_EQ((part - d1).replace(part, d1), Extent(0));
  // Within others, which become what they are then.
  EXPECT_EQ(min(part + 1, d1).replace(part, d1 + 4), d1);
  EXPECT_EQ(floorDiv(max(d0, d1) + d0, d2 + 1).replace(max(d0, d1), d0), floorDiv(d0 * 2, d2 + 1));
  EXPECT_EQ(max(min(d0, 512), d1).replace(min(d0, 512), d0), max(d0, d1));
  // Where it is not, nothing changes.
  for (const Extent &other : {Extent(7), d0, floorDiv(d0, 3), min(d0, d1), part * 0})
    EXPECT_EQ(other.replace(part, d2), other);
}

TEST(Extent, ReplacedByItsValueNothingChanges) {
  Samples samples(8);
  const Extent parts[] = {floorDiv(d0, 2), min(d0, d1), max(d1, d2)};
  for (int i = 0; i < 500; ++i) {
    const Extent sum = samples.make(3).extent;
    const Dims dims = samples.makeDims();
    for (const Extent &part : parts) {
      const Extent extent = sum + part * d0;
      EXPECT_EQ(extent.replace(part, part), extent);
      EXPECT_EQ(extent.replace(part, part.evaluate(dims)).evaluate(dims), extent.evaluate(dims))
          << part.str() << " in " << extent.str();
    }
  }
}

TEST(Extent, Solves) {
  using Solution = std::optional<std::pair<Extent, Extent>>;
  const Extent half = floorDiv(d0, 2), least = min(d0, 512), greatest = max(d0, d1);
  for (const Extent &part : {half, least, greatest}) {
    EXPECT_EQ(Extent::solve(part, d2), Solution({part, d2})) << part.str();
    EXPECT_EQ(Extent::solve(d2, part), Solution({part, d2})) << part.str();
    EXPECT_EQ(Extent::solve(part + d1 * 3, d2 - 4), Solution({part, d2 - d1 * 3 - 4})) << part.str();
    EXPECT_EQ(Extent::solve(5, d2 - part), Solution({part, d2 - 5})) << part.str();
  }
  EXPECT_EQ(Extent::solve(least, d0), Solution({least, d0})); // what depends on d0 may be d0
  // A dimension is none, nor is a multiple or a product, nor what the rest is made of too.
  EXPECT_EQ(Extent::solve(d0, d1 + 2), std::nullopt);
  EXPECT_EQ(Extent::solve(4, 4), std::nullopt);
  EXPECT_EQ(Extent::solve(half, half), std::nullopt);
  EXPECT_EQ(Extent::solve(half * 2, d1), std::nullopt);
  EXPECT_EQ(Extent::solve(half * d1, d2), std::nullopt);
  EXPECT_EQ(Extent::solve(half + half * d1, d2), std::nullopt);
}

TEST(Extent, SolutionsHoldWhereBothAreEqual) {
  Samples samples(9);
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    const Extent lhs = samples.make(3).extent, rhs = samples.make(2).extent;
    const auto solution = Extent::solve(lhs, rhs);
    if (!solution)
      continue;
    const auto &[part, value] = *solution;
    EXPECT_EQ(value.replace(part, 0), value) << part.str() << " = " << value.str();
    for (int j = 0; j < 8; ++j) {
      const Dims dims = samples.makeDims();
      const bool areEqual = lhs.evaluate(dims) == rhs.evaluate(dims);
      EXPECT_EQ(part.evaluate(dims) == value.evaluate(dims), areEqual) << lhs.str() << " = " << rhs.str();
      found += areEqual;
    }
  }
  EXPECT_GT(found, 20);
}

TEST(Extent, Bounds) {
  Samples any(6), positive(7, /*subtracts=*/false);
  for (int i = 0; i < 1000; ++i) {
    const Sample sample = any.make(4), sum = positive.make(3);
    const std::optional<int64_t> low = sample.extent.getLowerBound();
    const int64_t high = sum.extent.getUpperBound([](unsigned) { return Samples::largestDim; });
    EXPECT_TRUE(sum.extent.getLowerBound() && *sum.extent.getLowerBound() >= 0) << sum.extent.str();
    for (int j = 0; j < 8; ++j) {
      const Dims dims = any.makeDims();
      if (low)
        EXPECT_LE(*low, sample.value(dims)) << sample.extent.str();
      EXPECT_GE(high, sum.value(dims)) << sum.extent.str();
    }
  }
  EXPECT_EQ((d0 * 3 + 2).getLowerBound(), std::optional<int64_t>(2));
  EXPECT_EQ((d0 - 1).getLowerBound(), std::optional<int64_t>(-1));
  EXPECT_EQ((Extent(1) - d0).getLowerBound(), std::nullopt);
  EXPECT_EQ(max(d0 - d1, 4).getLowerBound(), std::optional<int64_t>(4));
  EXPECT_EQ((d0 * d1 + 1).getUpperBound([](unsigned) { return most; }), most);
}

TEST(Extent, MinimaAndMaximaOfWhatIsOrdered) {
  EXPECT_TRUE(isAtLeast(d0 + 3, 3));
  EXPECT_TRUE(isAtLeast(d0 * 2 + d1, d0));
  EXPECT_FALSE(isAtLeast(d0, 1));
  EXPECT_FALSE(isAtLeast(d0, d1));
  EXPECT_EQ(max(d0, 0), d0);
  EXPECT_EQ(max(d0, -1), d0);
  EXPECT_EQ(min(d0, 0), Extent(0));
  EXPECT_EQ(min(d0 + 5, d0), d0);
  EXPECT_EQ(max(d0 + d1, d1), d0 + d1);
  EXPECT_EQ(min(3, 4), Extent(3));
}

TEST(Extent, Usually) {
  EXPECT_EQ(evaluateUsually(7), 7);
  EXPECT_EQ(evaluateUsually(d0 * d1 + 1), kUsualDimension * kUsualDimension + 1);
}

TEST(Extent, Texts) {
  EXPECT_EQ(Extent(0).str(), "0");
  EXPECT_EQ(Extent(-5).str(), "-5");
  EXPECT_EQ(Extent(least).str(), "-9223372036854775808");
  EXPECT_EQ(d0.str(), "d0");
  EXPECT_EQ((d1 + d0).str(), "d0 + d1");
  EXPECT_EQ((Extent(3) + d1 * d0 * 2).str(), "2 * d0 * d1 + 3");
  EXPECT_EQ((d0 - 1).str(), "d0 - 1");
  EXPECT_EQ((Extent(5) - d0 * 2).str(), "-2 * d0 + 5");
  EXPECT_EQ((d1 - d0).str(), "-d0 + d1");
  EXPECT_EQ(ceilDiv(d0, 4).str(), "floordiv(d0 + 3, 4)");
  EXPECT_EQ((min(d1, d0) * d2).str(), "d2 * min(d0, d1)");
  EXPECT_EQ(max(d0 - 4, 0).str(), max(0, d0 - 4).str());
  std::string text;
  llvm::raw_string_ostream os(text);
  (d0 * d1 + floorDiv(d1, 2)).print(os, [](unsigned index) { return index ? "width" : "batch"; });
  EXPECT_EQ(text, "batch * width + floordiv(width, 2)");
}

TEST(Extent, Lists) {
  const std::vector<Extent> shape = {d0, 3, d0 * d1};
  EXPECT_FALSE(areStatic(shape));
  EXPECT_TRUE(areStatic({2, 3}));
  EXPECT_TRUE(areStatic({}));
  const int64_t dynamic = mlir::ShapedType::kDynamic;
  EXPECT_EQ(toTypeShape(shape), (llvm::SmallVector<int64_t>{dynamic, 3, dynamic}));
  EXPECT_EQ(toExtents({2, 5}), (llvm::SmallVector<Extent>{2, 5}));
  EXPECT_EQ(evaluate(shape, {4, 5}), (llvm::SmallVector<int64_t>{4, 3, 20}));
  EXPECT_EQ(product(shape), d0 * d0 * d1 * 3);
  EXPECT_EQ(product({}), Extent(1));
}

} // namespace
