// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walking the windows of a pool.

#ifndef NIBBLE_LIB_REFERENCE_POOL_H
#define NIBBLE_LIB_REFERENCE_POOL_H

#include "Evaluate.h"

namespace nibble::reference {

struct PoolShape {
  llvm::SmallVector<int64_t> input, result; // in the layout's order
  llvm::SmallVector<int64_t, 4> kernel, strides, pads, dilations;
  Layout layout;

  template <typename OpTy>
  static llvm::Expected<PoolShape> get(OpTy op, Layout layout, llvm::ArrayRef<int64_t> dilations, Operands operands) {
    PoolShape s{operands[0]->shape,
                {},
                llvm::SmallVector<int64_t, 4>(op.getKernel()),
                llvm::SmallVector<int64_t, 4>(op.getStrides()),
                llvm::SmallVector<int64_t, 4>(op.getPads()),
                llvm::SmallVector<int64_t, 4>(dilations),
                layout};
    Window window{{s.kernel[0], s.kernel[1]}, s.strides, s.pads, s.dilations};
    auto shape = getWindowShape(s.input, window, layout, s.input[getImageDims(layout).c]);
    if (!shape || !getElementCount(*shape))
      return makeError("expected a window that fits the padded input " + formatShape(s.input));
    s.result = *shape;
    return s;
  }

  /// Taps that an average divides by: those inside, or all.
  int64_t countTaps(int64_t inside, bool countPads) const {
    return countPads ? kernel[0] * kernel[1] : std::max<int64_t>(inside, 1);
  }
};

/// The taps of one axis that lie inside: [begin, end) of k, reading the input from first on, by dilation.
struct TapRange {
  int64_t begin, end, first;
  TapRange(const PoolShape &s, int dim, int64_t extent, int64_t out);
};

/// For each result, in row-major order of the layout: begin(i), tap(input offset) for each tap inside in the order ky,
/// kx, then end(i, taps inside).
template <typename Begin, typename Tap, typename End>
void forEachWindow(const PoolShape &s, Begin begin, Tap tap, End end) {
  ImageDims dims = getImageDims(s.layout);
  auto in = getStrides(s.input), out = getStrides(s.result);
  for (int64_t n = 0; n < s.result[0]; ++n)
    for (int64_t oy = 0; oy < s.result[dims.h]; ++oy)
      for (int64_t ox = 0; ox < s.result[dims.w]; ++ox) {
        TapRange y(s, 0, s.input[dims.h], oy), x(s, 1, s.input[dims.w], ox);
        int64_t inside = std::max<int64_t>(y.end - y.begin, 0) * std::max<int64_t>(x.end - x.begin, 0);
        for (int64_t c = 0; c < s.result[dims.c]; ++c) {
          int64_t i = n * out[0] + oy * out[dims.h] + ox * out[dims.w] + c * out[dims.c];
          begin(i);
          for (int64_t ky = y.begin; ky < y.end; ++ky)
            for (int64_t kx = x.begin; kx < x.end; ++kx)
              tap(n * in[0] + (y.first + ky * s.dilations[0]) * in[dims.h] +
                  (x.first + kx * s.dilations[1]) * in[dims.w] + c * in[dims.c]);
          end(i, inside);
        }
      }
}

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_POOL_H
