// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/AdaptiveRounding.h"
#include "Matrix.h"
#include "nibble/Support/Numerics.h"

#include <cmath>

using namespace nibble;

namespace {

/// Of the rectified sigmoid, equation 23: its ends are reached.
constexpr float kZeta = 1.1f, kGamma = -0.1f;
constexpr float kFirstBeta = 20, kLastBeta = 2;

using Matrix = RowMatrix<float>;

/// The state of Adam (Kingma and Ba, 2014, arXiv 1412.6980).
class Adam {
public:
  Adam(int64_t rows, int64_t columns, float rate)
      : first(Matrix::Zero(rows, columns)), second(Matrix::Zero(rows, columns)), rate(rate) {}

  void step(Matrix &variables, const Matrix &gradient) {
    constexpr float decay1 = 0.9f, decay2 = 0.999f, epsilon = 1e-8f;
    power1 *= decay1;
    power2 *= decay2;
    first = decay1 * first + (1 - decay1) * gradient;
    second = decay2 * second + (1 - decay2) * gradient.cwiseProduct(gradient);
    variables.array() -= rate * (first.array() / (1 - power1)) / ((second.array() / (1 - power2)).sqrt() + epsilon);
  }

private:
  Matrix first, second;
  float rate, power1 = 1, power2 = 1;
};

class AdaRound {
public:
  AdaRound(const RoundingProblem &problem, std::vector<float> chosen, const AdaptiveRoundingOptions &options)
      : problem(problem), options(options), rounded{{}, std::move(chosen)} {}
  RoundedMatrix run();

private:
  void prepare();
  void step(float beta, bool regularize);

  const RoundingProblem &problem;
  const AdaptiveRoundingOptions &options;
  RoundedMatrix rounded;
  Matrix weights, scales, floors, variables, up, slopes;
  Matrix moments;
  Eigen::VectorXf normals; // so that all rows have errors of the same size
  std::optional<Adam> adam;
};

} // namespace

void AdaRound::prepare() {
  const int64_t rows = problem.rows, columns = problem.columns;
  weights = Eigen::Map<const Matrix>(problem.weights.data(), rows, columns);
  moments = Eigen::Map<const ColumnMatrix<double>>(problem.moments.data(), columns, columns).cast<float>();
  scales.resize(rows, columns);
  floors.resize(rows, columns);
  variables.resize(rows, columns);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      const float scale = rounded.scales[row * problem.getGroups() + column / problem.getGroup()];
      const float ratio = weights(row, column) / scale;
      const float floor = std::clamp<float>(std::floor(ratio), -problem.largest, problem.largest);
      scales(row, column) = scale;
      floors(row, column) = floor;
      const float part = std::clamp((ratio - floor - kGamma) / (kZeta - kGamma), 0.01f, 0.99f);
      variables(row, column) = numerics::log(part / (1 - part));
    }
  const std::vector<double> nearest = getRoundingErrors(problem, roundToNearest(problem, rounded.scales));
  normals.resize(rows);
  for (int64_t row = 0; row < rows; ++row)
    normals[row] = nearest[row] > 0 ? static_cast<float>(double(columns) / nearest[row]) : 0.0f;
  adam.emplace(rows, columns, static_cast<float>(options.rate));
}

void AdaRound::step(float beta, bool regularize) {
  const Matrix sigmoids = variables.unaryExpr([](float v) { return 1.0f / (1.0f + numerics::exp(-v)); });
  const Matrix raw = (sigmoids.array() * (kZeta - kGamma) + kGamma).matrix();
  up = raw.cwiseMax(0.0f).cwiseMin(1.0f);
  slopes = ((raw.array() > 0.0f && raw.array() < 1.0f).cast<float>() * (kZeta - kGamma) * sigmoids.array() *
            (1.0f - sigmoids.array()))
               .matrix();
  const Matrix stored = (floors + up).cwiseMin(float(problem.largest));
  const Matrix errors = stored.cwiseProduct(scales) - weights;
  Matrix gradient = normals.asDiagonal() * (errors * moments) * 2.0f;
  gradient = gradient.cwiseProduct(scales);
  if (regularize) {
    // 1 - |2h - 1|^beta
    const float weight = static_cast<float>(options.regularization) * beta * 2;
    gradient.array() -= up.unaryExpr([&](float h) {
                            const float t = 2 * h - 1, size = std::fabs(t);
                            const float power = size > 0 ? numerics::exp((beta - 1) * numerics::log(size)) : 0.0f;
                            return t < 0 ? -weight * power : weight * power;
                          }).array();
  }
  gradient = gradient.cwiseProduct(slopes);
  adam->step(variables, gradient);
}

RoundedMatrix AdaRound::run() {
  prepare();
  const int warm = static_cast<int>(options.warmUp * options.iterations);
  for (int i = 0; i < options.iterations; ++i) {
    const float progress = i < warm ? 0 : float(i - warm) / float(std::max(1, options.iterations - warm));
    step(kFirstBeta + (kLastBeta - kFirstBeta) * progress, i >= warm);
  }
  for (int64_t row = 0; row < problem.rows; ++row)
    for (int64_t column = 0; column < problem.columns; ++column)
      rounded.values.push_back(static_cast<int8_t>(
          std::min<float>(floors(row, column) + (variables(row, column) >= 0 ? 1.0f : 0.0f), problem.largest)));
  refine(problem, rounded, options.rounds, options.sweeps);
  return std::move(rounded);
}

RoundedMatrix nibble::roundAdaptively(const RoundingProblem &problem, const AdaptiveRoundingOptions &options) {
  FixedBlocks fixed;
  RoundedMatrix best = roundToNearest(problem, getFullScales(problem));
  takeBetterRows(problem, best, AdaRound(problem, searchScales(problem), options).run());
  return best;
}
