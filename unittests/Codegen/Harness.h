// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles small functions for every instruction set that this machine has, and compares with the interpreter.

#ifndef NIBBLE_UNITTESTS_CODEGEN_HARNESS_H
#define NIBBLE_UNITTESTS_CODEGEN_HARNESS_H

#include "nibble/Codegen/Load.h"
#include "nibble/Reference/Interpreter.h"

#include "mlir/IR/MLIRContext.h"

#include <functional>
#include <string>

namespace nibble::test {

using reference::Tensor;

/// Fills an input: random values among which the extremes are frequent.
void fillRandom(Tensor &tensor, unsigned seed);

/// Memory that a run needs.
struct Buffers {
  std::vector<Tensor> inputs, outputs;
  std::vector<char> arenaMemory;
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  std::vector<int64_t> dims;
  nibble_context context = {};

  /// All dynamic dimensions are `batch`.
  Buffers(const LoadedModel &model, std::vector<Tensor> inputs, int64_t batch, mlir::MLIRContext *context);
};

/// Runs `text`'s @main compiled for every level and by the interpreter, and expects equal bits (all NaNs are equal).
/// All dynamic dimensions are `batch`.
void expectExact(const std::string &text, int64_t batch = 1, unsigned seed = 1);

/// `body` as @main of a module, with `signature` like "(%x: tensor<4xf32>) -> tensor<4xf32>".
std::string makeMain(const std::string &signature, const std::string &body);

/// The dialects registered, and no threads.
std::unique_ptr<mlir::MLIRContext> makeContext();

} // namespace nibble::test

#endif // NIBBLE_UNITTESTS_CODEGEN_HARNESS_H
