// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of sliding windows.

#include "Window.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Image nibble::onnximport::readImage(Node &node, unsigned i) {
  Value value = node.get(i);
  Shape shape = node.shapeOf(value);
  if (shape.size() == 4)
    return {value, false};
  if (shape.size() != 3)
    node.fail("input " + Twine(i) + " has rank " + Twine(shape.size()) + ", expected 3 or 4",
              "images have one or two spatial dimensions");
  shape.insert(shape.begin() + 2, Dim(1));
  return {node.reshape(value, shape), true};
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

/// An attribute with one entry a spatial dimension; a flat image's height gets `filler`.
static SmallVector<int64_t> readEach(Node &node, StringRef name, unsigned rank, int64_t otherwise) {
  SmallVector<int64_t> values = node.getInts(name, SmallVector<int64_t>(rank, otherwise));
  if (values.size() != rank)
    node.fail("attribute '" + name + "' has " + Twine(values.size()) + " entries, expected " + Twine(rank));
  if (rank == 1)
    values.insert(values.begin(), 1);
  for (int64_t value : values)
    if (value < 1 || value > kLargestExtent)
      node.fail("attribute '" + name + "' has entry " + Twine(value) + ", expected 1 to " + Twine(kLargestExtent));
  return values;
}

static void readPads(Node &node, Window &window, unsigned rank) {
  SmallVector<int64_t> pads = node.getInts("pads", SmallVector<int64_t>(2 * rank, 0));
  if (pads.size() != 2 * rank)
    node.fail("attribute 'pads' has " + Twine(pads.size()) + " entries, expected " + Twine(2 * rank));
  for (int64_t pad : pads)
    if (pad < 0 || pad > kLargestExtent)
      node.fail("attribute 'pads' has entry " + Twine(pad) + ", expected 0 to " + Twine(kLargestExtent));
  window.low.assign(pads.begin(), pads.begin() + rank);
  window.high.assign(pads.begin() + rank, pads.end());
  if (rank == 1) {
    window.low.insert(window.low.begin(), 0);
    window.high.insert(window.high.begin(), 0);
  }
}

/// SAME_UPPER and SAME_LOWER: the result has ceil(extent / stride) elements.
static void padSame(Node &node, Window &window, const Shape &image, bool isUpper) {
  window.low.assign(2, 0);
  window.high.assign(2, 0);
  for (unsigned i = 0; i < 2; ++i) {
    const Dim &extent = image[2 + i];
    int64_t stride = window.strides[i], total = window.reach(i) - 1;
    if (stride > 1) {
      if (!extent.isStatic())
        node.fail("attribute 'auto_pad' needs an image of known extents",
                  "give the input a fixed shape, all but the batch");
      int64_t steps = (extent.factor + stride - 1) / stride;
      total = std::max<int64_t>((steps - 1) * stride + window.reach(i) - extent.factor, 0);
    }
    window.low[i] = isUpper ? total / 2 : total - total / 2;
    window.high[i] = total - window.low[i];
  }
}

Window nibble::onnximport::readWindow(Node &node, ArrayRef<int64_t> kernel, const Shape &image, bool isFlat) {
  unsigned rank = isFlat ? 1 : 2;
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = readEach(node, "strides", rank, 1);
  window.dilations = readEach(node, "dilations", rank, 1);
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    padSame(node, window, image, mode == "SAME_UPPER");
  } else {
    readPads(node, window, rank);
    if (mode == "VALID")
      window.low.assign(2, 0), window.high.assign(2, 0);
  }
  return window;
}

Dim nibble::onnximport::slide(Node &node, const Window &window, const Dim &extent, unsigned i) {
  Symbols &symbols = node.importer.symbols;
  int64_t slack = window.low[i] + window.high[i] - window.reach(i);
  if (extent.isStatic() && extent.factor + slack < 0)
    node.fail("a window of " + Twine(window.reach(i)) + " exceeds the padded image of " +
              Twine(extent.factor + window.low[i] + window.high[i]));
  if (window.strides[i] == 1)
    return symbols.add(extent, slack + 1);
  return symbols.add(symbols.divide(symbols.add(extent, slack), window.strides[i]), 1);
}
