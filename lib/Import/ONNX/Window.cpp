// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of sliding windows.

#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

SmallVector<int64_t> Window::pads() const {
  SmallVector<int64_t> both;
  for (const Shape *side : {&low, &high})
    for (const Dim &pad : *side)
      both.push_back(pad.getStatic());
  return both;
}

bool Window::isPadded() const {
  const auto isThere = [](const Dim &pad) { return pad != 0; };
  return llvm::any_of(low, isThere) || llvm::any_of(high, isThere);
}

bool Window::isDilated() const {
  return llvm::any_of(dilations, [](int64_t dilation) { return dilation != 1; });
}

Window Window::part(unsigned first, unsigned count) const {
  Window result;
  auto cut = [&](const auto &all) { return std::decay_t<decltype(all)>(ArrayRef(all).slice(first, count)); };
  result.kernel = cut(kernel);
  result.strides = cut(strides);
  result.dilations = cut(dilations);
  result.low = cut(low);
  result.high = cut(high);
  return result;
}

Window Window::planar() const {
  Window result = *this;
  if (rank() != 1)
    return result;
  for (auto *ones : {&result.kernel, &result.strides, &result.dilations})
    ones->insert(ones->begin(), 1);
  for (auto *zeros : {&result.low, &result.high})
    zeros->insert(zeros->begin(), Dim(0));
  return result;
}

Window nibble::onnximport::plainWindow(ArrayRef<int64_t> kernel) {
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides.assign(kernel.size(), 1);
  window.dilations.assign(kernel.size(), 1);
  window.low.assign(kernel.size(), 0);
  window.high.assign(kernel.size(), 0);
  return window;
}

unsigned nibble::onnximport::spatialRank(Node &node, unsigned i) {
  if (node.rank(i) < 3)
    node.fail("input " + Twine(i) + " has rank " + Twine(node.rank(i)) + ", expected at least 3",
              "images have a batch, channels and one or more spatial dimensions");
  return node.rank(i) - 2;
}

Value nibble::onnximport::toPlanar(Node &node, Value image) {
  Shape shape = node.shapeOf(image);
  if (shape.size() != 3)
    return image;
  shape.insert(shape.begin() + 2, Dim(1));
  return node.reshape(image, shape);
}

Image nibble::onnximport::readImage(Node &node, unsigned i) {
  Value value = node.get(i);
  return {toPlanar(node, value), node.shapeOf(value).size() == 3};
}

void nibble::onnximport::setImage(Node &node, Value value, bool isFlat) {
  if (isFlat) {
    node.name(value, 0);
    Shape shape = node.shapeOf(value);
    shape.erase(shape.begin() + 2);
    value = node.reshape(value, shape);
  }
  node.set(0, value);
}

SmallVector<int64_t> nibble::onnximport::readKernel(Node &node, unsigned rank) {
  SmallVector<int64_t> kernel = node.getInts("kernel_shape");
  if (kernel.size() != rank || llvm::any_of(kernel, [](int64_t k) { return k < 1 || k > kLargestExtent; }))
    node.fail("attribute 'kernel_shape' does not fit the image");
  return kernel;
}

/// An attribute with one entry a spatial dimension.
static SmallVector<int64_t> readEach(Node &node, StringRef name, unsigned rank, int64_t otherwise) {
  SmallVector<int64_t> values = node.getInts(name, SmallVector<int64_t>(rank, otherwise));
  if (values.size() != rank)
    node.fail("attribute '" + name + "' has " + Twine(values.size()) + " entries, expected " + Twine(rank));
  for (int64_t value : values)
    if (value < 1 || value > kLargestExtent)
      node.fail("attribute '" + name + "' has entry " + Twine(value) + ", expected 1 to " + Twine(kLargestExtent));
  return values;
}

static void readPads(Node &node, Window &window) {
  const unsigned rank = window.rank();
  SmallVector<int64_t> pads = node.getInts("pads", SmallVector<int64_t>(2 * rank, 0));
  if (pads.size() != 2 * rank)
    node.fail("attribute 'pads' has " + Twine(pads.size()) + " entries, expected " + Twine(2 * rank));
  for (int64_t pad : pads)
    if (pad < 0 || pad > kLargestExtent)
      node.fail("attribute 'pads' has entry " + Twine(pad) + ", expected 0 to " + Twine(kLargestExtent));
  window.low.assign(pads.begin(), pads.begin() + rank);
  window.high.assign(pads.begin() + rank, pads.end());
}

/// SAME_UPPER and SAME_LOWER: the result has ceil(extent / stride) elements.
static void padSame(Window &window, const Shape &image, bool isUpper) {
  for (unsigned i = 0; i < window.rank(); ++i) {
    const Dim &extent = image[2 + i];
    const int64_t stride = window.strides[i];
    Dim total = window.reach(i) - 1;
    if (stride > 1)
      total = nibble::max((ceilDiv(extent, stride) - 1) * stride + window.reach(i) - extent, 0);
    window.low[i] = isUpper ? floorDiv(total, 2) : total - floorDiv(total, 2);
    window.high[i] = total - window.low[i];
  }
}

Window nibble::onnximport::readWindow(Node &node, ArrayRef<int64_t> kernel, const Shape &image) {
  Window window = plainWindow(kernel);
  window.strides = readEach(node, "strides", window.rank(), 1);
  window.dilations = readEach(node, "dilations", window.rank(), 1);
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER")
    padSame(window, image, mode == "SAME_UPPER");
  else if (mode != "VALID")
    readPads(node, window);
  return window;
}

Dim nibble::onnximport::slide(Node &node, const Window &window, const Dim &extent, unsigned i) {
  const Dim pads = window.low[i] + window.high[i], padded = extent + pads;
  if (padded.isStatic() && padded.getStatic() < window.reach(i))
    node.fail("a window of " + Twine(window.reach(i)) + " exceeds the padded image of " + Twine(padded.getStatic()));
  // Pads by the extent are there so that the window steps over all of it.
  if (!pads.isStatic())
    return ceilDiv(extent, window.strides[i]);
  return floorDiv(padded - window.reach(i), window.strides[i]) + 1;
}

Shape nibble::onnximport::slideAll(Node &node, const Window &window, const Shape &image) {
  Shape result;
  for (unsigned i = 0; i < window.rank(); ++i)
    result.push_back(slide(node, window, image[2 + i], i));
  return result;
}

//===----------------------------------------------------------------------===//
// Pads that depend on the extents
//===----------------------------------------------------------------------===//

/// What the window reads along spatial dimension `i`: the image and its pads, less what no step reaches.
static Dim readExtent(const Window &window, const Shape &image, unsigned i) {
  return (ceilDiv(image[2 + i], window.strides[i]) - 1) * window.strides[i] + window.reach(i);
}

static bool isDynamic(const Window &window, unsigned i) {
  return !window.low[i].isStatic() || !window.high[i].isStatic();
}

static void removePads(Window &window) {
  for (unsigned i = 0; i < window.rank(); ++i)
    if (isDynamic(window, i))
      window.low[i] = window.high[i] = 0;
}

/// The image as far as the window reads it; `isZero` says whether what lies outside of it is 0, or what is next to it.
static Value padImage(Node &node, Value image, Window &window, bool isZero) {
  if (!window.hasDynamicPads())
    return image;
  const Type element = node.elementOf(image);
  Value values = dequantized(node, image);
  const Shape from = node.shapeOf(image);
  Shape shape = from, low(from.size(), 0);
  for (unsigned i = 0; i < window.rank(); ++i) {
    if (!isDynamic(window, i))
      continue;
    shape[2 + i] = readExtent(window, from, i);
    low[2 + i] = window.low[i];
  }
  removePads(window);
  Value padded = node.generate(shape, node.elementOf(values), values, [&](Body &b) {
    Scalar isInside = b.boolean(true);
    Scalars at;
    for (unsigned d = 0; d < from.size(); ++d) {
      at.push_back(b.sub(b.index(d), b.value(low[d])));
      if (low[d] != 0 || shape[d] != from[d])
        isInside =
            b.and_(isInside, b.and_(b.lessOrEqual(b.integer(0), at.back()), b.less(at.back(), b.value(from[d]))));
    }
    Scalar value = b.read(0, at); // the nearest inside
    return isZero ? b.select(isInside, value, b.constant(value.type, 0)) : value;
  });
  // No value is another one than before.
  return isa<quant::QuantizedType>(element) ? node.emit<QuantizeOp>(shape, element, padded) : padded;
}

Value nibble::onnximport::padWithZeros(Node &node, Value image, Window &window) {
  return padImage(node, image, window, /*isZero=*/true);
}

Value nibble::onnximport::padWithEdges(Node &node, Value image, Window &window) {
  return padImage(node, image, window, /*isZero=*/false);
}
