// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GridSample and AffineGrid, of any number of spatial dimensions.

#include "Interpolation.h"
#include "Movement.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
enum class Padding { Zeros, Border, Reflection };

/// One node's sampling. Operand 0 of the program is the image, operand 1 the grid.
class Sampler {
public:
  Sampler(Node &node, Type real);
  /// The value at the point that the grid has for the body's indices.
  Scalar sample(Body &b) const;

private:
  Scalar coordinate(Body &b, unsigned d) const;
  Scalar reflect(Body &b, Scalar x, Scalar low, Scalar high) const;
  Scalar extent(Body &b, unsigned d) const { return b.cast(b.extent(0, 2 + d), real); }
  Scalar readPixel(Body &b, Scalars at) const;
  /// The sum over the taps of the dimensions from `d` on.
  Scalar interpolate(Body &b, ArrayRef<Scalar> point, Scalars at, unsigned d) const;
  std::pair<Scalar, Scalar> bounds(Body &b, unsigned d) const;

  Type real;
  unsigned spatial;
  bool alignsCorners;
  Interpolation mode;
  Padding padding;
};
} // namespace

template <typename T>
static T choose(Node &node, StringRef name, const std::string &value, std::optional<T> found) {
  if (!found)
    node.fail("attribute '" + name + "' is '" + value + "', which is not supported");
  return *found;
}

Sampler::Sampler(Node &node, Type real) : real(real), spatial(node.rank(0) - 2) {
  alignsCorners = node.getInt("align_corners", 0) != 0;
  std::string name = node.getString("mode", "linear"), outside = node.getString("padding_mode", "zeros");
  mode = choose(node, "mode", name,
                llvm::StringSwitch<std::optional<Interpolation>>(name)
                    .Case("nearest", Interpolation::Nearest)
                    .Cases({"linear", "bilinear"}, Interpolation::Linear)
                    .Cases({"cubic", "bicubic"}, Interpolation::Cubic)
                    .Default(std::nullopt));
  padding = choose(node, "padding_mode", outside,
                   llvm::StringSwitch<std::optional<Padding>>(outside)
                       .Case("zeros", Padding::Zeros)
                       .Case("border", Padding::Border)
                       .Case("reflection", Padding::Reflection)
                       .Default(std::nullopt));
}

/// Where reflections turn.
std::pair<Scalar, Scalar> Sampler::bounds(Body &b, unsigned d) const {
  Scalar one = b.constant(real, 1), half = b.constant(real, 0.5);
  if (alignsCorners)
    return {b.constant(real, 0), b.sub(extent(b, d), one)};
  return {b.constant(real, -0.5), b.sub(extent(b, d), half)};
}

/// Folds `x` into [low, high].
Scalar Sampler::reflect(Body &b, Scalar x, Scalar low, Scalar high) const {
  Scalar range = b.sub(high, low), two = b.constant(real, 2), zero = b.constant(real, 0);
  Scalar distance = b.abs(b.sub(x, low)), period = b.mul(two, range);
  Scalar rest = b.sub(distance, b.mul(period, b.floor(b.div(distance, period))));
  Scalar folded = b.add(low, b.select(b.less(range, rest), b.sub(period, rest), rest));
  Scalar isInside = b.and_(b.lessOrEqual(low, x), b.lessOrEqual(x, high));
  return b.select(b.or_(isInside, b.lessOrEqual(range, zero)), x, folded);
}

/// The point along spatial dimension `d`; a grid's last coordinate is the first dimension's.
Scalar Sampler::coordinate(Body &b, unsigned d) const {
  Scalars at = {b.index(0)};
  for (unsigned i = 0; i < spatial; ++i)
    at.push_back(b.index(2 + i));
  at.push_back(b.integer(spatial - 1 - d));
  Scalar x = b.add(b.cast(b.read(1, at), real), b.constant(real, 1)), two = b.constant(real, 2);
  Scalar one = b.constant(real, 1), zero = b.constant(real, 0), last = b.sub(extent(b, d), one);
  x = alignsCorners ? b.mul(b.div(x, two), last) : b.div(b.sub(b.mul(x, extent(b, d)), one), two);
  if (mode == Interpolation::Nearest)
    x = b.round(x);
  auto [low, high] = bounds(b, d);
  // What lies on the half pixel round the image stays where it is: its neighbours are the border's.
  if (padding == Padding::Border)
    return b.select(b.or_(b.less(x, low), b.less(high, x)), b.min(b.max(x, zero), last), x);
  return padding == Padding::Reflection ? reflect(b, x, low, high) : x;
}

/// A pixel; one that lies outside is what the padding says.
Scalar Sampler::readPixel(Body &b, Scalars at) const {
  Scalar isInside = b.boolean(true);
  for (unsigned d = 0; d < spatial; ++d) {
    Scalar &i = at[2 + d], size = b.extent(0, 2 + d);
    isInside = b.and_(isInside, b.and_(b.lessOrEqual(b.integer(0), i), b.less(i, size)));
    auto [low, high] = bounds(b, d);
    if (padding == Padding::Reflection)
      i = b.cast(reflect(b, b.cast(i, real), low, high), b.getI64Type());
  }
  Scalar pixel = b.read(0, at);
  if (padding == Padding::Zeros)
    pixel = b.select(isInside, pixel, b.constant(pixel.type, 0));
  return mode == Interpolation::Nearest ? pixel : b.cast(pixel, real);
}

Scalar Sampler::interpolate(Body &b, ArrayRef<Scalar> point, Scalars at, unsigned d) const {
  if (d == spatial)
    return readPixel(b, at);
  const int64_t taps = mode == Interpolation::Nearest ? 1 : mode == Interpolation::Linear ? 2 : 4;
  Scalar x = point[d], floor = b.floor(x), sum = b.constant(real, 0);
  for (int64_t t = 0; t < taps; ++t) {
    Scalar place = b.add(floor, b.constant(real, t - (taps - 1) / 2));
    at[2 + d] = b.cast(place, b.getI64Type());
    Scalar value = interpolate(b, point, at, d + 1);
    if (taps == 1)
      return value;
    sum = b.add(sum, b.mul(kernel(b, mode, b.sub(place, x), -0.75), value));
  }
  return sum;
}

Scalar Sampler::sample(Body &b) const {
  Scalars point, at(2 + spatial, b.integer(0));
  for (unsigned d = 0; d < spatial; ++d)
    point.push_back(coordinate(b, d));
  at[0] = b.index(0);
  at[1] = b.index(1);
  return interpolate(b, point, at, 0);
}

static void importGridSample(Node &node) {
  Value image = node.plain(0), grid = node.plain(1);
  Shape from = node.shape(0), points = node.shape(1);
  if (from.size() < 3 || points.size() != from.size() || points.back() != from.size() - 2)
    node.fail("image and grid have shapes " + node.importer.symbols.print(from) + " and " +
              node.importer.symbols.print(points) + ", which do not fit");
  Type element = node.elementOf(image), real = realOf(element);
  Sampler sampler(node, real);
  Shape shape = {from[0], from[1]};
  shape.append(points.begin() + 1, points.end() - 1);
  node.set(0,
           node.generate(shape, element, {image, grid}, [&](Body &b) { return b.cast(sampler.sample(b), element); }));
}

/// Of a dimension with `size` positions, the coordinate of position `i` in [-1, 1].
static Scalar normalized(Body &b, Type real, bool alignsCorners, Scalar i, int64_t size) {
  Scalar two = b.constant(real, 2), one = b.constant(real, 1), x = b.cast(i, real);
  if (alignsCorners)
    return b.sub(b.div(b.mul(two, x), b.constant(real, std::max<int64_t>(size - 1, 1))), one);
  return b.sub(b.div(b.add(b.mul(two, x), one), b.constant(real, size)), one);
}

/// The extents of the grid: those of the image it is for, without the channels.
static Shape readGridShape(Node &node, int64_t spatial) {
  if (!node.content(1))
    return node.resultShape(0, 1, "the size", spatial + 2);
  SmallVector<int64_t> size = node.ints(1, "the size");
  if (int64_t(size.size()) != spatial + 2)
    node.fail("the size has " + Twine(size.size()) + " extents, expected " + Twine(spatial + 2));
  Shape shape = {size[0]};
  shape.append(size.begin() + 2, size.end());
  shape.push_back(spatial);
  return shape;
}

static void importAffineGrid(Node &node) {
  Value theta = node.plain(0);
  Shape matrices = node.shape(0);
  if (matrices.size() != 3 || !matrices[1].isStatic())
    node.fail("input 0 has shape " + node.importer.symbols.print(matrices) + ", expected [N, 2, 3] or [N, 3, 4]");
  const int64_t spatial = matrices[1].getStatic();
  const bool alignsCorners = node.getInt("align_corners", 0) != 0;
  Shape shape = readGridShape(node, spatial);
  Type element = node.elementOf(theta), real = realOf(element);
  node.set(0, node.generate(shape, element, theta, [&](Body &b) {
    auto read = [&](int64_t column) {
      return b.cast(b.read(0, {b.index(0), b.index(spatial + 1), b.integer(column)}), real);
    };
    Scalar sum = read(spatial);
    for (int64_t k = 0; k < spatial; ++k) {
      const unsigned d = spatial - k;
      Scalar x = normalized(b, real, alignsCorners, b.index(d), shape[d].getStatic());
      sum = b.add(sum, b.mul(read(k), x));
    }
    return b.cast(sum, element);
  }));
}

void nibble::onnximport::addGrids(TranslatorTable &table) {
  table["GridSample"] = importGridSample;
  table["AffineGrid"] = importAffineGrid;
}
