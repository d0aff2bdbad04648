// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One image from planes to pixels or back, changing its element kind on the way,
// and the borders of padded images.

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

/// From f32 to stored values (quantize), from these to f32 (dequantize), or a change
/// of layout alone (equal kinds: the U8 and S8 of layout changes are the same).
/// What keeps its layout is a UnaryKind or a copy.
struct ConvertParams {
  ElementKind input = ElementKind::F32;
  ElementKind output = ElementKind::U8;
  ImageLayout inputLayout = ImageLayout::Planes; ///< the output has the other one
  int64_t C = 1;
  Extent H = 1, W = 1;
  ImagePitch pixels; ///< of the side in Pixels; bytes

  float scale = 1;   ///< of the stored values, on either side
  StoredRange range; ///< of the stored values; dequantize reads the zero point alone
};

std::string whyNoConvert(const ConvertParams &params, const ISA &isa);
std::string convertKernelName(const ConvertParams &params, const ISA &isa);
std::string convertKernelKey(const ConvertParams &params);
Extent convertTileCount(const ConvertParams &params);

/// args: 0 the input at its first pixel (or its first plane), 1 the output
/// likewise. They must not overlap.
mlir::func::FuncOp emitConvert(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                               const ConvertParams &params, const ISA &isa);

/// The border of padded images: all pixels of the (top + H + bottom) x (left +
/// W + right) ones round each image.
struct HaloParams {
  ElementKind element = ElementKind::U8;
  Extent images = 1;
  int64_t C = 1;
  Extent H = 1, W = 1; ///< of the image inside
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  ImagePitch pitch;
  Extent imagePitch = 0; ///< bytes from one image to the next
  double value = 0;      ///< stored value
};

std::string whyNoHalo(const HaloParams &params, const ISA &isa);
std::string haloKernelName(const HaloParams &params, const ISA &isa);
std::string haloKernelKey(const HaloParams &params);
Extent haloTileCount(const HaloParams &params);

/// args: 0 the first image inside at its first pixel, which is `top` rows and `left`
/// pixels behind the first one written.
mlir::func::FuncOp emitHalo(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const HaloParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_CONVERT_H
