// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sums of a convolution, float or integer, direct or transposed.

#ifndef NIBBLE_LIB_REFERENCE_CONVOLVE_H
#define NIBBLE_LIB_REFERENCE_CONVOLVE_H

#include "Evaluate.h"
#include "MultiplyAdd.h"

namespace nibble::reference {

/// The shapes and attributes of one convolution at run time.
struct ConvolutionShape {
  llvm::SmallVector<int64_t> input, filter, result; // in the layout's order
  llvm::SmallVector<int64_t, 4> strides, pads, dilations;
  int64_t groups;
  Layout layout;
  bool transposed;

  /// From an operation and the shapes its operands have at run time. An error if they do not fit.
  template <typename OpTy>
  static llvm::Expected<ConvolutionShape> get(OpTy op, Layout layout, bool transposed, Operands operands) {
    ConvolutionShape s{operands[0]->shape,
                       operands[1]->shape,
                       llvm::to_vector(op.getType().getShape()),
                       llvm::SmallVector<int64_t, 4>(op.getStrides()),
                       llvm::SmallVector<int64_t, 4>(op.getPads()),
                       llvm::SmallVector<int64_t, 4>(op.getDilations()),
                       int64_t(op.getGroups()),
                       layout,
                       transposed};
    if (auto error = s.complete())
      return error;
    return s;
  }

  int64_t getChannels() const { return filter[0]; }
  /// The input's row or column (dim 0 or 1) that tap k of the result's row or column `out` reads; -1 where the tap lies
  /// in the padding or, if transposed, between the input's elements.
  int64_t getSource(int dim, int64_t out, int64_t k) const;

private:
  llvm::Error complete();
};

/// The filter's elements in the order group, ky, kx, input channel, output channel of the group.
template <typename T>
std::vector<T> packFilter(const ConvolutionShape &s, const T *filter) {
  ImageDims dims = getImageDims(s.layout);
  auto strides = getStrides(s.filter);
  int64_t perGroup = s.filter[dims.out] / s.groups;
  std::vector<T> packed;
  packed.reserve(s.filter[0] * s.filter[1] * s.filter[2] * s.filter[3]);
  for (int64_t g = 0; g < s.groups; ++g)
    for (int64_t ky = 0; ky < s.filter[dims.kernelH]; ++ky)
      for (int64_t kx = 0; kx < s.filter[dims.kernelW]; ++kx)
        for (int64_t c = 0; c < s.filter[dims.in]; ++c)
          for (int64_t o = 0; o < perGroup; ++o)
            packed.push_back(filter[(g * perGroup + o) * strides[dims.out] + c * strides[dims.in] +
                                    ky * strides[dims.kernelH] + kx * strides[dims.kernelW]]);
  return packed;
}

/// The accumulators of all results in the layout's order, from `start[o]` on, taps in the order ky, kx, c. A tap
/// without an input element counts as `outside` and is skipped if that is 0.
template <typename Acc, typename T>
std::vector<Acc> convolve(const ConvolutionShape &s, const T *input, const T *filter, llvm::ArrayRef<Acc> start,
                          T outside = 0) {
  ImageDims dims = getImageDims(s.layout);
  auto in = getStrides(s.input), out = getStrides(s.result);
  std::vector<T> packed = packFilter(s, filter);
  const int64_t perGroup = s.getChannels() / s.groups, depth = s.filter[dims.in];
  const int64_t taps = s.filter[dims.kernelH] * s.filter[dims.kernelW];
  std::vector<Acc> result(s.result[0] * s.result[1] * s.result[2] * s.result[3]), acc(perGroup);

  auto sumTaps = [&](int64_t n, int64_t oy, int64_t ox, int64_t g) {
    const T *w = packed.data() + g * taps * depth * perGroup;
    for (int64_t ky = 0; ky < s.filter[dims.kernelH]; ++ky)
      for (int64_t kx = 0; kx < s.filter[dims.kernelW]; ++kx, w += depth * perGroup) {
        int64_t iy = s.getSource(0, oy, ky), ix = s.getSource(1, ox, kx);
        bool inside = iy >= 0 && ix >= 0;
        if (!inside && outside == 0)
          continue;
        const T *x = inside ? input + n * in[0] + iy * in[dims.h] + ix * in[dims.w] + g * depth * in[dims.c] : nullptr;
        for (int64_t c = 0; c < depth; ++c)
          multiplyAdd(acc.data(), inside ? x[c * in[dims.c]] : outside, w + c * perGroup, perGroup);
      }
  };
  for (int64_t n = 0; n < s.result[0]; ++n)
    for (int64_t oy = 0; oy < s.result[dims.h]; ++oy)
      for (int64_t ox = 0; ox < s.result[dims.w]; ++ox)
        for (int64_t g = 0; g < s.groups; ++g) {
          std::copy_n(start.begin() + g * perGroup, perGroup, acc.begin());
          sumTaps(n, oy, ox, g);
          for (int64_t o = 0; o < perGroup; ++o)
            result[n * out[0] + oy * out[dims.h] + ox * out[dims.w] + (g * perGroup + o) * out[dims.c]] = acc[o];
        }
  return result;
}

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_CONVOLVE_H
