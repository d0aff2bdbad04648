// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops and branches that the compiled model runs: nibble.loop and nibble.if.

#ifndef NIBBLE_LIB_IMPORT_ONNX_RUNTIMECONTROL_H
#define NIBBLE_LIB_IMPORT_ONNX_RUNTIMECONTROL_H

#include "Importer.h"

#include <array>

namespace nibble::onnximport {

/// The most steps of a recurrent node or scan that are unrolled: more become a loop of the compiled model.
constexpr int64_t kMostUnrolledSteps = 32;

struct RunTimeLoop {
  llvm::SmallVector<mlir::Value> inits, scanned;
  /// Of `inits`, then of the elements of `scanned`, as locations have them; may be fewer.
  llvm::SmallVector<std::string> names;
  /// Of the results, as their location has it.
  std::string name;
  /// The number of iterations: an extent, or a value, or neither where `isConditional`.
  std::optional<Dim> trip;
  mlir::Value count;
  bool isConditional = false;
  /// Of `scanned`, then of the sequences.
  llvm::SmallVector<bool> reversed;
  /// Makes the next carried values and an element of each sequence.
  llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value number, llvm::ArrayRef<mlir::Value> carried,
                                                    llvm::ArrayRef<mlir::Value> elements)>
      body;
};

/// The results of a loop: the carried values, then the sequences.
llvm::SmallVector<mlir::Value> buildLoop(Node &node, const RunTimeLoop &loop);

/// What the branches of a condition compute.
using Bodies = std::array<llvm::function_ref<llvm::SmallVector<mlir::Value>()>, 2>;

/// What one of two bodies gives, of one shape and type whichever runs.
llvm::SmallVector<mlir::Value> buildBranch(Node &node, mlir::Value condition, Bodies bodies);

/// In the IR what a loop carries or a branch gives; fails where it is no tensor.
mlir::Value inMemory(Node &node, Known known);

/// Operand `i`, of one element, as a scalar.
mlir::Value scalarOf(Node &node, unsigned i, llvm::StringRef what);

/// The name of a step on the way to the node's results, after the first of them; empty where none is wanted.
std::string getStepName(Node &node, const llvm::Twine &suffix);

/// Puts the builder before the outermost loop or branch that it stands in: what is made there others may read too.
void leaveControl(mlir::OpBuilder &builder);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_RUNTIMECONTROL_H
