// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools of whole images.

#include "Pool.h"
#include "Taps.h"

#include <cmath>

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

/// What is left of each image of unknown extents.
static Value reduceImage(Node &node, Value input, ReduceKind kind) {
  input = dequantized(node, input);
  Shape image = node.shapeOf(input);
  return node.emit<ReduceOp>({image[0], image[1], 1, 1}, node.elementOf(input), input, kind, ArrayRef<int64_t>{2, 3},
                             /*keep_dims=*/true);
}

static void importGlobalAveragePool(Node &node) {
  spatialRank(node, 0);
  Shape reduced;
  Value input = flattenImage(node, node.real(0), reduced);
  std::optional<Window> window = globalWindow(node.shapeOf(input));
  setReduced(node, window ? averagePool(node, input, *window, false) : reduceImage(node, input, ReduceKind::Mean),
             reduced);
}

/// A dynamic loop over the images' elements, which are in row-major order.
static Value foldImage(Node &node, Value input, double start,
                       llvm::function_ref<Scalar(Body &, Scalar folded, Scalar element)> fold,
                       llvm::function_ref<Scalar(Body &, Scalar folded)> finish) {
  Shape image = node.shapeOf(input);
  Type element = node.elementOf(input);
  return node.generate({image[0], image[1], 1, 1}, element, input, [&](Body &b) {
    Scalar first = std::isinf(start) ? b.least(element) : b.constant(element, start);
    Scalars folded = b.loop(b.extent(0, 2), first, [&](Scalar y, ArrayRef<Scalar> rows) -> Scalars {
      return b.loop(b.extent(0, 3), rows, [&](Scalar x, ArrayRef<Scalar> row) -> Scalars {
        return {fold(b, row[0], b.read(0, {b.index(0), b.index(1), y, x}))};
      });
    });
    return finish(b, folded[0]);
  });
}

/// The largest element of each image.
static Value reduceLargest(Node &node, Value input) {
  if (isa<quant::QuantizedType>(node.elementOf(input)) || node.elementOf(input).isF32())
    return reduceImage(node, input, ReduceKind::Max);
  return foldImage(
      node, input, -INFINITY, [](Body &b, Scalar folded, Scalar x) { return b.max(folded, x); },
      [](Body &, Scalar folded) { return folded; });
}

/// (sum |x|^p)^(1/p) of each image.
static Value reducePowers(Node &node, Value input, int64_t p) {
  return foldImage(
      node, input, 0,
      [&](Body &b, Scalar folded, Scalar x) {
        return b.add(folded, b.apply("pow", {b.abs(x), b.constant(x.type, double(p))}));
      },
      [&](Body &b, Scalar folded) { return b.apply("pow", {folded, b.constant(folded.type, 1.0 / double(p))}); });
}

static void importGlobalMaxPool(Node &node) {
  spatialRank(node, 0);
  Shape reduced;
  Value input = flattenImage(node, readNumbers(node), reduced);
  std::optional<Window> window = globalWindow(node.shapeOf(input));
  if (!window)
    return setReduced(node, reduceLargest(node, input), reduced);
  if (hasMaxPool(node.elementOf(input)))
    return setReduced(node, maxPool(node, input, *window), reduced);
  setReduced(node, generateMaxPool(node, input, *window, {reduced[0], reduced[1], 1, 1}), reduced);
}

static void importGlobalLpPool(Node &node) {
  spatialRank(node, 0);
  Shape reduced;
  Value input = flattenImage(node, node.real(0), reduced);
  std::optional<Window> window = globalWindow(node.shapeOf(input));
  const int64_t p = readPower(node);
  if (!window)
    return setReduced(node, reducePowers(node, dequantized(node, input), p), reduced);
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
