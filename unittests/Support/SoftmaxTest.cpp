// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The integer softmax: its bounds, and its error against the softmax of reals.

#include "nibble/Support/Softmax.h"

#include "gtest/gtest.h"
#include <random>
#include <vector>

using namespace nibble::numerics;

namespace {

TEST(Softmax, Table) {
  for (float scale : {1e-30f, 0.003f, 0.0625f, 0.25f, 1.0f, 17.0f, 3e38f}) {
    auto table = softmaxTable(scale);
    EXPECT_EQ(table[0], 1 << 30);
    for (int d = 0; d < softmaxEntries; ++d)
      EXPECT_NEAR(table[d], 0x1p30 * std::exp(-double(scale) * d), 0.5001) << scale << " " << d;
  }
}

TEST(Softmax, FactorsHaveTheirBounds) {
  std::mt19937_64 random(1);
  const FixedMultiplier multipliers[] = {{1 << 30, 2}, {INT32_MAX - 127, 2}, {1 << 30, 22}, {INT32_MAX - 127, 62}};
  for (const FixedMultiplier &multiplier : multipliers)
    for (int bit = 30; bit < 62; ++bit)
      for (int i = 0; i < 1000; ++i) {
        const int64_t low = int64_t(1) << bit, last = 2 * low - 1;
        const int64_t sum = i == 0 ? low : (i == 1 ? last : low + int64_t(random() % uint64_t(low)));
        SoftmaxFactor factor = softmaxFactor(sum, multiplier);
        ASSERT_GE(factor.m, int64_t(1) << 29);
        ASSERT_LE(factor.m, int64_t(1) << 31);
        ASSERT_GE(factor.k, 32);
        ASSERT_LE(factor.k, 63);
        if (factor.k == 63) // whatever the exponential, the product rounds to 0
          continue;
        const double exact = std::ldexp(double(multiplier.m), factor.k - multiplier.s) / double(sum);
        ASSERT_NEAR(double(factor.m) / exact, 1.0, 0x1p-27) << sum;
      }
}

double errorInSteps(std::vector<int32_t> row, float scale, float resultScale) {
  std::vector<double> exact;
  double sum = 0;
  const int32_t largest = *std::max_element(row.begin(), row.end());
  for (int32_t q : row)
    sum += exact.emplace_back(std::exp(double(scale) * (q - largest)));
  ByteSoftmax softmax{softmaxTable(scale), *toFixedMultiplier(1.0f / resultScale), 0, 0, 255};
  softmax(row.data(), int64_t(row.size()));
  double worst = 0;
  for (size_t i = 0; i < row.size(); ++i)
    worst = std::max(worst, std::fabs(row[i] - std::min(exact[i] / sum / resultScale, 255.0)));
  return worst;
}

// What the README says of the error. All real results that are not clamped are at most half a step away, but for the
// products' rounding.
TEST(Softmax, ErrorAgainstReals) {
  std::mt19937 random(7);
  double worst = 0;
  for (float scale : {0.002f, 0.01f, 0.047f, 0.125f, 0.5f, 3.0f})
    for (int length : {1, 2, 3, 10, 100, 197, 1000, 4096, 50000})
      for (double spread : {1.0, 20.0, 256.0})
        for (float range : {1.0f, 0.1f, 4.0f / float(length)}) {
          std::vector<int32_t> row;
          for (int i = 0; i < length; ++i)
            row.push_back(255 - int32_t(double(random()) / 0x1p32 * spread));
          worst = std::max(worst, errorInSteps(row, scale, range / 256));
        }
  EXPECT_LT(worst, 0.5002);
  EXPECT_GT(worst, 0.49);
}

TEST(Softmax, ExtremesOfRows) {
  ByteSoftmax softmax{softmaxTable(1.0f), *toFixedMultiplier(256.0f), 0, 0, 255};
  std::vector<int32_t> one = {77}, equal(4, -3), far = {0, 255, 1};
  softmax(one.data(), 1);
  EXPECT_EQ(one[0], 255);
  softmax(equal.data(), 4);
  EXPECT_EQ(equal, std::vector<int32_t>(4, 64));
  softmax(far.data(), 3);
  EXPECT_EQ(far, (std::vector<int32_t>{0, 255, 0}));
  softmax = {softmaxTable(1.0f), *toFixedMultiplier(256.0f), -128, -128, 127};
  std::vector<int32_t> strided = {5, 99, 5, 99};
  softmax(strided.data(), 2, 2);
  EXPECT_EQ(strided, (std::vector<int32_t>{0, 99, 0, 99}));
}

} // namespace
