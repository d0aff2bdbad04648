// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of sliding windows.

#include "Window.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

SmallVector<int64_t> Window::pads() const {
  SmallVector<int64_t> both(low);
  llvm::append_range(both, high);
  return both;
}

bool Window::isPadded() const {
  return llvm::any_of(pads(), [](int64_t pad) { return pad != 0; });
}

bool Window::isDilated() const {
  return llvm::any_of(dilations, [](int64_t dilation) { return dilation != 1; });
}

Window Window::part(unsigned first, unsigned count) const {
  Window result;
  auto cut = [&](const SmallVector<int64_t> &all) {
    return SmallVector<int64_t>(ArrayRef<int64_t>(all).slice(first, count));
  };
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
    zeros->insert(zeros->begin(), 0);
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
static void padSame(Node &node, Window &window, const Shape &image, bool isUpper) {
  for (unsigned i = 0; i < window.rank(); ++i) {
    const Dim &extent = image[2 + i];
    int64_t stride = window.strides[i], total = window.reach(i) - 1;
    if (stride > 1) {
      if (!extent.isStatic())
        node.fail("attribute 'auto_pad' needs an image of known extents",
                  "give the input a fixed shape, all but the batch");
      int64_t steps = (extent.getStatic() + stride - 1) / stride;
      total = std::max<int64_t>((steps - 1) * stride + window.reach(i) - extent.getStatic(), 0);
    }
    window.low[i] = isUpper ? total / 2 : total - total / 2;
    window.high[i] = total - window.low[i];
  }
}

Window nibble::onnximport::readWindow(Node &node, ArrayRef<int64_t> kernel, const Shape &image) {
  Window window = plainWindow(kernel);
  window.strides = readEach(node, "strides", window.rank(), 1);
  window.dilations = readEach(node, "dilations", window.rank(), 1);
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER")
    padSame(node, window, image, mode == "SAME_UPPER");
  else if (mode != "VALID")
    readPads(node, window);
  return window;
}

Dim nibble::onnximport::slide(Node &node, const Window &window, const Dim &extent, unsigned i) {
  Symbols &symbols = node.importer.symbols;
  int64_t slack = window.low[i] + window.high[i] - window.reach(i);
  if (extent.isStatic() && extent.getStatic() + slack < 0)
    node.fail("a window of " + Twine(window.reach(i)) + " exceeds the padded image of " +
              Twine(extent.getStatic() + window.low[i] + window.high[i]));
  if (window.strides[i] == 1)
    return extent + (slack + 1);
  return floorDiv(extent + slack, window.strides[i]) + 1;
}

Shape nibble::onnximport::slideAll(Node &node, const Window &window, const Shape &image) {
  Shape result;
  for (unsigned i = 0; i < window.rank(); ++i)
    result.push_back(slide(node, window, image[2 + i], i));
  return result;
}
