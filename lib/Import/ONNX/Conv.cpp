// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conv and ConvTranspose.

#include "Window.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Extents of a filter's window, which must be known.
static SmallVector<int64_t> kernelOf(Node &node, Value filter) {
  std::optional<SmallVector<int64_t>> extents = staticExtents(node.shapeOf(filter));
  if (!extents)
    node.fail("the filter's shape is not known at compile time");
  return {(*extents)[2], (*extents)[3]};
}

static void checkChannels(Node &node, const Dim &channels, const Dim &perGroup, int64_t groups) {
  if (groups < 1)
    node.fail("attribute 'group' is " + Twine(groups) + ", expected at least 1");
  std::optional<Dim> expected = multiply(perGroup, groups);
  if (channels.isStatic() && expected && expected->isStatic() && channels != *expected)
    node.fail("input 0 has " + Twine(channels.factor) + " channels, expected " + Twine(expected->factor) + " (" +
              Twine(groups) + " groups of the filter's " + Twine(perGroup.factor) + ")");
}

static void importConv(Node &node) {
  node.real(0), node.real(1);
  auto [input, isFlat] = readImage(node, 0);
  Value filter = readImage(node, 1).value;
  Value bias = node.has(2) ? node.real(2) : Value();
  Shape image = node.shapeOf(input), weights = node.shapeOf(filter);
  int64_t groups = node.getInt("group", 1);
  checkChannels(node, image[1], weights[1], groups);
  Window window = readWindow(node, kernelOf(node, filter), image, isFlat);
  Shape shape = {image[0], weights[0], slide(node, window, image[2], 0), slide(node, window, image[3], 1)};
  Value result = node.emit<ConvOp>(shape, node.elementOf(input), input, filter, bias, window.strides, window.pads(),
                                   window.dilations, groups, Layout::NCHW);
  setImage(node, result, isFlat);
}

/// ONNX's I, O/groups, KH, KW as O, I/groups, KH, KW.
static Value reorderFilter(Node &node, Value filter, int64_t groups) {
  Shape shape = node.shapeOf(filter);
  if (groups == 1)
    return node.transpose(filter, {1, 0, 2, 3});
  std::optional<Dim> inputs = groups > 0 ? divideExactly(shape[0], groups) : std::nullopt;
  std::optional<Dim> outputs = multiply(shape[1], groups);
  if (!inputs || !outputs)
    node.fail("attribute 'group' is " + Twine(groups) + ", which does not divide the input's channels");
  Value split = node.reshape(filter, {groups, *inputs, shape[1], shape[2], shape[3]});
  Value swapped = node.transpose(split, {0, 2, 1, 3, 4});
  return node.reshape(swapped, {*outputs, *inputs, shape[2], shape[3]});
}

/// Extents of a transposed convolution's result; sets its pads.
static Shape transposedShape(Node &node, Window &window, const Shape &image, bool isFlat) {
  unsigned rank = isFlat ? 1 : 2;
  SmallVector<int64_t> extra = node.getInts("output_padding", SmallVector<int64_t>(rank, 0));
  SmallVector<int64_t> wanted = node.getInts("output_shape");
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (extra.size() != rank || llvm::any_of(extra, [](int64_t e) { return e < 0 || e > INT32_MAX; }))
    node.fail("attribute 'output_padding' does not fit the image");
  if (!wanted.empty() && (wanted.size() < rank || llvm::any_of(wanted, [](int64_t e) { return e < 0; })))
    node.fail("attribute 'output_shape' does not fit the image");
  if (isFlat)
    extra.insert(extra.begin(), 0);
  if (isFlat && !wanted.empty())
    wanted.insert(wanted.begin(), 1);
  Shape result;
  for (unsigned i = 0; i < 2; ++i) {
    if (!image[2 + i].isStatic())
      node.fail("a transposed convolution needs an image of known extents",
                "give the input a fixed shape, all but the batch");
    int64_t in = image[2 + i].factor, stride = window.strides[i];
    int64_t full = (in - 1) * stride + window.reach(i) + extra[i];
    bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    if (!wanted.empty() || isSame) {
      int64_t extent = wanted.empty() ? in * stride : wanted[wanted.size() - 2 + i];
      int64_t total = std::max<int64_t>(full - extent, 0);
      window.low[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      window.high[i] = total - window.low[i];
      result.push_back(extent); // beyond `full`, nothing but the bias
      continue;
    }
    result.push_back(full - window.low[i] - window.high[i]);
  }
  return result;
}

static void importConvTranspose(Node &node) {
  node.real(0), node.real(1);
  auto [input, isFlat] = readImage(node, 0);
  int64_t groups = node.getInt("group", 1);
  checkChannels(node, node.shapeOf(input)[1], node.shape(1)[0], 1);
  Value filter = reorderFilter(node, readImage(node, 1).value, groups);
  Value bias = node.has(2) ? node.real(2) : Value();
  Shape image = node.shapeOf(input);
  Window window = readWindow(node, kernelOf(node, filter), image, isFlat);
  Shape spatial = transposedShape(node, window, image, isFlat);
  Shape shape = {image[0], node.shapeOf(filter)[0], spatial[0], spatial[1]};
  Value result = node.emit<ConvTransposeOp>(shape, node.elementOf(input), input, filter, bias, window.strides,
                                            window.pads(), window.dilations, groups, Layout::NCHW);
  setImage(node, result, isFlat);
}

void nibble::onnximport::addConvolutions(TranslatorTable &table) {
  table["Conv"] = importConv;
  table["ConvTranspose"] = importConvTranspose;
}
