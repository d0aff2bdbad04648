// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs and outputs that are one buffer: what a model keeps from run to run, in the caller's memory.

#ifndef NIBBLE_ANALYSIS_STATES_H
#define NIBBLE_ANALYSIS_STATES_H

#include "nibble/Analysis/Extents.h"

namespace nibble {

/// An argument and a result in one buffer.
struct State {
  unsigned input = 0, output = 0;
  /// Along which the result is longer than the argument; -1 where both have one shape.
  int64_t axis = -1;
  /// How many positions the buffer has along the axis: as many as the result has at most.
  int64_t capacity = 0;
  /// What appends to the argument; null where `axis` is -1.
  mlir::Operation *append = nullptr;
};

/// The states of a function of nibble operations, or an error that names one that cannot be kept in one buffer.
llvm::FailureOr<llvm::SmallVector<State>> findStates(mlir::func::FuncOp function, const ExtentAnalysis &extents);

} // namespace nibble

#endif // NIBBLE_ANALYSIS_STATES_H
