// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoiAlign and MaxRoiPool: pools over regions of images that are found at run time.

#include "Interpolation.h"
#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// Where RoiAlign's samples lie along one axis of a region.
struct Samples {
  Scalar first, step; ///< of the bin's samples
  Scalar count;
};

/// A sample along one axis: the elements round it and its distance from the lower one.
struct Neighbours {
  Scalar low, high, distance, isInside;
};

/// One RoiAlign. Operands of the program: the image, the regions and the numbers of the regions' images.
struct RoiAlign {
  Type real;
  double scale;
  int64_t sampling;
  bool isHalfPixel, takesMax;
  Shape shape;

  Samples findSamples(Body &b, unsigned axis) const;
  Neighbours findNeighbours(Body &b, unsigned axis, const Samples &samples, Scalar i) const;
  Scalar weigh(Body &b, const Neighbours &y, const Neighbours &x) const;
  Scalar pool(Body &b) const;
};
} // namespace

/// What a region that the program finds costs at most, along an axis of a bin.
constexpr int64_t kMostSamples = 1 << 12;

/// Axis 0 are rows, axis 1 columns.
Samples RoiAlign::findSamples(Body &b, unsigned axis) const {
  auto corner = [&](int64_t i) {
    Scalar x = b.mul(b.cast(b.read(1, {b.index(0), b.integer(i)}), real), b.constant(real, scale));
    return isHalfPixel ? b.sub(x, b.constant(real, 0.5)) : x;
  };
  Scalar start = corner(1 - axis), size = b.sub(corner(3 - axis), start);
  if (!isHalfPixel)
    size = b.max(size, b.constant(real, 1));
  Scalar bin = b.div(size, b.constant(real, shape[2 + axis].getStatic()));
  Scalar found = b.min(b.max(b.cast(b.ceil(bin), b.getI64Type()), b.integer(0)), b.integer(kMostSamples));
  Scalar count = sampling > 0 ? b.integer(sampling) : found, step = b.div(bin, b.cast(count, real));
  Scalar first = b.add(start, b.mul(b.cast(b.index(2 + axis), real), bin));
  return {b.add(first, b.mul(b.constant(real, 0.5), step)), step, count};
}

Neighbours RoiAlign::findNeighbours(Body &b, unsigned axis, const Samples &samples, Scalar i) const {
  Scalar x = b.add(samples.first, b.mul(b.cast(i, real), samples.step)), zero = b.constant(real, 0);
  Scalar size = b.extent(0, 2 + axis), last = b.sub(size, b.integer(1));
  Scalar isInside = b.and_(b.lessOrEqual(b.constant(real, -1), x), b.lessOrEqual(x, b.cast(size, real)));
  x = b.min(b.max(x, zero), b.cast(last, real));
  Scalar low = b.cast(b.floor(x), b.getI64Type());
  return {low, b.min(b.add(low, b.integer(1)), last), b.sub(x, b.floor(x)), isInside};
}

/// The value at one sample; of a maximum, the largest of the four weighted elements, as ONNX defines it.
Scalar RoiAlign::weigh(Body &b, const Neighbours &y, const Neighbours &x) const {
  Scalar image = b.cast(b.read(2, b.index(0)), b.getI64Type()), one = b.constant(real, 1);
  auto term = [&](bool isHighY, bool isHighX) {
    Scalar wy = isHighY ? y.distance : b.sub(one, y.distance), wx = isHighX ? x.distance : b.sub(one, x.distance);
    Scalar element = b.read(0, {image, b.index(1), isHighY ? y.high : y.low, isHighX ? x.high : x.low});
    return b.mul(b.mul(wy, wx), b.cast(element, real));
  };
  auto combine = [&](Scalar u, Scalar v) { return takesMax ? b.max(u, v) : b.add(u, v); };
  Scalar value = combine(combine(term(false, false), term(false, true)), combine(term(true, false), term(true, true)));
  return b.select(b.and_(y.isInside, x.isInside), value, b.constant(real, 0));
}

Scalar RoiAlign::pool(Body &b) const {
  Samples rows = findSamples(b, 0), columns = findSamples(b, 1);
  Scalar zero = b.constant(real, 0), start = takesMax ? b.least(real) : zero;
  Scalar total = b.mul(rows.count, columns.count);
  Scalar result = b.loop(rows.count, start, [&](Scalar i, ArrayRef<Scalar> outer) -> Scalars {
                     Neighbours y = findNeighbours(b, 0, rows, i);
                     return b.loop(columns.count, outer, [&](Scalar j, ArrayRef<Scalar> inner) -> Scalars {
                       Scalar value = weigh(b, y, findNeighbours(b, 1, columns, j));
                       return {takesMax ? b.max(inner[0], value) : b.add(inner[0], value)};
                     });
                   }).front();
  Scalar isEmpty = b.equal(total, b.integer(0));
  if (!takesMax)
    result = b.div(result, b.cast(b.max(total, b.integer(1)), real));
  return b.select(isEmpty, zero, result);
}

static void requireRanks(Node &node) {
  if (node.rank(0) != 4 || node.rank(1) != 2)
    node.fail("image and regions have ranks " + Twine(node.rank(0)) + " and " + Twine(node.rank(1)) +
              ", expected 4 and 2");
}

static void importRoiAlign(Node &node) {
  requireRanks(node);
  Value image = node.plain(0), regions = node.plain(1), numbers = node.plain(2);
  Type element = node.elementOf(image);
  std::string mode = node.getString("mode", "avg");
  if (mode != "avg" && mode != "max")
    node.fail("attribute 'mode' is '" + mode + "', expected 'avg' or 'max'");
  Shape shape = {node.shape(1)[0], node.shape(0)[1], node.getInt("output_height", 1), node.getInt("output_width", 1)};
  const bool isHalfPixel = node.getString("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  RoiAlign roi = {realOf(element),
                  node.getFloat("spatial_scale", 1),
                  node.getInt("sampling_ratio", 0),
                  isHalfPixel,
                  mode == "max",
                  shape};
  node.set(0, node.generate(shape, element, {image, regions, numbers},
                            [&](Body &b) { return b.cast(roi.pool(b), element); }));
}

/// Halves away from zero.
static Scalar roundAway(Body &b, Scalar x) {
  Scalar size = b.abs(x), floor = b.floor(size), isUp = b.lessOrEqual(b.constant(x.type, 0.5), b.sub(size, floor));
  return b.copySign(b.select(isUp, b.add(floor, b.constant(x.type, 1)), floor), x);
}

/// The elements [first, end) of a bin of MaxRoiPool along one axis: 0 are rows, 1 columns.
static std::pair<Scalar, Scalar> findBin(Body &b, Type real, double scale, unsigned axis, int64_t bins) {
  auto corner = [&](int64_t i) {
    return roundAway(b, b.mul(b.cast(b.read(1, {b.index(0), b.integer(i)}), real), b.constant(real, scale)));
  };
  Scalar start = corner(2 - axis), one = b.constant(real, 1);
  Scalar size = b.max(b.add(b.sub(corner(4 - axis), start), one), one), bin = b.div(size, b.constant(real, bins));
  Scalar i = b.cast(b.index(2 + axis), real), extent = b.extent(0, 2 + axis);
  auto clamp = [&](Scalar x) { return b.min(b.max(b.cast(b.add(start, x), b.getI64Type()), b.integer(0)), extent); };
  return {clamp(b.floor(b.mul(i, bin))), clamp(b.ceil(b.mul(b.add(i, one), bin)))};
}

static Scalar poolRegion(Body &b, Type real, double scale, const Shape &shape) {
  auto [top, bottom] = findBin(b, real, scale, 0, shape[2].getStatic());
  auto [left, right] = findBin(b, real, scale, 1, shape[3].getStatic());
  Scalar image = b.cast(b.read(1, {b.index(0), b.integer(0)}), b.getI64Type()), least = b.least(b.elementOf(0));
  Scalar height = b.sub(bottom, top), width = b.sub(right, left), zero = b.integer(0);
  Scalar result = b.loop(height, least, [&, top = top, left = left](Scalar i, ArrayRef<Scalar> outer) -> Scalars {
                     return b.loop(width, outer, [&](Scalar j, ArrayRef<Scalar> inner) -> Scalars {
                       return {b.max(inner[0], b.read(0, {image, b.index(1), b.add(top, i), b.add(left, j)}))};
                     });
                   }).front();
  Scalar isEmpty = b.or_(b.lessOrEqual(height, zero), b.lessOrEqual(width, zero));
  return b.select(isEmpty, b.constant(b.elementOf(0), 0), result);
}

static void importMaxRoiPool(Node &node) {
  requireRanks(node);
  Value image = node.plain(0), regions = node.plain(1);
  SmallVector<int64_t> pooled = node.getInts("pooled_shape");
  if (pooled.size() != 2 || pooled[0] < 1 || pooled[1] < 1)
    node.fail("attribute 'pooled_shape' has " + Twine(pooled.size()) + " extents, expected 2 of at least 1");
  Shape shape = {node.shape(1)[0], node.shape(0)[1], pooled[0], pooled[1]};
  Type real = realOf(node.elementOf(image));
  const float scale = node.getFloat("spatial_scale", 1);
  node.set(0, node.generate(shape, node.elementOf(image), {image, regions},
                            [&](Body &b) { return poolRegion(b, real, scale, shape); }));
}

void nibble::onnximport::addRoiPools(TranslatorTable &table) {
  table["RoiAlign"] = importRoiAlign;
  table["MaxRoiPool"] = importMaxRoiPool;
}
