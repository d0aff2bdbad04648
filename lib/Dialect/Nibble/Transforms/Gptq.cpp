// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/GPTQ.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"

namespace nibble {
#define GEN_PASS_DEF_GPTQ
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-gptq"

using namespace mlir;
using namespace nibble;

namespace {

struct Gptq : nibble::impl::GptqBase<Gptq> {
  using GptqBase::GptqBase;

  void runOnOperation() override {
    GPTQOptions options;
    options.damping = damping;
    options.actOrder = actOrder;
    const SmallVector<int64_t> widths = bits.empty() ? SmallVector<int64_t>{4} : llvm::to_vector(bits);
    FailureOr<int64_t> count =
        roundAllWeights(getOperation(), {widths, centred, group},
                        [&](const RoundingProblem &problem) { return roundByGPTQ(problem, options); });
    if (failed(count))
      return signalPassFailure();
    rounded += *count;
  }
};

} // namespace
