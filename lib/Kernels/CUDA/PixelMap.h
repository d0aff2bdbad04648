// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the pixels of a convolution's images lie, as rows of a matrix product.

#ifndef NIBBLE_LIB_KERNELS_CUDA_PIXELMAP_H
#define NIBBLE_LIB_KERNELS_CUDA_PIXELMAP_H

#include "../Box.h"
#include "nibble/Kernels/Conv.h"

namespace nibble {
namespace kernels {

/// Whether all extents are known, there are pixels, and offsets fit 32 bits.
bool canMapPixels(const ConvParams &params);

/// Of the pixels of all images, numbered row by row, the offsets in bytes.
class PixelMap {
public:
  explicit PixelMap(const ConvParams &params);

  struct Offsets {
    Value input, output, addend, rows; ///< i32
  };
  Offsets at(KernelBuilder &b, Value pixel) const;
  int64_t count() const { return pixels; }
  /// What all offsets of an operand are multiples of.
  int64_t inputAlignment() const { return alignment(0); }
  int64_t outputAlignment() const { return alignment(1); }
  int64_t addendAlignment() const { return alignment(2); }

private:
  int64_t alignment(unsigned operand) const;

  Box box; ///< operands: the input, the output, the addend, the rows' scales
  int64_t pixels;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_PIXELMAP_H
