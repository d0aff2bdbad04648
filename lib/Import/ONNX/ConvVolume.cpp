// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of volumes by those of images, which have kernels and a quantized form.

#include "Convolution.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// N, C, D, H, W with zeros before and behind each volume.
static Value padDepth(Node &node, Value input, const Window &depth) {
  if (!depth.isPadded())
    return input;
  const SmallVector<int64_t> pads = depth.pads();
  Shape shape = node.shapeOf(input);
  shape[2] += pads[0] + pads[1];
  const int64_t before[] = {0, 0, pads[0], 0, 0}, after[] = {0, 0, pads[1], 0, 0};
  return node.emit<PadOp>(shape, node.elementOf(input), input, ArrayRef<int64_t>(before), ArrayRef<int64_t>(after),
                          PadMode::Constant, FloatAttr());
}

/// The slices that the window's depth touches, as channels of an image for each slice of the result: N, C, D, H, W
/// becomes N·OD, groups·KD·C/groups, H, W.
static Value stackDepth(Node &node, const Convolution &conv) {
  const Window &window = conv.window;
  Value padded = padDepth(node, conv.input, window.part(0, 1));
  Shape image = node.shapeOf(conv.input);
  const int64_t groups = conv.groups, channels = image[1].getStatic() / groups;
  SmallVector<Value> taps;
  for (int64_t tap = 0; tap < window.kernel[0]; ++tap) {
    Shape slice = {image[0], image[1], conv.shape[2], image[3], image[4]};
    Value value = node.slice(padded, {0, 0, tap * window.dilations[0], 0, 0}, {1, 1, window.strides[0], 1, 1}, slice);
    taps.push_back(node.reshape(value, {image[0], groups, channels, conv.shape[2], image[3], image[4]}));
  }
  Shape stacked = node.shapeOf(taps.front());
  stacked[2] = channels * int64_t(taps.size());
  Value all = taps.size() == 1 ? taps.front() : node.emit<ConcatOp>(stacked, node.elementOf(taps.front()), taps, 2);
  Value moved = node.transpose(all, {0, 3, 1, 2, 4, 5});
  return node.reshape(moved, {*multiply(image[0], conv.shape[2]), groups * stacked[2].getStatic(), image[3], image[4]});
}

Value nibble::onnximport::convVolume(Node &node, const Convolution &conv) {
  Shape image = node.shapeOf(conv.input), weights = node.shapeOf(conv.filter), result = conv.shape;
  if (!image[1].isStatic())
    node.fail("a convolution of volumes needs a known number of channels");
  const Window plane = conv.window.part(1, 2);
  Value input = stackDepth(node, conv);
  Value filter = node.transpose(conv.filter, {0, 2, 1, 3, 4});
  filter = node.reshape(filter, {weights[0], *multiply(weights[1], weights[2]), weights[3], weights[4]});
  Shape shape = {node.shapeOf(input)[0], result[1], result[3], result[4]};
  Value slices = node.emit<ConvOp>(shape, node.elementOf(input), input, filter, conv.bias, plane.strides, plane.pads(),
                                   plane.dilations, conv.groups, Layout::NCHW);
  Value volumes = node.reshape(slices, {result[0], result[2], result[1], result[3], result[4]});
  return node.transpose(volumes, {0, 2, 1, 3, 4});
}

/// A filter that adds up, as convolution along the depth, the taps that another left as channels: tap k of channel
/// (o, k) is 1.
static Value tapFilter(Node &node, int64_t outputs, int64_t taps) {
  std::vector<float> values(outputs * taps * taps, 0);
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t k = 0; k < taps; ++k)
      values[(o * taps + k) * taps + k] = 1;
  return node.floats(values, {outputs, taps, taps, 1});
}

Value nibble::onnximport::convTransposeVolume(Node &node, const Convolution &conv) {
  Shape image = node.shapeOf(conv.input), weights = node.shapeOf(conv.filter), result = conv.shape;
  if (!image[1].isStatic())
    node.fail("a convolution of volumes needs a known number of channels");
  const int64_t taps = weights[2].getStatic(), outputs = result[1].getStatic();
  const Window plane = conv.window.part(1, 2), depth = conv.window.part(0, 1);
  // Slices by themselves, with a channel for each of the depth's taps.
  Value slices = node.transpose(conv.input, {0, 2, 1, 3, 4});
  slices = node.reshape(slices, {*multiply(image[0], image[2]), image[1], image[3], image[4]});
  Value filter = node.reshape(conv.filter, {weights[0], *multiply(weights[1], taps), weights[3], weights[4]});
  filter = reorderFilter(node, filter, conv.groups);
  Shape shape = {node.shapeOf(slices)[0], outputs * taps, result[3], result[4]};
  Value spread = node.emit<ConvTransposeOp>(shape, node.elementOf(slices), slices, filter, Value(), plane.strides,
                                            plane.pads(), plane.dilations, conv.groups, Layout::NCHW);
  // Then along the depth.
  const Dim area = *multiply(result[3], result[4]);
  Value columns = node.reshape(spread, {image[0], image[2], outputs * taps, area});
  columns = node.transpose(columns, {0, 2, 1, 3});
  const SmallVector<int64_t> along = depth.pads();
  const int64_t strides[] = {depth.strides[0], 1}, dilations[] = {depth.dilations[0], 1};
  const int64_t pads[] = {along[0], 0, along[1], 0};
  Value sum = node.emit<ConvTransposeOp>({result[0], result[1], result[2], area}, node.elementOf(columns), columns,
                                         tapFilter(node, outputs, taps), conv.bias, ArrayRef<int64_t>(strides),
                                         ArrayRef<int64_t>(pads), ArrayRef<int64_t>(dilations), outputs, Layout::NCHW);
  return node.reshape(sum, result);
}
