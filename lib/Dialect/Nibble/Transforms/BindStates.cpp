// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass: what appends to a state moves elements as they are.

#include "nibble/Analysis/States.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Support/PortAttrs.h"

#define DEBUG_TYPE "nibble-bind-states"

using namespace mlir;
using namespace nibble;

namespace nibble {
#define GEN_PASS_DEF_BINDSTATES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

namespace {
struct BindStates : nibble::impl::BindStatesBase<BindStates> {
  void runOnOperation() override {
    if (getOperation().isDeclaration())
      return;
    FailureOr<SmallVector<State>> states = findStates(getOperation(), ExtentAnalysis(getOperation()));
    if (failed(states))
      return signalPassFailure();
    for (const State &state : *states)
      if (state.append)
        state.append->setAttr(kStateAttr, UnitAttr::get(&getContext()));
    bound = states->size();
  }
};
} // namespace
