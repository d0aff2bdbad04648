// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Quantization/AdaptiveRounding.h"

namespace nibble {
#define GEN_PASS_DEF_ADAROUND
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-ada-round"

using namespace mlir;
using namespace nibble;

namespace {

struct AdaRound : nibble::impl::AdaRoundBase<AdaRound> {
  using AdaRoundBase::AdaRoundBase;

  void runOnOperation() override {
    AdaptiveRoundingOptions options;
    options.iterations = static_cast<int>(int64_t(iterations));
    const SmallVector<int64_t> widths = bits.empty() ? SmallVector<int64_t>{4} : llvm::to_vector(bits);
    FailureOr<int64_t> count =
        roundAllWeights(getOperation(), {widths, centred, group},
                        [&](const RoundingProblem &problem) { return roundAdaptively(problem, options); });
    if (failed(count))
      return signalPassFailure();
    rounded += *count;
  }
};

} // namespace
