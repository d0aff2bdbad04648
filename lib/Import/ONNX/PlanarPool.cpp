// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools by operations of the dialect, which are of images of two dimensions.

#include "Pool.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// A pool of images of two dimensions.
using PlanarPool = llvm::function_ref<Value(Value input, const Window &window, const Shape &shape)>;

static Shape pooledShape(Node &node, const Window &window, const Shape &image) {
  Shape shape = {image[0], image[1]};
  llvm::append_range(shape, slideAll(node, window, image));
  return shape;
}

/// By pools of two dimensions: volumes first along their slices, whose depth counts as channels, then along the depth.
static Value poolVolume(Node &node, Value input, const Window &window, PlanarPool pool) {
  Shape volume = node.shapeOf(input);
  // Kernels have a known number of channels.
  const bool isOpen = !multiply(volume[1], volume[2])->isStatic();
  Value slices = isOpen ? node.transpose(input, {0, 2, 1, 3, 4}) : input;
  slices = node.reshape(slices, isOpen ? Shape{*multiply(volume[0], volume[2]), volume[1], volume[3], volume[4]}
                                       : Shape{volume[0], *multiply(volume[1], volume[2]), volume[3], volume[4]});
  const Window plane = window.part(1, 2);
  slices = pool(slices, plane, pooledShape(node, plane, node.shapeOf(slices)));
  Shape extents = node.shapeOf(slices);
  if (isOpen)
    slices = node.transpose(node.reshape(slices, {volume[0], volume[2], volume[1], extents[2], extents[3]}),
                            {0, 2, 1, 3, 4});
  Window depth = window.part(0, 1).planar();
  for (auto *entries : {&depth.kernel, &depth.strides, &depth.dilations})
    std::swap(entries->front(), entries->back());
  for (auto *pads : {&depth.low, &depth.high})
    std::swap(pads->front(), pads->back());
  Value columns = node.reshape(slices, {volume[0], volume[1], volume[2], *multiply(extents[2], extents[3])});
  Shape shape = pooledShape(node, depth, node.shapeOf(columns));
  return node.reshape(pool(columns, depth, shape), {shape[0], shape[1], shape[2], extents[2], extents[3]});
}

static Value poolPlanar(Node &node, Value input, const Window &window, PlanarPool pool) {
  if (window.rank() == 3)
    return poolVolume(node, input, window, pool);
  Value image = toPlanar(node, input);
  Value result = pool(image, window.planar(), pooledShape(node, window.planar(), node.shapeOf(image)));
  Shape shape = node.shapeOf(result);
  if (window.rank() == 1)
    shape.erase(shape.begin() + 2);
  return node.reshape(result, shape);
}

Value nibble::onnximport::maxPool(Node &node, Value input, const Window &window) {
  return poolPlanar(node, input, window, [&](Value image, const Window &plane, const Shape &shape) {
    return node.emit<MaxPoolOp>(shape, node.elementOf(image), image, plane.kernel, plane.strides, plane.pads(),
                                plane.dilations, Layout::NCHW);
  });
}

Value nibble::onnximport::averagePool(Node &node, Value input, const Window &window, bool countPad) {
  return poolPlanar(node, input, window, [&](Value image, const Window &plane, const Shape &shape) {
    return node.emit<AvgPoolOp>(shape, node.elementOf(image), image, plane.kernel, plane.strides, plane.pads(),
                                countPad, Layout::NCHW);
  });
}

Value nibble::onnximport::lpPool(Node &node, Value input, const Window &window, int64_t p) {
  Value powers = p == 1 ? node.unary<AbsOp>(input) : node.binary<MulOp>(input, input);
  Value mean = averagePool(node, powers, window, /*countPad=*/true);
  int64_t taps = 1;
  for (int64_t extent : window.kernel)
    taps *= extent;
  Value sum = node.binary<MulOp>(mean, node.floats(float(taps)));
  return p == 1 ? sum : node.unary<SqrtOp>(sum);
}

bool nibble::onnximport::hasMaxPool(Type element) {
  return element.isF32() || element.isInteger(8) || element.isSignlessInteger(16) || isa<quant::QuantizedType>(element);
}

void nibble::onnximport::setPooled(Node &node, Value value) {
  if (auto reshape = value.getDefiningOp<ReshapeOp>())
    node.name(reshape.getInput(), 0);
  node.set(0, value);
}

Value nibble::onnximport::readNumbers(Node &node) {
  Value value = node.get(0);
  auto real = dyn_cast<FloatType>(node.elementOf(value));
  return real && real.getWidth() >= 16 ? node.real(0) : value;
}

int64_t nibble::onnximport::readPower(Node &node) {
  const int64_t p = node.getInt("p", 2);
  if (p < 1)
    node.fail("attribute 'p' is " + Twine(p) + ", expected at least 1");
  return p;
}
