// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

using namespace mlir;
using namespace nibble;

namespace {
struct FoldBatchNorm : public nibble::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {}
};
} // namespace
