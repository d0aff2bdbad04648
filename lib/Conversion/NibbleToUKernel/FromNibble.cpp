// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass: chooses layouts, then lowers operation by operation (GraphLowering).

#include "GraphLowering.h"

#define DEBUG_TYPE "ukernel-from-nibble"

using namespace mlir;
using namespace nibble;

namespace nibble::ukernel {
#define GEN_PASS_DEF_FROMNIBBLE
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

namespace {
struct FromNibble : ukernel::impl::FromNibbleBase<FromNibble> {
  using FromNibbleBase::FromNibbleBase;

  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (!function.isDeclaration() && failed(ukernel::GraphLowering(function, observe, dotInput, pairedSteps).run()))
        return signalPassFailure();
  }
};
} // namespace
