// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AdaRound: Nagel, Amjad, van Baalen, Louizos and Blankevoort, "Up or Down? Adaptive Rounding for Post-Training
// Quantization", 2020, arXiv 2004.10568.

#ifndef NIBBLE_QUANTIZATION_ADAPTIVEROUNDING_H
#define NIBBLE_QUANTIZATION_ADAPTIVEROUNDING_H

#include "nibble/Quantization/Rounding.h"

namespace nibble {

struct AdaptiveRoundingOptions {
  int iterations = 400;
  double rate = 0.02;           ///< of Adam
  double regularization = 0.01; ///< of the paper's f_reg, lambda
  double warmUp = 0.2;          ///< share of the iterations without it
  int rounds = 5;               ///< of `refine` behind it
  int sweeps = 20;
};

/// Learns for each weight whether to round up or down, by a rectified sigmoid that is driven to 0 or 1 (section 3.3).
/// The paper's loss over input samples is quadratic in the weights, so that their second moments hold all of it: each
/// step is on all samples at once, and nothing is random. Rows for which round to nearest has less error get that.
RoundedMatrix roundAdaptively(const RoundingProblem &problem,
                              const AdaptiveRoundingOptions &options = AdaptiveRoundingOptions());

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_ADAPTIVEROUNDING_H
