// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Col2Im: sums of blocks that overlap.

#include "Numeric.h"
#include "Window.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The node's operands: the blocks' elements, then the image's and the block's extents.
enum Operand : unsigned { Columns, ImageShape, BlockShape };
} // namespace

static int64_t vectorLength(Node &node, unsigned i, StringRef what) {
  Shape shape = node.shape(i);
  if (shape.size() != 1 || !shape[0].isStatic() || shape[0].getStatic() < 1)
    node.fail(what + " (input " + Twine(i) + ") has shape " + node.importer.symbols.print(shape) +
              ", expected one dimension of known extent");
  return shape[0].getStatic();
}

/// The result's shape: from constant operands, else as the model states it.
static Shape imageShape(Node &node, unsigned rank) {
  Shape columns = node.shape(Columns);
  if (columns.size() != 3)
    node.fail("input 0 has rank " + Twine(columns.size()) + ", expected 3");
  const Content *block = node.content(BlockShape);
  if (!block || !node.content(ImageShape))
    return node.resultShape(0, block ? ImageShape : BlockShape, block ? "the image's shape" : "the block's shape",
                            rank + 2);
  int64_t taps = 1;
  for (int64_t extent : node.ints(BlockShape, "the block's shape"))
    taps *= std::clamp<int64_t>(extent, 1, INT16_MAX);
  std::optional<Dim> channels = divideExactly(columns[1], taps);
  if (!channels)
    node.fail("input 0 has " + node.importer.symbols.print(columns[1]) + " rows, expected a multiple of the block's " +
              Twine(taps) + " elements");
  Shape shape = {columns[0], *channels};
  for (int64_t extent : node.ints(ImageShape, "the image's shape"))
    shape.push_back(extent);
  return shape;
}

namespace {
/// Where a block's element lies, in one dimension.
struct Place {
  Scalar hits, block, blocks;
};
} // namespace

/// The block along dimension `i` whose element `offset` is the image's element of this program.
static Place place(Body &b, const Window &window, unsigned i, Scalar offset, Scalar kernel) {
  Scalar dilation = b.integer(window.dilations[i]), stride = b.integer(window.strides[i]), zero = b.integer(0);
  Scalar ahead = b.sub(b.add(b.index(2 + i), b.value(window.low[i])), b.mul(offset, dilation));
  Scalar reach = b.add(b.mul(b.sub(kernel, b.integer(1)), dilation), b.integer(1));
  Scalar extent = b.integer(window.kernel[i]); // the image's
  Scalar room = b.sub(b.add(extent, b.value(window.low[i] + window.high[i])), reach);
  Scalar blocks = b.add(b.div(room, stride), b.integer(1)), block = b.div(ahead, stride);
  Scalar hits = b.and_(b.greaterOrEqual(ahead, zero), b.equal(b.rem(ahead, stride), zero));
  return {b.and_(hits, b.less(block, blocks)), block, blocks};
}

static void importCol2Im(Node &node) {
  const unsigned rank = vectorLength(node, BlockShape, "the block's shape");
  Shape shape = imageShape(node, rank);
  std::optional<SmallVector<int64_t>> image = staticExtents(ArrayRef(shape).drop_front(2));
  if (!image || image->size() != rank)
    node.fail("the image's shape has another rank than the block's " + Twine(rank));
  // The image slides as the window does: kernel holds its extents.
  const Window window = readWindow(node, *image, shape);
  Value columns = node.plain(Columns);
  Value result = node.generate(shape, node.elementOf(columns), {columns, node.plain(BlockShape)}, [&](Body &b) {
    Scalars kernel;
    Scalar taps = b.integer(1);
    for (unsigned i = 0; i < rank; ++i) {
      kernel.push_back(b.read(1, {b.integer(i)}));
      taps = b.mul(taps, kernel.back());
    }
    Scalars zero = {b.constant(b.elementOf(0), 0)};
    return loopNest(b, kernel, zero, [&](ArrayRef<Scalar> offset, ArrayRef<Scalar> sum) -> Scalars {
      Scalar hits = b.boolean(true), row = b.integer(0), column = b.integer(0);
      for (unsigned i = 0; i < rank; ++i) {
        Place found = place(b, window, i, offset[i], kernel[i]);
        hits = b.and_(hits, found.hits);
        row = b.add(b.mul(row, kernel[i]), offset[i]);
        column = b.add(b.mul(column, found.blocks), found.block);
      }
      row = b.add(b.mul(b.index(1), taps), row);
      return {b.select(hits, b.add(sum[0], b.read(0, {b.index(0), row, column})), sum[0])};
    })[0];
  });
  node.set(0, result);
}

void nibble::onnximport::addCol2Im(TranslatorTable &table) { table["Col2Im"] = importCol2Im; }
