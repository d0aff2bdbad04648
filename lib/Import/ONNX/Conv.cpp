// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conv and ConvTranspose.

#include "Convolution.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Extents of a filter's window, which must be known.
static SmallVector<int64_t> kernelOf(Node &node, Value filter) {
  std::optional<SmallVector<int64_t>> extents = staticExtents(node.shapeOf(filter));
  if (!extents)
    node.fail("the filter's shape is not known at compile time");
  return SmallVector<int64_t>(ArrayRef(*extents).drop_front(2));
}

static void checkChannels(Node &node, const Dim &channels, const Dim &perGroup, int64_t groups) {
  if (groups < 1)
    node.fail("attribute 'group' is " + Twine(groups) + ", expected at least 1");
  std::optional<Dim> expected = multiply(perGroup, groups);
  if (channels.isStatic() && expected && expected->isStatic() && channels != *expected)
    node.fail("input 0 has " + Twine(channels.getStatic()) + " channels, expected " + Twine(expected->getStatic()) +
              " (" + Twine(groups) + " groups of the filter's " + Twine(perGroup.getStatic()) + ")");
}

/// The node's operands and attributes, without the result's shape.
static Convolution readConvolution(Node &node) {
  Convolution conv;
  conv.input = node.real(0);
  conv.filter = node.real(1);
  conv.bias = node.has(2) ? node.real(2) : Value();
  conv.groups = node.getInt("group", 1);
  const unsigned rank = spatialRank(node, 0);
  if (node.rank(1) != rank + 2)
    node.fail("input 1 has rank " + Twine(node.rank(1)) + ", expected " + Twine(rank + 2));
  conv.window = readWindow(node, kernelOf(node, conv.filter), node.shapeOf(conv.input));
  return conv;
}

/// Weights that are packed at compile time.
static bool hasConstantWeights(const Convolution &conv) {
  return isConstant(conv.filter) && (!conv.bias || isConstant(conv.bias));
}

/// The result's shape with a height where there is none.
static Shape planarShape(const Shape &shape) {
  Shape planar = shape;
  if (planar.size() == 3)
    planar.insert(planar.begin() + 2, Dim(1));
  return planar;
}

Value nibble::onnximport::convolve(Node &node, Convolution conv) {
  const unsigned rank = conv.window.rank();
  if (rank > 3 || !hasConstantWeights(conv))
    return generateConv(node, conv);
  conv.input = padWithZeros(node, conv.input, conv.window);
  if (rank == 3)
    return convVolume(node, conv);
  Value input = toPlanar(node, conv.input), filter = toPlanar(node, conv.filter);
  Window window = conv.window.planar();
  Value image = node.emit<ConvOp>(planarShape(conv.shape), node.elementOf(input), input, filter, conv.bias,
                                  window.strides, window.pads(), window.dilations, conv.groups, Layout::NCHW);
  return node.reshape(image, conv.shape);
}

static void importConv(Node &node) {
  Convolution conv = readConvolution(node);
  Shape image = node.shapeOf(conv.input), weights = node.shapeOf(conv.filter);
  checkChannels(node, image[1], weights[1], conv.groups);
  conv.shape = {image[0], weights[0]};
  llvm::append_range(conv.shape, slideAll(node, conv.window, image));
  Value result = convolve(node, conv);
  if (auto reshape = result.getDefiningOp<ReshapeOp>())
    node.name(reshape.getInput(), 0);
  node.set(0, result);
}

Value nibble::onnximport::reorderFilter(Node &node, Value filter, int64_t groups) {
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

/// The least spatial extent `i` of a transposed convolution's result.
static Dim leastExtent(const Window &window, const Dim &in, unsigned i) {
  return (in - 1) * window.strides[i] + window.reach(i) - window.low[i] - window.high[i];
}

/// What an attribute gives each spatial dimension in place of pads.
static SmallVector<int64_t> readCounts(Node &node, StringRef name, unsigned rank, ArrayRef<int64_t> otherwise) {
  SmallVector<int64_t> counts = node.getInts(name, otherwise);
  const bool fits = name == "output_shape" ? counts.empty() || counts.size() >= rank : counts.size() == rank;
  if (!fits || llvm::any_of(counts, [](int64_t count) { return count < 0 || count > kLargestExtent; }))
    node.fail("attribute '" + name + "' does not fit the image");
  return counts.size() > rank ? SmallVector<int64_t>(ArrayRef(counts).take_back(rank)) : counts;
}

/// Sets spatial extents of a transposed convolution's result, and its pads.
static void setTransposedExtents(Node &node, Convolution &conv, const Shape &image) {
  Window &window = conv.window;
  const unsigned rank = window.rank();
  SmallVector<int64_t> extra = readCounts(node, "output_padding", rank, SmallVector<int64_t>(rank, 0));
  SmallVector<int64_t> wanted = readCounts(node, "output_shape", rank, {});
  std::string mode = node.getString("auto_pad", "NOTSET");
  const bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  for (unsigned i = 0; i < rank; ++i) {
    const Dim &in = image[2 + i];
    const int64_t stride = window.strides[i];
    if (isSame || !wanted.empty()) {
      const Dim extent = wanted.empty() ? in * stride : Dim(wanted[i]);
      const Dim total = nibble::max((in - 1) * stride + window.reach(i) + extra[i] - extent, 0);
      window.low[i] = mode == "SAME_UPPER" ? floorDiv(total, 2) : total - floorDiv(total, 2);
      window.high[i] = total - window.low[i];
      conv.shape.push_back(extent); // what lies beyond is nothing but the bias
    } else {
      conv.shape.push_back(leastExtent(window, in, i) + extra[i]);
    }
    // Of a dynamic extent, what is added behind is what is not cut off.
    const Dim added = conv.shape.back() - leastExtent(window, in, i);
    if (!conv.shape.back().isStatic())
      window.high[i] -= added;
  }
}

/// Whether nibble.conv_transpose is of this form: weights that are packed at compile time, pads that are known, and no
/// extents beyond what the window's steps reach.
static bool hasTransposedForm(Node &node, const Convolution &conv, const Shape &image) {
  const unsigned rank = conv.window.rank();
  const bool isPerAxis = isa<quant::UniformQuantizedPerAxisType>(node.elementOf(conv.filter));
  if (rank > 3 || (rank == 3 && isPerAxis) || !hasConstantWeights(conv) || conv.window.hasDynamicPads())
    return false;
  for (unsigned i = 0; i < rank; ++i) {
    const Dim added = conv.shape[2 + i] - leastExtent(conv.window, image[2 + i], i);
    if (conv.window.high[i].getStatic() < 0 || !added.isStatic() || added.getStatic() < 0 ||
        added.getStatic() >= conv.window.strides[i])
      return false;
  }
  return true;
}

static void importConvTranspose(Node &node) {
  Convolution conv = readConvolution(node);
  Shape image = node.shapeOf(conv.input), weights = node.shapeOf(conv.filter);
  checkChannels(node, image[1], weights[0], 1);
  std::optional<Dim> outputs = multiply(weights[1], conv.groups);
  if (conv.groups < 1 || !divideExactly(weights[0], conv.groups) || !outputs)
    node.fail("attribute 'group' is " + Twine(conv.groups) + ", which does not divide the input's channels");
  conv.shape = {image[0], *outputs};
  setTransposedExtents(node, conv, image);
  if (!hasTransposedForm(node, conv, image))
    return node.set(0, generateConvTranspose(node, conv));
  const unsigned rank = conv.window.rank();
  if (rank == 3)
    return node.set(0, convTransposeVolume(node, conv));
  Value input = toPlanar(node, conv.input);
  Value filter = reorderFilter(node, toPlanar(node, conv.filter), conv.groups);
  Window window = conv.window.planar();
  Value result = node.emit<ConvTransposeOp>(planarShape(conv.shape), node.elementOf(input), input, filter, conv.bias,
                                            window.strides, window.pads(), window.dilations, conv.groups, Layout::NCHW);
  setImage(node, result, rank == 1);
}

void nibble::onnximport::addConvolutions(TranslatorTable &table) {
  table["Conv"] = importConv;
  table["ConvTranspose"] = importConvTranspose;
}
