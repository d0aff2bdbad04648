// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling of windows.

#include "Pool.h"
#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// A pool's attributes.
struct Pool {
  /// As the node says, and with what ceil_mode adds behind the image.
  Window window, enlarged;
  Shape shape;

  unsigned rank() const { return window.rank(); }
  bool isEnlarged() const { return window.high != enlarged.high; }
  /// Whether a step of the enlarged window may lie in the padding alone, where there is none in the result.
  bool isCropped = false;
};
} // namespace

/// With ceil_mode, moves the pads behind an image of a known extent so that a last, partial window counts.
static int64_t enlargedPad(const Window &window, int64_t extent, unsigned i) {
  const int64_t stride = window.strides[i], reach = window.reach(i);
  const int64_t inside = extent + window.low[i].getStatic(), high = window.high[i].getStatic();
  if (inside + high < reach)
    return high;
  int64_t steps = (inside + high - reach + stride - 1) / stride + 1;
  if ((steps - 1) * stride >= inside)
    --steps; // the last window would lie in the padding
  return std::max((steps - 1) * stride + reach - inside, int64_t(0));
}

/// ceil_mode along spatial dimension `i`, and the result's extent.
static Dim enlarge(Node &node, Pool &pool, const Dim &extent, unsigned i) {
  const int64_t stride = pool.window.strides[i];
  if (extent.isStatic()) {
    pool.enlarged.high[i] = enlargedPad(pool.window, extent.getStatic(), i);
    return slide(node, pool.enlarged, extent, i);
  }
  // Behind as much, rounding down is rounding up.
  pool.enlarged.high[i] += stride - 1;
  const Dim steps = slide(node, pool.enlarged, extent, i);
  if (isAtLeast(pool.window.reach(i), pool.window.high[i] + stride))
    return steps;
  pool.isCropped = true;
  return nibble::min(steps, ceilDiv(extent + pool.window.low[i], stride));
}

static Pool readPool(Node &node) {
  Pool pool;
  Shape image = node.shape(0);
  pool.window = readWindow(node, readKernel(node, spatialRank(node, 0)), image);
  pool.enlarged = pool.window;
  // Pads by the extents leave nothing to step over.
  const bool isCeiling = node.getInt("ceil_mode", 0) && !pool.window.hasDynamicPads();
  pool.shape = {image[0], image[1]};
  for (unsigned i = 0; i < pool.rank(); ++i)
    pool.shape.push_back(isCeiling ? enlarge(node, pool, image[2 + i], i) : slide(node, pool.window, image[2 + i], i));
  return pool;
}

/// The largest of each window, by an operation if it has the form of one.
static Value poolLargest(Node &node, Value input, const Pool &pool) {
  Window window = pool.enlarged;
  if (pool.rank() > 3 || !hasMaxPool(node.elementOf(input)) || pool.isCropped || !pool.shape[1].isStatic() ||
      (window.hasDynamicPads() && window.isDilated()))
    return generateMaxPool(node, dequantized(node, input), window, pool.shape);
  input = padWithEdges(node, input, window);
  return maxPool(node, input, window);
}

static void importMaxPool(Node &node) {
  Value input = readNumbers(node);
  Pool pool = readPool(node);
  if (node.wants(0) || !node.wants(1))
    setPooled(node, poolLargest(node, input, pool));
  if (node.wants(1))
    node.set(1, generateMaxIndices(node, dequantized(node, input), pool.enlarged, pool.shape,
                                   node.getInt("storage_order", 0) != 0));
}

/// The image within the node's pads as explicit zeros, which then count as taps; leaves the others in `window`.
static Value padCounted(Node &node, Value input, const Pool &pool, Window &window) {
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> low = {0, 0}, high = {0, 0};
  for (unsigned i = 0; i < pool.rank(); ++i) {
    const Dim behind = nibble::min(pool.window.high[i], pool.enlarged.high[i]);
    low.push_back(pool.window.low[i].getStatic());
    high.push_back(behind.getStatic());
    shape[2 + i] += low.back() + high.back();
    window.low[i] = 0;
    window.high[i] = pool.enlarged.high[i] - behind;
  }
  return node.emit<PadOp>(shape, node.elementOf(input), input, low, high, PadMode::Constant, FloatAttr());
}

static void importAveragePool(Node &node) {
  Value input = node.real(0);
  Pool pool = readPool(node);
  bool countPad = node.getInt("count_include_pad", 0);
  Window window = pool.enlarged;
  if (pool.rank() > 3 || window.isDilated() || pool.isCropped || !pool.shape[1].isStatic() ||
      (window.hasDynamicPads() && !countPad))
    return node.set(0, generateAveragePool(node, dequantized(node, input), pool.window, pool.shape, countPad));
  input = padWithZeros(node, input, window);
  if (pool.isEnlarged()) {
    // The zeros that ceil_mode adds never count, those of `pads` may.
    if (countPad && pool.window.isPadded())
      input = padCounted(node, input, pool, window);
    countPad = false;
  }
  setPooled(node, averagePool(node, input, window, countPad));
}

static void importLpPool(Node &node) {
  Value input = node.real(0);
  Pool pool = readPool(node);
  const int64_t p = readPower(node);
  Window window = pool.window;
  if (pool.rank() > 3 || p > 2 || window.isDilated() || pool.isEnlarged() || pool.isCropped ||
      !pool.shape[1].isStatic())
    return node.set(0, generateLpPool(node, dequantized(node, input), window, pool.shape, p));
  input = padWithZeros(node, input, window);
  setPooled(node, lpPool(node, input, window, p));
}

void nibble::onnximport::addPools(TranslatorTable &table) {
  table["MaxPool"] = importMaxPool;
  table["AveragePool"] = importAveragePool;
  table["LpPool"] = importLpPool;
}
