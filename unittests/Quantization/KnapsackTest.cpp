// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Knapsack.h"

#include "gtest/gtest.h"

#include <limits>
#include <random>

using namespace nibble;

namespace {

using Items = std::vector<std::vector<KnapsackOption>>;

Items makeItems(unsigned seed, size_t count) {
  std::mt19937 generator(seed);
  Items items;
  for (size_t i = 0; i < count; ++i) {
    const int64_t weights = 1 + generator() % 50;
    std::vector<KnapsackOption> &options = items.emplace_back();
    for (int64_t bits : {2, 4, 8})
      options.push_back({weights * bits, bits == 8 ? 0.0 : double(generator() % 1000) / double(bits * bits)});
  }
  return items;
}

/// The least loss within the budget.
double searchAll(const Items &items, int64_t budget, size_t item = 0) {
  if (item == items.size())
    return 0;
  double least = std::numeric_limits<double>::infinity();
  for (const KnapsackOption &option : items[item])
    if (option.cost <= budget)
      least = std::min(least, option.loss + searchAll(items, budget - option.cost, item + 1));
  return least;
}

TEST(Knapsack, IsBetweenTheBoundAndOneStepOfTheBestOfAll) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const Items items = makeItems(seed, 7);
    const std::vector<KnapsackChoice> front = getFront(items);
    for (int64_t budget = front.front().cost; budget < front.back().cost + 10; budget += 23) {
      auto solution = solveKnapsack(items, budget);
      ASSERT_TRUE(solution);
      const double best = searchAll(items, budget);
      EXPECT_LE(solution->choice.cost, budget);
      EXPECT_LE(solution->bound, best + 1e-9);
      EXPECT_GE(solution->choice.loss, best - 1e-9);
      double step = 0;
      for (size_t i = 1; i < front.size(); ++i)
        step = std::max(step, front[i - 1].loss - front[i].loss);
      EXPECT_LE(solution->choice.loss, solution->bound + step + 1e-9);
    }
  }
}

TEST(Knapsack, CornersOfTheFrontAreTheBestOfTheirCost) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const Items items = makeItems(seed, 6);
    for (const KnapsackChoice &choice : getFront(items))
      EXPECT_NEAR(choice.loss, searchAll(items, choice.cost), 1e-9);
  }
}

TEST(Knapsack, SumsAreThoseOfTheOptions) {
  const Items items = makeItems(3, 5);
  const KnapsackChoice choice = solveKnapsack(items, 500)->choice;
  int64_t cost = 0;
  double loss = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    cost += items[i][choice.options[i]].cost;
    loss += items[i][choice.options[i]].loss;
  }
  EXPECT_EQ(choice.cost, cost);
  EXPECT_NEAR(choice.loss, loss, 1e-9);
}

TEST(Knapsack, NoneBelowTheCheapest) {
  const Items items = {{{10, 1.0}, {20, 0.0}}, {{5, 1.0}}};
  EXPECT_FALSE(solveKnapsack(items, 14));
  EXPECT_EQ(solveKnapsack(items, 15)->choice.options, (std::vector<size_t>{0, 0}));
  EXPECT_EQ(solveKnapsack(items, 25)->choice.options, (std::vector<size_t>{1, 0}));
}

TEST(Knapsack, DearerAndNoBetterIsNeverTaken) {
  const Items items = {{{10, 1.0}, {20, 2.0}, {30, 0.5}}};
  EXPECT_EQ(getFront(items).size(), 2u);
  EXPECT_EQ(solveKnapsack(items, 100)->choice.options, (std::vector<size_t>{2}));
}

} // namespace
