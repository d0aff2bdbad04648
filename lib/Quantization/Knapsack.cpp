// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Knapsack.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

using namespace nibble;
using llvm::ArrayRef;

/// Loss that is saved for each unit of cost.
static double getSlope(const KnapsackOption &from, const KnapsackOption &to) {
  return (from.loss - to.loss) / double(to.cost - from.cost);
}

/// The corners of the lower convex hull of an item's options, from the cheapest on.
static std::vector<size_t> getHull(ArrayRef<KnapsackOption> options) {
  std::vector<size_t> order(options.size()), hull;
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tuple(options[a].cost, options[a].loss, a) < std::tuple(options[b].cost, options[b].loss, b);
  });
  for (size_t next : order) {
    if (!hull.empty() && options[next].loss >= options[hull.back()].loss)
      continue; // dearer and no better
    while (hull.size() > 1 && getSlope(options[hull.back()], options[next]) >=
                                  getSlope(options[hull[hull.size() - 2]], options[hull.back()]))
      hull.pop_back();
    hull.push_back(next);
  }
  return hull;
}

std::vector<KnapsackChoice> nibble::getFront(ArrayRef<std::vector<KnapsackOption>> items) {
  struct Step {
    double slope;
    size_t item, to;
    KnapsackOption change;
  };
  std::vector<Step> steps;
  KnapsackChoice choice;
  for (auto [item, options] : llvm::enumerate(items)) {
    const std::vector<size_t> hull = getHull(options);
    choice.options.push_back(hull.front());
    choice.cost += options[hull.front()].cost;
    choice.loss += options[hull.front()].loss;
    for (size_t i = 1; i < hull.size(); ++i) {
      const KnapsackOption &from = options[hull[i - 1]], &to = options[hull[i]];
      steps.push_back({getSlope(from, to), item, hull[i], {to.cost - from.cost, to.loss - from.loss}});
    }
  }
  // Of one item they are in this order already, as its hull is convex.
  llvm::sort(steps,
             [](const Step &a, const Step &b) { return a.slope == b.slope ? a.item < b.item : a.slope > b.slope; });
  std::vector<KnapsackChoice> front{choice};
  for (const Step &step : steps) {
    choice.options[step.item] = step.to;
    choice.cost += step.change.cost;
    choice.loss += step.change.loss;
    front.push_back(choice);
  }
  return front;
}

/// Spends what is left of the budget on the single changes that save most.
static void fill(KnapsackChoice &choice, ArrayRef<std::vector<KnapsackOption>> items, int64_t budget) {
  while (true) {
    double most = 0;
    std::optional<std::pair<size_t, size_t>> best;
    for (auto [item, options] : llvm::enumerate(items)) {
      const KnapsackOption &now = options[choice.options[item]];
      for (auto [i, option] : llvm::enumerate(options))
        if (choice.cost - now.cost + option.cost <= budget && now.loss - option.loss > most) {
          most = now.loss - option.loss;
          best = {item, i};
        }
    }
    if (!best)
      return;
    const KnapsackOption &from = items[best->first][choice.options[best->first]],
                         &to = items[best->first][best->second];
    choice.cost += to.cost - from.cost;
    choice.loss += to.loss - from.loss;
    choice.options[best->first] = best->second;
  }
}

std::optional<KnapsackSolution> nibble::solveKnapsack(ArrayRef<std::vector<KnapsackOption>> items, int64_t budget) {
  const std::vector<KnapsackChoice> front = getFront(items);
  if (front.front().cost > budget)
    return std::nullopt;
  size_t last = 0;
  while (last + 1 < front.size() && front[last + 1].cost <= budget)
    ++last;
  KnapsackSolution solution{front[last], front[last].loss};
  // The linear relaxation takes a part of the next step.
  if (last + 1 < front.size())
    solution.bound += (front[last + 1].loss - front[last].loss) * double(budget - front[last].cost) /
                      double(front[last + 1].cost - front[last].cost);
  fill(solution.choice, items, budget);
  return solution;
}
