// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling of images, NHWC.

#ifndef NIBBLE_KERNELS_POOL_H
#define NIBBLE_KERNELS_POOL_H

#include "nibble/Kernels/Convert.h"

namespace nibble {
namespace kernels {

enum class PoolKind { Max, Average };

/// Taps outside the image do not count; the input needs no padding. A window
/// that lies outside altogether gives the smallest value (Max) or R(0) (Average
/// of integers; float has no such windows: 0 / 0).
struct PoolParams {
  PoolKind kind = PoolKind::Max;
  ElementKind input = ElementKind::U8;
  ElementKind output = ElementKind::U8; ///< equal to the input, but for an average of integers,
                                        ///< which may change the kind
  Extent images = 1;
  int64_t C = 0;
  Extent H = 0, W = 0;             ///< of the input
  Extent outputH = 0, outputW = 0; ///< of the output
  int64_t KH = 1, KW = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t dilationH = 1, dilationW = 1;
  int64_t padTop = 0, padLeft = 0;
  ImagePitch in, out;
  Extent inImage = 0, outImage = 0; ///< bytes from one image to the next

  /// Average only: divides by KH * KW everywhere (`count_include_pad`).
  bool countIncludePad = false;
  /// Average of integers only: `nibble.int_avg_pool`.
  Requant requant = Requant::Float;
  float scale = 1;
  int32_t inputZeroPoint = 0;
  StoredRange range;
};

std::string whyNoPool(const PoolParams &params, const ISA &isa);
std::string poolKernelName(const PoolParams &params, const ISA &isa);
std::string poolKernelKey(const PoolParams &params);
Extent poolTileCount(const PoolParams &params);

/// args: 0 the input at its first pixel, 1 the output at its first pixel.
mlir::func::FuncOp emitPool(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const PoolParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_POOL_H
