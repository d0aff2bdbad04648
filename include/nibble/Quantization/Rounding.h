// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding the weights of a layer so that what it computes changes least, instead of each weight by itself.

#ifndef NIBBLE_QUANTIZATION_ROUNDING_H
#define NIBBLE_QUANTIZATION_ROUNDING_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace nibble {

/// A layer's weights as a matrix, each row the weights of one output channel, and the second moments of what they are
/// multiplied by: E[x xᵀ], or the covariance of x where the bias takes up the mean. Rounding w to r costs
/// (r - w) H (r - w)ᵀ, which is the mean squared error of the layer's result.
struct RoundingProblem {
  llvm::ArrayRef<float> weights;  ///< rows x columns
  llvm::ArrayRef<double> moments; ///< columns x columns, symmetric and positive semidefinite
  int64_t rows, columns;
  int32_t largest;   ///< stored values are in [-largest, largest]
  int64_t group = 0; ///< columns that share a scale; 0: all of a row

  int64_t getGroup() const { return group > 0 ? group : columns; }
  int64_t getGroups() const { return (columns + getGroup() - 1) / getGroup(); }
};

/// Stored values, and the scale of each row and group of columns: r = scale * value.
struct RoundedMatrix {
  std::vector<int8_t> values;
  std::vector<float> scales;
};

/// (r - w) H (r - w)ᵀ of each row.
std::vector<double> getRoundingErrors(const RoundingProblem &problem, const RoundedMatrix &rounded);

/// Scales of groups are stored as a factor, an integer from 1 to 127 / largest, times the row's base, so that factors
/// times stored values are bytes of one scale (two levels, as Dai et al., "VS-Quant", 2021, arXiv 2102.04503, have
/// them). The base is the greatest scale over the greatest factor. Rounds scales to such; without groups they stay as
/// they are.
void roundScales(const RoundingProblem &problem, std::vector<float> &scales);

/// The matrix without groups that is the same: factors times stored values, and the bases.
RoundedMatrix multiplyFactors(const RoundingProblem &problem, const RoundedMatrix &rounded);

/// Scales that reach the largest weight of each group, then rounded; a row of zeros has scale 1.
std::vector<float> getFullScales(const RoundingProblem &problem);

/// Of scales that reach the largest weight and such that cut it off, the one with the least sum of H_kk (r - w)^2.
std::vector<float> searchScales(const RoundingProblem &problem);

/// Each weight to the nearest multiple of its scale.
RoundedMatrix roundToNearest(const RoundingProblem &problem, std::vector<float> scales);

/// Changes single stored values while that lowers a row's error, in `sweeps` passes over the columns at most.
void descend(const RoundingProblem &problem, RoundedMatrix &rounded, int sweeps);

/// Gives each group the scale of least error for its stored values.
void fitScales(const RoundingProblem &problem, RoundedMatrix &rounded);

/// Both in turns, `rounds` times: stored values and scales of less and less error.
void refine(const RoundingProblem &problem, RoundedMatrix &rounded, int rounds, int sweeps);

/// Replaces the rows of `rounded` whose error `other` has less of.
void takeBetterRows(const RoundingProblem &problem, RoundedMatrix &rounded, const RoundedMatrix &other);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_ROUNDING_H
