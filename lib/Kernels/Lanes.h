// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions in 16 interleaved lanes and a fixed tree: numerics::reduceLanes.

#ifndef NIBBLE_LIB_KERNELS_LANES_H
#define NIBBLE_LIB_KERNELS_LANES_H

#include "KernelBuilder.h"

namespace nibble {
namespace kernels {

/// Combines two vectors, lane by lane.
using Combine = llvm::function_ref<Value(Value acc, Value value)>;

/// On a GPU 16 neighbouring threads share an item, and each is a lane of its rows, unless these are short.
void shareRows(KernelBuilder &b, const Extent &length);

/// Reduces `length` contiguous elements: the vectors that `get` makes of 16 (or, the last time, fewer) elements from
/// `first` on. Gives a vector of one lane.
Value reduceRow(KernelBuilder &b, const Extent &length, float neutral,
                llvm::function_ref<Value(Value first, int64_t count)> get, Combine combine);

/// The same of several rows side by side, so that none waits for its own sum; `get` has the row's number last.
Values reduceRows(KernelBuilder &b, int64_t rows, const Extent &length, float neutral,
                  llvm::function_ref<Value(Value first, int64_t count, int64_t row)> get, Combine combine);

/// The 16 lanes in memory, each a vector of independent reductions, for elements that come one by one.
class LaneMemory {
public:
  /// To be created outside of all loops.
  explicit LaneMemory(KernelBuilder &b);

  /// Of `columns` columns of `length` elements, which `get` makes. A GPU has the lanes in registers.
  Value reduce(const Extent &length, int64_t columns, float neutral, llvm::function_ref<Value(Value index)> get,
               Combine combine);

  /// Begins reductions of `lanes` columns.
  void start(int64_t columns, float neutral);
  /// Takes element number `index` of each column.
  void add(Value index, Value value, Combine combine);
  Value finish(Combine combine);

private:
  Value slot(Value index);

  KernelBuilder &b;
  Value memory;
  VectorType type;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_LANES_H
