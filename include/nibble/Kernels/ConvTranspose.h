// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transposed convolution of images, NHWC; integer and float.

#ifndef NIBBLE_KERNELS_CONVTRANSPOSE_H
#define NIBBLE_KERNELS_CONVTRANSPOSE_H

#include "nibble/Kernels/Rows.h"

namespace nibble {
namespace kernels {

/// `nibble.int_conv_transpose`, or `nibble.conv_transpose` where all is f32. Only what lies inside the input is read.
struct ConvTransposeParams {
  ElementKind input = ElementKind::U8;  ///< F32 makes everything f32; else the weights are S8
  ElementKind output = ElementKind::U8; ///< bytes for an input of bytes
  Extent images = 1;
  int64_t C = 0, N = 0; ///< input and output channels, of all groups
  Extent H = 0, W = 0;  ///< of the input
  Extent outputH = 0, outputW = 0;
  int64_t KH = 1, KW = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t dilationH = 1, dilationW = 1;
  int64_t padTop = 0, padLeft = 0;
  int64_t groups = 1;
  ImagePitch in, out;
  Extent inImage = 0, outImage = 0; ///< bytes from one image to the next
  bool bias = false;                ///< float only; integers always have one

  Requant requant = Requant::Float;
  int32_t inputZeroPoint = 0;
  StoredRange range;
};

std::string whyNoConvTranspose(const ConvTransposeParams &params, const ISA &isa);
std::string convTransposeKernelName(const ConvTransposeParams &params, const ISA &isa);
std::string convTransposeKernelKey(const ConvTransposeParams &params);
Extent convTransposeTileCount(const ConvTransposeParams &params);

/// Weights O, KH, KW, C/groups as the kernel reads them.
std::vector<char> packConvTransposeWeights(const ConvTransposeParams &params, llvm::ArrayRef<int8_t> weights);
std::vector<char> packConvTransposeWeights(const ConvTransposeParams &params, llvm::ArrayRef<float> weights);

/// args: 0 the input at its first pixel, 1 the weights by packConvTransposeWeights, 2 the output at its first pixel,
/// 3 the bias (N values, f32 or i32; unused without one), 4 the multipliers by packMultipliers (integers only).
mlir::func::FuncOp emitConvTranspose(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                     const ConvTransposeParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_CONVTRANSPOSE_H
