// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel families behind emitConv: what each emits, and how its operands are packed.

#ifndef NIBBLE_LIB_KERNELS_FAMILIES_H
#define NIBBLE_LIB_KERNELS_FAMILIES_H

#include "KernelBuilder.h"
#include "nibble/Kernels/Conv.h"
#include <functional>

namespace nibble {
namespace kernels {

/// Emits a kernel's body, without the terminator.
void emitDense(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end);
void emitDepthwise(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end);

Extent depthwiseTileCount(const ConvParams &params);
/// Of a GPU: register tiles, one a thread.
Extent depthwiseItemCount(const ConvParams &params, const ISA &isa);
std::string depthwiseTileName(const ConvParams &params, const ISA &isa);

/// Where the value of (output channel, ky, kx, input channel of its group) lies, in elements, of `size` in all. The
/// elements between are zero.
struct PackedWeights {
  int64_t size;
  std::function<int64_t(int64_t o, int64_t ky, int64_t kx, int64_t c)> index;
};
PackedWeights denseWeights(const ConvParams &params);
PackedWeights depthwiseWeights(const ConvParams &params);

/// The same for values that each output channel has one of: `groups` pieces of `size` values.
struct PackedColumns {
  int64_t groups, size;
  std::function<int64_t(int64_t o)> index;
};
PackedColumns denseColumns(const ConvParams &params);
PackedColumns depthwiseColumns(const ConvParams &params);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_FAMILIES_H
