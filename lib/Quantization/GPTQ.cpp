// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/GPTQ.h"
#include "Matrix.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace nibble;

/// The columns as they are taken.
static std::vector<int64_t> getOrder(const RoundingProblem &problem, bool actOrder) {
  std::vector<int64_t> order(problem.columns);
  std::iota(order.begin(), order.end(), 0);
  auto moment = [&](int64_t column) { return problem.moments[column * problem.columns + column]; };
  if (actOrder)
    std::sort(order.begin(), order.end(),
              [&](int64_t a, int64_t b) { return moment(a) == moment(b) ? a < b : moment(a) > moment(b); });
  return order;
}

/// The upper triangular U with Uᵀ U = H⁻¹ for the damped and permuted moments H. Inputs that were always zero do
/// without the others.
static ColumnMatrix<double> factorInverse(const RoundingProblem &problem, llvm::ArrayRef<int64_t> order,
                                          double damping) {
  const int64_t n = problem.columns;
  ColumnMatrix<double> reversed(n, n);
  for (int64_t column = 0; column < n; ++column)
    for (int64_t row = 0; row < n; ++row)
      reversed(n - 1 - row, n - 1 - column) = problem.moments[order[column] * n + order[row]];
  const double mean = reversed.diagonal().mean();
  for (;; damping = std::max(2 * damping, 1e-6)) {
    ColumnMatrix<double> damped = reversed;
    damped.diagonal().array() += mean > 0 ? damping * mean : 1.0;
    Eigen::LLT<ColumnMatrix<double>> factors(damped);
    if (factors.info() != Eigen::Success)
      continue;
    // With J the reversal of all rows: JHJ = LLᵀ, so that H = RRᵀ for R = JLJ, which is upper triangular; U = R⁻¹.
    ColumnMatrix<double> lower = factors.matrixL();
    ColumnMatrix<double> upper = lower.reverse();
    ColumnMatrix<double> inverse = ColumnMatrix<double>::Identity(n, n);
    upper.triangularView<Eigen::Upper>().solveInPlace(inverse);
    return inverse;
  }
}

/// Rounds the columns in order, in blocks: what a block's errors do to the columns behind it is done at once.
static RoundedMatrix roundColumns(const RoundingProblem &problem, std::vector<float> scales,
                                  llvm::ArrayRef<int64_t> order, const ColumnMatrix<double> &inverse) {
  constexpr int64_t blockSize = 64;
  const int64_t n = problem.columns;
  RoundedMatrix rounded{std::vector<int8_t>(problem.weights.size()), std::move(scales)};
  ColumnMatrix<double> weights(problem.rows, n);
  for (int64_t row = 0; row < problem.rows; ++row)
    for (int64_t column = 0; column < n; ++column)
      weights(row, column) = problem.weights[row * n + order[column]];
  for (int64_t first = 0; first < n; first += blockSize) {
    const int64_t size = std::min(blockSize, n - first), rest = n - first - size;
    ColumnMatrix<double> errors(problem.rows, size);
    for (int64_t i = 0; i < size; ++i) {
      const int64_t column = first + i, group = order[column] / problem.getGroup();
      for (int64_t row = 0; row < problem.rows; ++row) {
        const double scale = rounded.scales[row * problem.getGroups() + group], w = weights(row, column);
        const double value = std::clamp<double>(std::rint(w / scale), -problem.largest, problem.largest);
        rounded.values[row * n + order[column]] = static_cast<int8_t>(value);
        errors(row, i) = (w - scale * value) / inverse(column, column);
      }
      weights.middleCols(column + 1, size - i - 1).noalias() -=
          errors.col(i) * inverse.row(column).segment(column + 1, size - i - 1);
    }
    weights.rightCols(rest).noalias() -= errors * inverse.block(first, first + size, size, rest);
  }
  return rounded;
}

RoundedMatrix nibble::roundByGPTQ(const RoundingProblem &problem, const GPTQOptions &options) {
  FixedBlocks fixed;
  const std::vector<int64_t> order = getOrder(problem, options.actOrder);
  RoundedMatrix best = roundToNearest(problem, getFullScales(problem));
  const ColumnMatrix<double> inverse = factorInverse(problem, order, options.damping);
  for (std::vector<float> scales : {searchScales(problem), getFullScales(problem)}) {
    RoundedMatrix rounded = roundColumns(problem, std::move(scales), order, inverse);
    refine(problem, rounded, options.rounds, options.sweeps);
    takeBetterRows(problem, best, rounded);
  }
  return best;
}
