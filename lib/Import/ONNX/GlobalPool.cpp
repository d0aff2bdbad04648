// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools of whole images.

#include "Pool.h"
#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The image with one spatial dimension, which holds all elements, and its shape with ones in their place.
static Value flattenImage(Node &node, Value input, Shape &reduced) {
  Shape shape = node.shapeOf(input);
  std::optional<Dim> area = checkedProduct(ArrayRef(shape).drop_front(2));
  if (!area)
    node.fail("the shape " + node.importer.symbols.print(shape) + " is too large");
  reduced.assign(shape.size(), Dim(1));
  reduced[0] = shape[0], reduced[1] = shape[1];
  if (shape.size() == 4)
    return input;
  return node.reshape(input, {shape[0], shape[1], 1, *area});
}

/// A window as large as the image, of two dimensions; none if the image's extents are unknown.
static std::optional<Window> globalWindow(const Shape &image) {
  if (!image[2].isStatic() || !image[3].isStatic())
    return std::nullopt;
  return plainWindow({image[2].getStatic(), image[3].getStatic()});
}

/// Sets the result from one of two dimensions, which are 1.
static void setReduced(Node &node, Value value, const Shape &shape) { setPooled(node, node.reshape(value, shape)); }

static void importGlobalAveragePool(Node &node) {
  spatialRank(node, 0);
  Shape reduced;
  Value input = flattenImage(node, node.real(0), reduced);
  Shape image = node.shapeOf(input);
  if (std::optional<Window> window = globalWindow(image))
    return setReduced(node, averagePool(node, input, *window, false), reduced);
  Value mean = node.emit<ReduceOp>({image[0], image[1], 1, 1}, node.elementOf(input), input, ReduceKind::Mean,
                                   ArrayRef<int64_t>{2, 3}, /*keep_dims=*/true);
  setReduced(node, mean, reduced);
}

/// The image of two dimensions that a global pool reduces, and its window.
static Value readGlobal(Node &node, Value value, std::optional<Window> &window, Shape &reduced) {
  spatialRank(node, 0);
  Value input = flattenImage(node, value, reduced);
  window = globalWindow(node.shapeOf(input));
  if (!window)
    node.fail("the image's extents are not known at compile time");
  return input;
}

static void importGlobalMaxPool(Node &node) {
  std::optional<Window> window;
  Shape reduced;
  Value input = readGlobal(node, readNumbers(node), window, reduced);
  if (hasMaxPool(node.elementOf(input)))
    return setReduced(node, maxPool(node, input, *window), reduced);
  setReduced(node, generateMaxPool(node, input, *window, {reduced[0], reduced[1], 1, 1}), reduced);
}

static void importGlobalLpPool(Node &node) {
  std::optional<Window> window;
  Shape reduced;
  Value input = readGlobal(node, node.real(0), window, reduced);
  const int64_t p = readPower(node);
  setReduced(node,
             p > 2 ? generateLpPool(node, dequantized(node, input), *window, {reduced[0], reduced[1], 1, 1}, p)
                   : lpPool(node, input, *window, p),
             reduced);
}

void nibble::onnximport::addGlobalPools(TranslatorTable &table) {
  table["GlobalAveragePool"] = importGlobalAveragePool;
  table["GlobalMaxPool"] = importGlobalMaxPool;
  table["GlobalLpPool"] = importGlobalLpPool;
}
