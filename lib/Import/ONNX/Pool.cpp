// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling, of windows and of whole images.

#include "Window.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static SmallVector<int64_t> readKernel(Node &node, bool isFlat) {
  SmallVector<int64_t> kernel = node.getInts("kernel_shape");
  if (isFlat)
    kernel.insert(kernel.begin(), 1);
  if (kernel.size() != 2 || llvm::any_of(kernel, [](int64_t k) { return k < 1 || k > kLargestExtent; }))
    node.fail("attribute 'kernel_shape' does not fit the image");
  return kernel;
}

/// With ceil_mode, enlarges the pads behind the image so that a last, partial window counts.
static void enlarge(Node &node, Window &window, const Shape &image) {
  for (unsigned i = 0; i < 2; ++i) {
    if (!image[2 + i].isStatic())
      node.fail("attribute 'ceil_mode' needs an image of known extents",
                "give the input a fixed shape, all but the batch");
    int64_t extent = image[2 + i].factor, stride = window.strides[i];
    int64_t room = extent + window.low[i] + window.high[i] - window.reach(i);
    if (room < 0)
      continue;
    int64_t steps = (room + stride - 1) / stride + 1;
    if ((steps - 1) * stride >= extent + window.low[i])
      --steps; // the last window would lie in the padding
    window.high[i] = std::max((steps - 1) * stride + window.reach(i) - extent - window.low[i], int64_t(0));
  }
}

static Shape pooledShape(Node &node, const Window &window, const Shape &image) {
  return {image[0], image[1], slide(node, window, image[2], 0), slide(node, window, image[3], 1)};
}

static void importMaxPool(Node &node) {
  if (node.wants(1))
    node.fail("output 1 (indices) is not supported");
  auto [input, isFlat] = readImage(node, 0);
  Shape image = node.shapeOf(input);
  Window window = readWindow(node, readKernel(node, isFlat), image, isFlat);
  if (node.getInt("ceil_mode", 0))
    enlarge(node, window, image);
  Value result = node.emit<MaxPoolOp>(pooledShape(node, window, image), node.elementOf(input), input, window.kernel,
                                      window.strides, window.pads(), window.dilations, Layout::NCHW);
  setImage(node, result, isFlat);
}

static Value averagePool(Node &node, Value input, const Window &window, bool countPad) {
  return node.emit<AvgPoolOp>(pooledShape(node, window, node.shapeOf(input)), node.elementOf(input), input,
                              window.kernel, window.strides, window.pads(), countPad, Layout::NCHW);
}

/// The image within explicit zeros, which then count as taps.
static Value padWithZeros(Node &node, Value input, Window &window) {
  Shape shape = node.shapeOf(input);
  for (unsigned i = 0; i < 2; ++i)
    shape[2 + i] = node.importer.symbols.add(shape[2 + i], window.low[i] + window.high[i]);
  SmallVector<int64_t> low = {0, 0, window.low[0], window.low[1]}, high = {0, 0, window.high[0], window.high[1]};
  window.low.assign(2, 0);
  window.high.assign(2, 0);
  return node.emit<PadOp>(shape, node.elementOf(input), input, low, high, PadMode::Constant, FloatAttr());
}

static void importAveragePool(Node &node) {
  node.real(0);
  auto [input, isFlat] = readImage(node, 0);
  Window window = readWindow(node, readKernel(node, isFlat), node.shapeOf(input), isFlat);
  if (llvm::any_of(window.dilations, [](int64_t dilation) { return dilation != 1; }))
    node.fail("attribute 'dilations' other than 1 is not supported");
  bool countPad = node.getInt("count_include_pad", 0);
  if (node.getInt("ceil_mode", 0)) {
    // The zeros that ceil_mode adds never count, those of `pads` may.
    if (countPad && llvm::any_of(window.pads(), [](int64_t pad) { return pad != 0; }))
      input = padWithZeros(node, input, window);
    countPad = false;
    enlarge(node, window, node.shapeOf(input));
  }
  setImage(node, averagePool(node, input, window, countPad), isFlat);
}

/// A window as large as the image; none if the image's extents are unknown.
static std::optional<Window> globalWindow(const Shape &image) {
  if (!image[2].isStatic() || !image[3].isStatic())
    return std::nullopt;
  Window window;
  window.kernel = {image[2].factor, image[3].factor};
  window.strides = window.dilations = {1, 1};
  window.low = window.high = {0, 0};
  return window;
}

static void importGlobalAveragePool(Node &node) {
  node.real(0);
  auto [input, isFlat] = readImage(node, 0);
  Shape image = node.shapeOf(input);
  if (std::optional<Window> window = globalWindow(image))
    return setImage(node, averagePool(node, input, *window, false), isFlat);
  Value mean = node.emit<ReduceOp>({image[0], image[1], 1, 1}, node.elementOf(input), input, ReduceKind::Mean,
                                   ArrayRef<int64_t>{2, 3}, /*keep_dims=*/true);
  setImage(node, mean, isFlat);
}

static void importGlobalMaxPool(Node &node) {
  auto [input, isFlat] = readImage(node, 0);
  Shape image = node.shapeOf(input);
  std::optional<Window> window = globalWindow(image);
  if (!window)
    node.fail("the image's extents are not known at compile time");
  Value result = node.emit<MaxPoolOp>(pooledShape(node, *window, image), node.elementOf(input), input, window->kernel,
                                      window->strides, window->pads(), window->dilations, Layout::NCHW);
  setImage(node, result, isFlat);
}

/// (sum |x|^p)^(1/p) over a window: the average times the number of taps.
static Value lpPool(Node &node, Value input, const Window &window) {
  int64_t p = node.getInt("p", 2);
  if (p != 1 && p != 2)
    node.fail("attribute 'p' is " + Twine(p) + ", expected 1 or 2");
  Value powers = p == 1 ? node.unary<AbsOp>(input) : node.binary<MulOp>(input, input);
  Value mean = averagePool(node, powers, window, /*countPad=*/true);
  Value sum = node.binary<MulOp>(mean, node.floats(float(window.kernel[0] * window.kernel[1])));
  return p == 1 ? sum : node.unary<SqrtOp>(sum);
}

static void importLpPool(Node &node) {
  node.real(0);
  auto [input, isFlat] = readImage(node, 0);
  Window window = readWindow(node, readKernel(node, isFlat), node.shapeOf(input), isFlat);
  if (node.getInt("ceil_mode", 0) || llvm::any_of(window.dilations, [](int64_t dilation) { return dilation != 1; }))
    node.fail("attributes 'ceil_mode' and 'dilations' are not supported");
  setImage(node, lpPool(node, input, window), isFlat);
}

static void importGlobalLpPool(Node &node) {
  node.real(0);
  auto [input, isFlat] = readImage(node, 0);
  std::optional<Window> window = globalWindow(node.shapeOf(input));
  if (!window)
    node.fail("the image's extents are not known at compile time");
  setImage(node, lpPool(node, input, *window), isFlat);
}

void nibble::onnximport::addPools(TranslatorTable &table) {
  table["MaxPool"] = importMaxPool;
  table["AveragePool"] = importAveragePool;
  table["GlobalAveragePool"] = importGlobalAveragePool;
  table["GlobalMaxPool"] = importGlobalMaxPool;
  table["LpPool"] = importLpPool;
  table["GlobalLpPool"] = importGlobalLpPool;
}
