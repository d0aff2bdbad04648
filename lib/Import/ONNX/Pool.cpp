// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling of windows.

#include "Pool.h"
#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// With ceil_mode, moves the pads behind the image so that a last, partial window counts.
static void enlarge(Node &node, Window &window, const Shape &image) {
  for (unsigned i = 0; i < window.rank(); ++i) {
    if (!image[2 + i].isStatic())
      node.fail("attribute 'ceil_mode' needs an image of known extents",
                "give the input a fixed shape, all but the batch");
    int64_t extent = image[2 + i].getStatic(), stride = window.strides[i];
    int64_t room = extent + window.low[i] + window.high[i] - window.reach(i);
    if (room < 0)
      continue;
    int64_t steps = (room + stride - 1) / stride + 1;
    if ((steps - 1) * stride >= extent + window.low[i])
      --steps; // the last window would lie in the padding
    window.high[i] = std::max((steps - 1) * stride + window.reach(i) - extent - window.low[i], int64_t(0));
  }
}

namespace {
/// A pool's attributes.
struct Pool {
  /// As the node says, and with what ceil_mode adds behind the image.
  Window window, enlarged;
  Shape shape;

  unsigned rank() const { return window.rank(); }
  bool isEnlarged() const { return window.high != enlarged.high; }
};
} // namespace

static Pool readPool(Node &node) {
  Pool pool;
  Shape image = node.shape(0);
  pool.window = readWindow(node, readKernel(node, spatialRank(node, 0)), image);
  pool.enlarged = pool.window;
  if (node.getInt("ceil_mode", 0))
    enlarge(node, pool.enlarged, image);
  pool.shape = {image[0], image[1]};
  llvm::append_range(pool.shape, slideAll(node, pool.enlarged, image));
  return pool;
}

static void importMaxPool(Node &node) {
  Value input = readNumbers(node);
  Pool pool = readPool(node);
  const bool isPlanar = pool.rank() <= 3 && hasMaxPool(node.elementOf(input));
  if (node.wants(0) || !node.wants(1))
    setPooled(node,
              isPlanar ? maxPool(node, input, pool.enlarged) : generateMaxPool(node, input, pool.enlarged, pool.shape));
  if (node.wants(1))
    node.set(1, generateMaxIndices(node, dequantized(node, input), pool.enlarged, pool.shape,
                                   node.getInt("storage_order", 0) != 0));
}

/// The image within the node's pads as explicit zeros, which then count as taps; leaves the others in `window`.
static Value padWithZeros(Node &node, Value input, const Pool &pool, Window &window) {
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> low = {0, 0}, high = {0, 0};
  for (unsigned i = 0; i < pool.rank(); ++i) {
    low.push_back(pool.window.low[i]);
    high.push_back(std::min(pool.window.high[i], pool.enlarged.high[i]));
    shape[2 + i] += low.back() + high.back();
    window.low[i] = 0;
    window.high[i] = pool.enlarged.high[i] - high.back();
  }
  return node.emit<PadOp>(shape, node.elementOf(input), input, low, high, PadMode::Constant, FloatAttr());
}

static void importAveragePool(Node &node) {
  Value input = node.real(0);
  Pool pool = readPool(node);
  bool countPad = node.getInt("count_include_pad", 0);
  if (pool.rank() > 3 || pool.window.isDilated())
    return node.set(0, generateAveragePool(node, dequantized(node, input), pool.window, pool.shape, countPad));
  Window window = pool.enlarged;
  if (pool.isEnlarged()) {
    // The zeros that ceil_mode adds never count, those of `pads` may.
    if (countPad && pool.window.isPadded())
      input = padWithZeros(node, input, pool, window);
    countPad = false;
  }
  setPooled(node, averagePool(node, input, window, countPad));
}

static void importLpPool(Node &node) {
  Value input = node.real(0);
  Pool pool = readPool(node);
  const int64_t p = readPower(node);
  if (pool.rank() > 3 || p > 2 || pool.window.isDilated() || pool.isEnlarged())
    return node.set(0, generateLpPool(node, dequantized(node, input), pool.window, pool.shape, p));
  setPooled(node, lpPool(node, input, pool.window, p));
}

void nibble::onnximport::addPools(TranslatorTable &table) {
  table["MaxPool"] = importMaxPool;
  table["AveragePool"] = importAveragePool;
  table["LpPool"] = importLpPool;
}
