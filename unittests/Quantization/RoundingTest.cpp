// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/AdaptiveRounding.h"
#include "nibble/Quantization/GPTQ.h"
#include "nibble/Quantization/Moments.h"

#include "gtest/gtest.h"

#include <cmath>
#include <numeric>
#include <random>

using namespace nibble;

namespace {

/// Weights, and moments of inputs that hang together.
struct Layer {
  std::vector<float> weights;
  std::vector<double> moments;
  RoundingProblem problem;

  Layer(int64_t rows, int64_t columns, int32_t largest, int64_t group = 0, unsigned seed = 1)
      : moments(columns * columns, 0.0) {
    std::mt19937 generator(seed);
    auto draw = [&] { return float(int32_t(generator() % 2001) - 1000) / 1000.0f; };
    for (int64_t i = 0; i < rows * columns; ++i)
      weights.push_back(draw());
    for (int64_t sample = 0; sample < 4 * columns; ++sample) {
      std::vector<float> x;
      const float common = draw();
      for (int64_t column = 0; column < columns; ++column)
        x.push_back(common + 0.4f * draw());
      for (int64_t a = 0; a < columns; ++a)
        for (int64_t b = 0; b < columns; ++b)
          moments[a * columns + b] += double(x[a]) * double(x[b]) / double(4 * columns);
    }
    problem = {weights, moments, rows, columns, largest, group};
  }

  double getError(const RoundedMatrix &rounded) const {
    const std::vector<double> errors = getRoundingErrors(problem, rounded);
    return std::accumulate(errors.begin(), errors.end(), 0.0);
  }
};

/// The least error of one row over all stored values, with the given scale.
double searchAll(const Layer &layer, float scale) {
  const int64_t columns = layer.problem.columns, states = 2 * layer.problem.largest + 1;
  double least = INFINITY;
  int64_t count = 1;
  for (int64_t column = 0; column < columns; ++column)
    count *= states;
  for (int64_t code = 0; code < count; ++code) {
    RoundedMatrix rounded{{}, {scale}};
    for (int64_t column = 0, rest = code; column < columns; ++column, rest /= states)
      rounded.values.push_back(static_cast<int8_t>(rest % states - layer.problem.largest));
    least = std::min(least, layer.getError(rounded));
  }
  return least;
}

using Method = RoundedMatrix (*)(const RoundingProblem &);
RoundedMatrix byGPTQ(const RoundingProblem &problem) { return roundByGPTQ(problem); }
RoundedMatrix byAdaRound(const RoundingProblem &problem) { return roundAdaptively(problem); }

struct RoundingTest : testing::TestWithParam<Method> {};
INSTANTIATE_TEST_SUITE_P(Methods, RoundingTest, testing::Values(byGPTQ, byAdaRound));

TEST(RoundingScales, AreFactorsTimesABase) {
  const std::vector<float> weights = {7.0f, -1.0f, 0.0f, 0.0f, 0.35f, 0.1f, 0, 0, 0, 0, 0, 0};
  const std::vector<double> moments(36, 0.0);
  const RoundingProblem problem{weights, moments, 2, 6, 7, 2};
  const std::vector<float> scales = getFullScales(problem);
  const float base = 1.0f / 18; // 18 = 127 / 7 steps
  EXPECT_FLOAT_EQ(scales[0], 1.0f);
  EXPECT_FLOAT_EQ(scales[1], base); // of zeros
  EXPECT_FLOAT_EQ(scales[2], base); // 0.05, the nearest
  EXPECT_EQ(scales[3], 1.0f);       // a row of zeros
  const RoundedMatrix product = multiplyFactors(problem, roundToNearest(problem, scales));
  EXPECT_EQ(product.values, (std::vector<int8_t>{7 * 18, -18, 0, 0, 6, 2, 0, 0, 0, 0, 0, 0}));
  ASSERT_EQ(product.scales.size(), 2u);
  EXPECT_FLOAT_EQ(product.scales[0], base);
}

TEST_P(RoundingTest, OfGroupsIsTheSameByFactors) {
  for (int32_t largest : {7, 1}) {
    Layer layer(3, 40, largest, 16);
    const RoundedMatrix rounded = GetParam()(layer.problem), product = multiplyFactors(layer.problem, rounded);
    for (int64_t row = 0; row < 3; ++row)
      for (int64_t column = 0; column < 40; ++column) {
        const int64_t at = row * 40 + column;
        EXPECT_NEAR(rounded.scales[row * 3 + column / 16] * float(rounded.values[at]),
                    product.scales[row] * float(product.values[at]), 1e-5);
      }
  }
}

TEST_P(RoundingTest, IsNearTheBestOfAllRoundings) {
  double own = 0, best = 0, nearest = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    Layer layer(1, 5, 3, 0, seed);
    const RoundedMatrix rounded = GetParam()(layer.problem);
    own += layer.getError(rounded);
    best += searchAll(layer, rounded.scales[0]);
    nearest += layer.getError(roundToNearest(layer.problem, rounded.scales));
  }
  EXPECT_GE(own, best * (1 - 1e-9));
  EXPECT_LE(own, best + 0.3 * (nearest - best));
}

TEST(Rounding, FittedScalesAreBetter) {
  for (int64_t group : {0, 8}) {
    Layer layer(6, 30, 7, group);
    RoundedMatrix rounded = roundToNearest(layer.problem, getFullScales(layer.problem));
    const double before = layer.getError(rounded);
    fitScales(layer.problem, rounded);
    EXPECT_LT(layer.getError(rounded), before);
  }
}

TEST_P(RoundingTest, NoRowIsWorseThanRoundToNearest) {
  for (int64_t columns : {1, 7, 65, 150})
    for (int32_t largest : {1, 7, 127})
      for (int64_t group : {0, 16}) {
        Layer layer(6, columns, largest, group);
        const std::vector<double> own = getRoundingErrors(layer.problem, GetParam()(layer.problem)),
                                  nearest = getRoundingErrors(
                                      layer.problem, roundToNearest(layer.problem, getFullScales(layer.problem)));
        for (int64_t row = 0; row < 6; ++row)
          EXPECT_LE(own[row], nearest[row]);
      }
}

TEST_P(RoundingTest, IsMuchBetterThanRoundToNearestOfInputsThatHangTogether) {
  Layer layer(8, 64, 7);
  EXPECT_LT(layer.getError(GetParam()(layer.problem)),
            0.5 * layer.getError(roundToNearest(layer.problem, getFullScales(layer.problem))));
}

TEST_P(RoundingTest, ZerosAndInputsThatWereNeverSeen) {
  std::vector<float> weights = {0, 0, 0, 1.2f, -2, 0.5f};
  std::vector<double> moments(9, 0.0);
  const RoundedMatrix rounded = GetParam()({weights, moments, 2, 3, 7});
  EXPECT_EQ(rounded.values, (std::vector<int8_t>{0, 0, 0, 4, -7, 2}));
  EXPECT_EQ(rounded.scales[0], 1.0f);
  EXPECT_EQ(rounded.scales[1], 2.0f / 7.0f);
}

TEST_P(RoundingTest, GivesTheSameTwice) {
  Layer layer(5, 40, 7, 8);
  const RoundedMatrix a = GetParam()(layer.problem), b = GetParam()(layer.problem);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.scales, b.scales);
}

TEST(Rounding, DescendNeverRaisesAnError) {
  Layer layer(10, 30, 7);
  RoundedMatrix rounded = roundToNearest(layer.problem, getFullScales(layer.problem));
  double last = layer.getError(rounded);
  for (int sweep = 0; sweep < 5; ++sweep) {
    descend(layer.problem, rounded, 1);
    EXPECT_LE(layer.getError(rounded), last * (1 + 1e-12));
    last = layer.getError(rounded);
  }
}

//===----------------------------------------------------------------------===//
// Moments
//===----------------------------------------------------------------------===//

TEST(Moments, OfAMatrix) {
  Moments moments(Windows(), 2);
  moments.add({1, 2, 3, 4}, {2, 2});
  EXPECT_EQ(moments.getMeans(), (std::vector<float>{5, 7, 2, 7, 10, 3, 2, 3, 1}));
}

TEST(Moments, OfWindowsWithPaddingStridesAndGroups) {
  Windows windows;
  windows.kernel = {1, 2};
  windows.strides = {1, 2};
  windows.pads = {0, 1, 0, 0};
  windows.groups = 2;
  Moments moments(windows, 2);
  // Of group 0 the row is 1 2 3: windows (0, 1) and (2, 3).
  moments.add({1, 10, 2, 20, 3, 30}, {1, 1, 3, 2});
  const std::vector<float> means = moments.getMeans();
  EXPECT_EQ(std::vector<float>(means.begin(), means.begin() + 9), (std::vector<float>{2, 3, 1, 3, 5, 2, 1, 2, 1}));
  EXPECT_EQ(std::vector<float>(means.begin() + 9, means.end()),
            (std::vector<float>{200, 300, 10, 300, 500, 20, 10, 20, 1}));
}

TEST(Moments, OfLargeImagesSomeWindowsCount) {
  Moments moments(Windows(), 1);
  moments.add(std::vector<float>(200 * 200, 3.0f), {1, 200, 200, 1});
  EXPECT_EQ(moments.getMeans(), (std::vector<float>{9, 3, 3, 1}));
}

TEST(Moments, OfNothing) { EXPECT_EQ(Moments(Windows(), 1).getMeans(), (std::vector<float>{0, 0, 0, 0})); }

} // namespace
