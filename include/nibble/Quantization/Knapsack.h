// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of its options each item gets, for the least loss under a budget: the multiple-choice knapsack problem, solved
// along the convex hull of each item's options (Sinha and Zoltners, "The multiple-choice knapsack problem", 1979).

#ifndef NIBBLE_QUANTIZATION_KNAPSACK_H
#define NIBBLE_QUANTIZATION_KNAPSACK_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace nibble {

struct KnapsackOption {
  int64_t cost;
  double loss;
};

/// For each item the position of its option, and the sums.
struct KnapsackChoice {
  std::vector<size_t> options;
  int64_t cost = 0;
  double loss = 0;
};

/// The choices at the corners of the lower convex hull of all, from the cheapest to the one of least loss: each has the
/// least loss for its cost. One step apart, one item has changed.
std::vector<KnapsackChoice> getFront(llvm::ArrayRef<std::vector<KnapsackOption>> items);

struct KnapsackSolution {
  KnapsackChoice choice;
  double bound; ///< no choice within the budget has less loss
};

/// A choice within the budget, whose loss is at most that of one step of the front above `bound`; none if the cheapest
/// is not within it.
std::optional<KnapsackSolution> solveKnapsack(llvm::ArrayRef<std::vector<KnapsackOption>> items, int64_t budget);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_KNAPSACK_H
