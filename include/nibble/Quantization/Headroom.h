// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Room in 32-bit accumulators: how large stored activations may be.

#ifndef NIBBLE_QUANTIZATION_HEADROOM_H
#define NIBBLE_QUANTIZATION_HEADROOM_H

#include "nibble/Dialect/Nibble/Products.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace nibble {

/// The greatest stored value of symmetric 16-bit activations.
inline constexpr int64_t kLargestInt16 = 32767;

/// The longest product of two quantized activations whose sums are proven to fit where its depth is dynamic; a run
/// refuses dimensions that make it longer.
inline constexpr int64_t kLargestDynamicDepth = 4096;
inline int64_t getLargestDepth(int64_t depth) {
  return mlir::ShapedType::isDynamic(depth) ? kLargestDynamicDepth : depth;
}

/// The longest product of bytes, with ranges found at run time, whose sums fit: each term is at most 255 * 127. A run
/// refuses dimensions that make it longer.
inline constexpr int64_t kLargestDepthOfBytes = 0x7fffffff / (255 * 127);

/// The greatest magnitude of a stored value less its zero point. A 16-bit type of full width counts -32768, which a
/// caller of `--io quantized` may pass.
int64_t getReach(mlir::quant::UniformQuantizedType type);

/// Whether bias[c] + sum w * q over channel c's weights fits i32 for all |q| <= reach, for every c. `bias` may be
/// empty.
bool accumulatorsFit(llvm::ArrayRef<int32_t> weights, llvm::function_ref<int64_t(size_t)> channelOf, int64_t channels,
                     llvm::ArrayRef<int32_t> bias, int64_t reach);

/// Constant integer weights less their zero points; empty if they are not constant bytes.
std::vector<int32_t> getCentredWeights(const Product &product);

/// The largest Q, at most 32767, with which an operand of `reader` that covers [-magnitude, magnitude] by the stored
/// values [-Q, Q] leaves none of its 32-bit accumulators. The bias grows with Q too, as its scale is that of the
/// products.
int64_t getLargestStored(mlir::Operation *reader, float magnitude, bool perTensor);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_HEADROOM_H
