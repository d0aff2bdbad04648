// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions of one image, or of any row of elements: between element kinds,
// between orders of the dimensions, and into and out of padded buffers.

#ifndef NIBBLE_KERNELS_CONVERT_H
#define NIBBLE_KERNELS_CONVERT_H

#include "nibble/Kernels/Conv.h"

namespace nibble {
namespace kernels {

enum class ImageLayout {
  Planes, ///< C, H, W without gaps
  Pixels, ///< H, W, C with an ImagePitch
};

/// How an integer result is stored.
struct StoredRange {
  int32_t zeroPoint = 0;
  int32_t min = 0, max = 255;
};

/// From f32 to bytes (quantize), from bytes to f32 (dequantize), or a change of
/// layout alone (equal kinds: the U8 and S8 of layout changes are the same). A
/// tensor without a layout is one row of pixels of one channel (`flatConvert`).
struct ConvertParams {
  ElementKind input = ElementKind::F32;
  ElementKind output = ElementKind::U8;
  ImageLayout inputLayout = ImageLayout::Pixels;
  ImageLayout outputLayout = ImageLayout::Pixels;
  int64_t C = 1, H = 1, W = 1;
  ImagePitch in, out; ///< of Pixels; bytes

  /// Channels [C, outputChannels) of each pixel of a Pixels output are set to
  /// `fill` (a stored value).
  int64_t outputChannels = 0;
  double fill = 0;

  float scale = 1;   ///< of the bytes, on either side
  StoredRange range; ///< of the bytes; dequantize reads the zero point alone
};

/// `count` contiguous elements.
ConvertParams flatConvert(ElementKind input, ElementKind output, int64_t count);

std::string whyNoConvert(const ConvertParams &params, const ISA &isa);
std::string convertKernelName(const ConvertParams &params, const ISA &isa);
std::string convertKernelKey(const ConvertParams &params);
int64_t convertTileCount(const ConvertParams &params);

/// args: 0 the input at its first pixel (or its first plane), 1 the output
/// likewise. They must not overlap, unless both have the same layout and
/// pitches.
mlir::func::FuncOp emitConvert(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                               const ConvertParams &params, const ISA &isa);

/// The border of a padded image: all pixels of the (top + H + bottom) x (left +
/// W + right) ones round the image.
struct HaloParams {
  ElementKind element = ElementKind::U8;
  int64_t C = 1, H = 1, W = 1; ///< of the image inside
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  ImagePitch pitch;
  double value = 0; ///< stored value
};

std::string whyNoHalo(const HaloParams &params, const ISA &isa);
std::string haloKernelName(const HaloParams &params, const ISA &isa);
std::string haloKernelKey(const HaloParams &params);
int64_t haloTileCount(const HaloParams &params);

/// args: 0 the image inside at its first pixel, which is `top` rows and `left`
/// pixels behind the first one written.
mlir::func::FuncOp emitHalo(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const HaloParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_CONVERT_H
