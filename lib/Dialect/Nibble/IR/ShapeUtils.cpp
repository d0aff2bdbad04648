// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of shapes.

#include "nibble/Dialect/Nibble/ShapeUtils.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace nibble;

static constexpr int64_t dynamic = ShapedType::kDynamic;

ImageDims nibble::getImageDims(Layout layout) {
  if (layout == Layout::NCHW)
    return {0, 1, 2, 3, 0, 1, 2, 3};
  return {0, 3, 1, 2, 0, 3, 1, 2};
}

/// dilation * (kernel - 1) + 1
static std::optional<int64_t> getReach(int64_t kernel, int64_t dilation) {
  return llvm::checkedMulAdd<int64_t>(dilation, kernel - 1, 1);
}

std::optional<int64_t> nibble::getWindowExtent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                                               int64_t low, int64_t high) {
  if (extent == dynamic || kernel == dynamic)
    return dynamic;
  auto reach = getReach(kernel, dilation);
  auto pads = llvm::checkedAdd<int64_t>(low, high);
  auto padded = pads ? llvm::checkedAdd<int64_t>(extent, *pads) : std::nullopt;
  if (!reach || !padded || *padded < *reach)
    return std::nullopt;
  return (*padded - *reach) / stride + 1;
}

std::optional<int64_t> nibble::getTransposedExtent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                                                   int64_t low, int64_t high) {
  if (extent == dynamic || kernel == dynamic)
    return dynamic;
  if (extent == 0)
    return 0;
  auto reach = getReach(kernel, dilation);
  auto pads = llvm::checkedAdd<int64_t>(low, high);
  auto full = reach ? llvm::checkedMulAdd<int64_t>(extent - 1, stride, *reach) : std::nullopt;
  if (!full || !pads || *full < *pads)
    return std::nullopt;
  return *full - *pads;
}

std::optional<SmallVector<int64_t>> nibble::getWindowShape(ArrayRef<int64_t> input, const Window &window, Layout layout,
                                                           int64_t channels) {
  ImageDims dims = getImageDims(layout);
  SmallVector<int64_t> shape(input);
  shape[dims.c] = channels;
  const int64_t spatial[] = {dims.h, dims.w};
  for (int i = 0; i < 2; ++i) {
    auto extent = getWindowExtent(input[spatial[i]], window.kernel[i], window.strides[i], window.dilations[i],
                                  window.pads[i], window.pads[i + 2]);
    if (!extent)
      return std::nullopt;
    shape[spatial[i]] = *extent;
  }
  return shape;
}

/// The common extent of two, of which one may be 1 or dynamic.
static std::optional<int64_t> broadcastExtent(int64_t a, int64_t b) {
  if (a == b || b == 1)
    return a;
  if (a == 1)
    return b;
  if (a == dynamic)
    return b;
  if (b == dynamic)
    return a;
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> nibble::getBroadcastShape(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<int64_t> shape(a);
  size_t skip = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    auto extent = broadcastExtent(a[skip + i], b[i]);
    if (!extent)
      return std::nullopt;
    shape[skip + i] = *extent;
  }
  return shape;
}

std::optional<SmallVector<int64_t>> nibble::getMatMulShape(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  if (lhs.size() < 2 || rhs.size() < 2)
    return std::nullopt;
  if (!areCompatible(lhs.take_back(1), rhs.take_back(2).take_front(1)))
    return std::nullopt;
  auto shape = getBroadcastShape(lhs.drop_back(2), rhs.drop_back(2));
  if (shape)
    shape->append({lhs[lhs.size() - 2], rhs.back()});
  return shape;
}

SmallVector<int64_t> nibble::getReducedShape(ArrayRef<int64_t> input, ArrayRef<int64_t> axes, bool keepDims) {
  SmallVector<int64_t> shape;
  for (auto [i, extent] : llvm::enumerate(input)) {
    if (!llvm::is_contained(axes, int64_t(i)))
      shape.push_back(extent);
    else if (keepDims)
      shape.push_back(1);
  }
  return shape;
}

bool nibble::areCompatible(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
           auto [x, y] = pair;
           return x == y || x == dynamic || y == dynamic;
         });
}

std::optional<int64_t> nibble::getElementCount(ArrayRef<int64_t> shape) {
  if (llvm::is_contained(shape, dynamic))
    return std::nullopt;
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t extent : shape) {
    auto product = llvm::checkedMul(count, extent);
    if (!product)
      return std::nullopt;
    count = *product;
  }
  return count;
}

bool nibble::isPermutation(ArrayRef<int64_t> permutation, int64_t rank) {
  if (int64_t(permutation.size()) != rank)
    return false;
  llvm::BitVector seen(rank);
  for (int64_t dim : permutation) {
    if (dim < 0 || dim >= rank || seen.test(dim))
      return false;
    seen.set(dim);
  }
  return true;
}

std::string nibble::formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os, [&](int64_t extent) {
    if (extent == dynamic)
      os << '?';
    else
      os << extent;
  });
  os << ']';
  return text;
}
