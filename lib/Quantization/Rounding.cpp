// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Rounding.h"
#include "Matrix.h"
#include "nibble/Support/Numerics.h"

#include <cmath>
#include <limits>

using namespace nibble;

/// Smaller ones would make products with scales of activations subnormal.
static constexpr float kSmallestScale = 0x1p-60f;

static RowMatrix<double> getErrorMatrix(const RoundingProblem &problem, const RoundedMatrix &rounded) {
  RowMatrix<double> errors(problem.rows, problem.columns);
  for (int64_t row = 0, at = 0; row < problem.rows; ++row)
    for (int64_t column = 0; column < problem.columns; ++column, ++at)
      errors(row, column) =
          double(rounded.scales[row * problem.getGroups() + column / problem.getGroup()]) * double(rounded.values[at]) -
          double(problem.weights[at]);
  return errors;
}

static Eigen::Map<const ColumnMatrix<double>> getMoments(const RoundingProblem &problem) {
  return {problem.moments.data(), problem.columns, problem.columns};
}

std::vector<double> nibble::getRoundingErrors(const RoundingProblem &problem, const RoundedMatrix &rounded) {
  FixedBlocks fixed;
  const RowMatrix<double> errors = getErrorMatrix(problem, rounded);
  const RowMatrix<double> products = errors * getMoments(problem);
  std::vector<double> result(problem.rows);
  for (int64_t row = 0; row < problem.rows; ++row)
    result[row] = products.row(row).dot(errors.row(row));
  return result;
}

static float getBase(const RoundingProblem &problem, llvm::ArrayRef<float> rowScales) {
  const float largest = *std::max_element(rowScales.begin(), rowScales.end());
  return largest == 0 ? 1.0f : largest / float(127 / problem.largest);
}

static float getFactor(float scale, float base) { return std::max(std::rint(scale / base), 1.0f); }

void nibble::roundScales(const RoundingProblem &problem, std::vector<float> &scales) {
  const int64_t groups = problem.getGroups();
  if (groups < 2)
    return;
  for (int64_t row = 0; row < problem.rows; ++row) {
    const llvm::MutableArrayRef<float> own = llvm::MutableArrayRef(scales).slice(row * groups, groups);
    const float base = getBase(problem, own);
    for (float &scale : own)
      scale = base * getFactor(scale, base);
  }
}

RoundedMatrix nibble::multiplyFactors(const RoundingProblem &problem, const RoundedMatrix &rounded) {
  const int64_t groups = problem.getGroups();
  if (groups < 2)
    return rounded;
  RoundedMatrix result = rounded;
  result.scales.clear();
  for (int64_t row = 0; row < problem.rows; ++row) {
    const llvm::ArrayRef<float> own = llvm::ArrayRef(rounded.scales).slice(row * groups, groups);
    const float base = getBase(problem, own);
    result.scales.push_back(base);
    for (int64_t column = 0; column < problem.columns; ++column) {
      int8_t &value = result.values[row * problem.columns + column];
      value = static_cast<int8_t>(float(value) * getFactor(own[column / problem.getGroup()], base));
    }
  }
  return result;
}

std::vector<float> nibble::getFullScales(const RoundingProblem &problem) {
  std::vector<float> scales;
  for (int64_t row = 0; row < problem.rows; ++row)
    for (int64_t first = 0; first < problem.columns; first += problem.getGroup()) {
      float magnitude = 0;
      for (float w :
           problem.weights.slice(row * problem.columns + first, std::min(problem.getGroup(), problem.columns - first)))
        magnitude = std::max(magnitude, std::fabs(w));
      const float ofZeros = problem.getGroups() > 1 ? 0.0f : 1.0f; // with groups it says nothing of the base
      scales.push_back(magnitude == 0 ? ofZeros : std::max(magnitude / float(problem.largest), kSmallestScale));
    }
  roundScales(problem, scales);
  return scales;
}

std::vector<float> nibble::searchScales(const RoundingProblem &problem) {
  std::vector<float> scales = getFullScales(problem);
  const int64_t group = problem.getGroup();
  for (int64_t at = 0, row = 0; row < problem.rows; ++row)
    for (int64_t first = 0; first < problem.columns; first += group, ++at) {
      const float full = scales[at];
      double least = std::numeric_limits<double>::infinity();
      for (int step = 0; step <= 40; ++step) { // down to 0.4
        const float scale = std::max(full * (1.0f - 0.015f * float(step)), kSmallestScale);
        double error = 0;
        for (int64_t column = first; column < std::min(first + group, problem.columns); ++column) {
          const float w = problem.weights[row * problem.columns + column];
          const double off =
              double(scale) * numerics::quantize(w, scale, 0, -problem.largest, problem.largest) - double(w);
          error += off * off * problem.moments[column * problem.columns + column];
        }
        if (error < least) {
          least = error;
          scales[at] = scale;
        }
      }
    }
  roundScales(problem, scales);
  return scales;
}

RoundedMatrix nibble::roundToNearest(const RoundingProblem &problem, std::vector<float> scales) {
  RoundedMatrix rounded{{}, std::move(scales)};
  rounded.values.reserve(problem.weights.size());
  for (int64_t row = 0, at = 0; row < problem.rows; ++row)
    for (int64_t column = 0; column < problem.columns; ++column, ++at)
      rounded.values.push_back(static_cast<int8_t>(numerics::quantize(
          problem.weights[at], rounded.scales[row * problem.getGroups() + column / problem.getGroup()], 0,
          -problem.largest, problem.largest)));
  return rounded;
}

void nibble::descend(const RoundingProblem &problem, RoundedMatrix &rounded, int sweeps) {
  FixedBlocks fixed;
  const auto moments = getMoments(problem);
  RowMatrix<double> gradients = getErrorMatrix(problem, rounded) * moments; // half of them
  for (int64_t row = 0; row < problem.rows; ++row) {
    bool changed = true;
    for (int sweep = 0; changed && sweep < sweeps; ++sweep) {
      changed = false;
      for (int64_t column = 0; column < problem.columns; ++column) {
        const double scale = rounded.scales[row * problem.getGroups() + column / problem.getGroup()];
        const double curvature = moments(column, column) * scale;
        int8_t &value = rounded.values[row * problem.columns + column];
        if (!(curvature > 0))
          continue;
        const double ideal = std::rint(double(value) - gradients(row, column) / curvature);
        const auto next = static_cast<int8_t>(std::clamp<double>(ideal, -problem.largest, problem.largest));
        const double delta = (next - value) * scale;
        // Beyond what rounding of these sums makes of it.
        if (next == value || !(2 * delta * gradients(row, column) + delta * delta * moments(column, column) <
                               -1e-9 * delta * delta * moments(column, column)))
          continue;
        gradients.row(row) += delta * moments.col(column).transpose();
        value = next;
        changed = true;
      }
    }
  }
}

void nibble::fitScales(const RoundingProblem &problem, RoundedMatrix &rounded) {
  FixedBlocks fixed;
  const auto moments = getMoments(problem);
  RowMatrix<double> gradients = getErrorMatrix(problem, rounded) * moments;
  for (int64_t row = 0; row < problem.rows; ++row)
    for (int64_t first = 0, group = 0; first < problem.columns; first += problem.getGroup(), ++group) {
      const int64_t size = std::min(problem.getGroup(), problem.columns - first);
      const Eigen::RowVectorXd values = Eigen::Map<const Eigen::Matrix<int8_t, 1, Eigen::Dynamic>>(
                                            &rounded.values[row * problem.columns + first], size)
                                            .cast<double>();
      const Eigen::RowVectorXd products = values * moments.middleRows(first, size);
      const double curvature = products.segment(first, size).dot(values);
      float &scale = rounded.scales[row * problem.getGroups() + group];
      if (!(curvature > 0))
        continue;
      const auto next =
          static_cast<float>(double(scale) - gradients.row(row).segment(first, size).dot(values) / curvature);
      if (!(next > 0.5f * scale && next < 2 * scale)) // values of no account for the error
        continue;
      gradients.row(row) += (double(next) - double(scale)) * products;
      scale = next;
    }
}

void nibble::refine(const RoundingProblem &problem, RoundedMatrix &rounded, int rounds, int sweeps) {
  descend(problem, rounded, sweeps);
  for (int round = 0; round < rounds; ++round) {
    RoundedMatrix next = rounded;
    fitScales(problem, next);
    roundScales(problem, next.scales);
    descend(problem, next, sweeps);
    takeBetterRows(problem, rounded, next);
  }
}

void nibble::takeBetterRows(const RoundingProblem &problem, RoundedMatrix &rounded, const RoundedMatrix &other) {
  const std::vector<double> own = getRoundingErrors(problem, rounded), others = getRoundingErrors(problem, other);
  const int64_t groups = problem.getGroups();
  for (int64_t row = 0; row < problem.rows; ++row) {
    if (!(others[row] < own[row]))
      continue;
    std::copy_n(&other.values[row * problem.columns], problem.columns, &rounded.values[row * problem.columns]);
    std::copy_n(&other.scales[row * groups], groups, &rounded.scales[row * groups]);
  }
}
