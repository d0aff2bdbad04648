// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PixelMap.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// (image, y, x)
static Box pixelBox(const ConvParams &p) {
  const ImagePitch addend = p.residual ? p.residual->addend : ImagePitch();
  const auto operand = [](const Extent &image, const Extent &row, const Extent &pixel) {
    return BoxOperand{1, {image, row, pixel}};
  };
  return Box{{p.images, p.H, p.W},
             {operand(p.inImage, p.strideH * p.in.row, p.strideW * p.in.pixel),
              operand(p.outImage, p.out.row, p.out.pixel),
              operand(p.residual ? p.addendImage : Extent(0), addend.row, addend.pixel),
              operand(p.residual ? Extent(0) : p.rowScaleImage, 0, p.rowScalePitch)}};
}

bool nibble::kernels::canMapPixels(const ConvParams &p) {
  const Box box = pixelBox(p);
  for (const Extent &extent : box.shape)
    if (extent.getStaticOr(0) < 1)
      return false;
  for (const BoxOperand &operand : box.operands) {
    double last = double(p.dilationH) * p.KH * p.in.row.getStaticOr(0);
    for (auto [extent, stride] : llvm::zip(box.shape, operand.strides)) {
      if (!stride.isStatic())
        return false;
      last += double(extent.getStatic()) * stride.getStatic();
    }
    if (last >= 0x1p31)
      return false;
  }
  return true;
}

PixelMap::PixelMap(const ConvParams &params)
    : box(mergeDimensions(pixelBox(params))), pixels((params.images * params.H * params.W).getStatic()) {
  if (pixels == 1) // nothing to merge, and no offset
    for (BoxOperand &operand : box.operands)
      operand.strides = {0};
}

PixelMap::Offsets PixelMap::at(KernelBuilder &b, Value pixel) const {
  const auto number = [&](const Extent &value) { return b.splat(b.i32(), value.getStatic()); };
  Values digits(box.rank());
  for (int64_t d = box.rank() - 1; d > 0; --d) {
    digits[d] = b.create<arith::RemUIOp>(pixel, number(box.shape[d]));
    pixel = b.create<arith::DivUIOp>(pixel, number(box.shape[d]));
  }
  digits[0] = pixel;
  const auto offset = [&](unsigned operand) {
    Value sum = number(0);
    for (auto [digit, stride] : llvm::zip(digits, box.operands[operand].strides))
      if (stride != 0)
        sum = b.add(sum, b.mul(digit, number(stride)));
    return sum;
  };
  return {offset(0), offset(1), offset(2), offset(3)};
}

int64_t PixelMap::alignment(unsigned operand) const {
  int64_t alignment = 0; // a multiple of everything
  for (const Extent &stride : box.operands[operand].strides)
    alignment = std::gcd(alignment, stride.getStatic());
  return alignment;
}
