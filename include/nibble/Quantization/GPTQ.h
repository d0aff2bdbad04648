// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GPTQ: Frantar, Ashkboos, Hoefler and Alistarh, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
// Transformers", 2022, arXiv 2210.17323.

#ifndef NIBBLE_QUANTIZATION_GPTQ_H
#define NIBBLE_QUANTIZATION_GPTQ_H

#include "nibble/Quantization/Rounding.h"

namespace nibble {

struct GPTQOptions {
  double damping = 0.01; ///< share of the mean moment that is added to each, so that they can be inverted
  bool actOrder = true;  ///< columns of large moments first, as there is most left then to make good for them
  int rounds = 5;        ///< of `refine` behind it
  int sweeps = 20;       ///< of `descend` in each; with 0 rounds and sweeps it is the paper's algorithm alone
};

/// Rounds column after column, each time moving the error into the columns that are left, by the inverse of the
/// moments. Rows for which round to nearest has less error get that: no row is worse.
RoundedMatrix roundByGPTQ(const RoundingProblem &problem, const GPTQOptions &options = GPTQOptions());

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_GPTQ_H
