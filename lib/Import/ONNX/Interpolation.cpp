// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize by weighted sums, along one axis after another, and by nearest neighbours that the program finds.

#include "Interpolation.h"
#include "ResizeTargets.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Scalar nibble::onnximport::kernel(Body &b, Interpolation mode, Scalar x, double a) {
  Type real = x.type;
  auto c = [&](double value) { return b.constant(real, value); };
  x = b.abs(x);
  if (mode == Interpolation::Linear)
    return b.max(b.sub(c(1), x), c(0));
  // Horner's scheme of both pieces.
  Scalar near = b.add(b.mul(b.mul(b.sub(b.mul(c(a + 2), x), c(a + 3)), x), x), c(1));
  Scalar far = b.sub(b.mul(b.add(b.mul(b.sub(b.mul(c(a), x), c(5 * a)), x), c(8 * a)), x), c(4 * a));
  return b.select(b.lessOrEqual(x, c(1)), near, b.select(b.less(x, c(2)), far, c(0)));
}

/// Where element `i` of the result lies along one axis of the input. Operand `scales` has the scales, one behind it a
/// region of interest.
static Scalar findCoordinate(Body &b, const Resizing &r, size_t target, Scalar i, unsigned scales, bool isBySize) {
  const Target &t = r.targets[target];
  Type real = b.getF32Type();
  auto c = [&](double value) { return b.constant(real, value); };
  Scalar from = b.cast(b.value(r.from[t.axis]), real), to = b.cast(b.value(t.extent), real);
  Scalar one = c(1), half = c(0.5), isMore = b.less(one, to), scale = b.read(scales, b.integer(target));
  i = b.cast(i, real);
  if (r.coordinates == "tf_crop_and_resize") {
    Scalar last = b.sub(from, one);
    Scalar start = b.mul(b.cast(b.read(scales + 1, b.integer(target)), real), last);
    Scalar end = b.mul(b.cast(b.read(scales + 1, b.integer(target + r.targets.size())), real), last);
    return b.select(isMore, b.add(start, b.div(b.mul(i, b.sub(end, start)), b.sub(to, one))),
                    b.mul(half, b.add(start, end)));
  }
  if (r.coordinates == "align_corners") {
    // By ONNX's reference the length of a scale is not rounded; one that is known has no fraction.
    Scalar length = t.scale || isBySize ? to : b.mul(scale, from);
    return b.select(isMore, b.div(b.mul(i, b.sub(from, one)), b.sub(length, one)), c(0));
  }
  if (r.coordinates == "asymmetric")
    return b.div(i, scale);
  Scalar x = b.sub(b.div(b.add(i, half), scale), half);
  if (r.coordinates == "pytorch_half_pixel")
    return b.select(isMore, x, c(0));
  if (r.coordinates != "half_pixel_symmetric")
    return x;
  Scalar adjustment = b.div(to, b.mul(scale, from));
  return b.add(b.mul(b.mul(from, half), b.sub(one, adjustment)), x);
}

/// The coordinates of all elements of the result along one axis.
static Value findCoordinates(Node &node, const Resizing &r, size_t target) {
  SmallVector<Value> operands = {r.scales};
  if (r.region)
    operands.push_back(r.region);
  const bool isBySize = node.has(3);
  return node.generate({r.targets[target].extent}, node.importer.builder.getF32Type(), operands,
                       [&](Body &b) { return findCoordinate(b, r, target, b.index(0), 0, isBySize); });
}

/// The least of the scales that give this extent, which sees the most elements.
static double leastScale(Node &node, const Resizing &r, const Target &t) {
  if (t.scale)
    return *t.scale;
  if (!t.extent.isStatic() || !r.from[t.axis].isStatic())
    node.fail("attribute 'antialias' is set, and the scale of axis " + Twine(t.axis) + " depends on dynamic extents");
  return double(t.extent.getStatic()) / double(r.from[t.axis].getStatic());
}

namespace {
/// The weights of one axis.
struct Taps {
  int64_t first; ///< of the elements that count, from the floor of the coordinate on
  int64_t count;
};
} // namespace

/// Below 1 a scale widens the kernel, where aliases are to be avoided.
static Taps getTaps(Node &node, const Resizing &r, const Target &t) {
  const double support = r.mode == Interpolation::Linear ? 1 : 2;
  const double scale = r.antialias ? std::min(1.0, leastScale(node, r, t)) : 1;
  const int64_t first = int64_t(std::floor(-support / scale)) + 1;
  return {first, 2 - 2 * first};
}

/// An axis's weights: one row for each element of the result. Operands: coordinates and scales.
static Value findWeights(Node &node, const Resizing &r, size_t target, Value coordinates) {
  const Target &t = r.targets[target];
  const Taps taps = getTaps(node, r, t);
  const Dim from = r.from[t.axis];
  Shape shape = {t.extent, taps.count};
  Type real = node.importer.builder.getF32Type();
  Value weights = node.generate(shape, real, {coordinates, r.scales}, [&](Body &b) {
    Scalar x = b.read(0, b.index(0)), tap = b.cast(b.add(b.index(1), b.integer(taps.first)), real);
    Scalar place = b.add(b.floor(x), tap), distance = b.sub(place, x);
    if (r.antialias)
      distance = b.mul(distance, b.min(b.read(1, b.integer(target)), b.constant(real, 1)));
    Scalar weight = kernel(b, r.mode, distance, r.cubicSlope);
    Scalar isInside = b.and_(b.lessOrEqual(b.constant(real, 0), place), b.less(place, b.cast(b.value(from), real)));
    return r.excludesOutside ? b.select(isInside, weight, b.constant(real, 0)) : weight;
  });
  if (!r.antialias && !r.excludesOutside)
    return weights;
  return node.generate(shape, real, weights, [&](Body &b) {
    Scalars sum = b.loop(b.integer(taps.count), b.constant(real, 0), [&](Scalar k, ArrayRef<Scalar> sum) -> Scalars {
      return {b.add(sum[0], b.read(0, {b.index(0), k}))};
    });
    return b.div(b.read(0, {b.index(0), b.index(1)}), sum[0]);
  });
}

static Scalars allIndices(Body &b) {
  Scalars at;
  for (int64_t d = 0; d < b.rank(); ++d)
    at.push_back(b.index(d));
  return at;
}

/// The weighted sums along one axis, in `real`.
static Value resample(Node &node, const Resizing &r, size_t target, Value input, Value coordinates, Type real) {
  const Target &t = r.targets[target];
  const Taps taps = getTaps(node, r, t);
  Value weights = findWeights(node, r, target, coordinates);
  Shape shape = node.shapeOf(input);
  shape[t.axis] = t.extent;
  return node.generate(shape, real, {input, coordinates, weights}, [&](Body &b) {
    Scalars at = allIndices(b);
    Scalar row = at[t.axis], first = b.cast(b.floor(b.read(1, row)), b.getI64Type());
    return b
        .loop(b.integer(taps.count), b.constant(real, 0),
              [&](Scalar k, ArrayRef<Scalar> sum) -> Scalars {
                at[t.axis] = b.add(first, b.add(k, b.integer(taps.first)));
                Scalar weight = b.cast(b.read(2, {row, k}), real);
                return {b.add(sum[0], b.mul(weight, b.cast(b.read(0, at), real)))};
              })
        .front();
  });
}

/// The index of the element nearest to a coordinate.
static Scalar roundCoordinate(Body &b, const Resizing &r, Scalar x) {
  Scalar floor = b.floor(x), half = b.constant(x.type, 0.5), rest = b.sub(x, floor);
  Scalar up = b.add(floor, b.constant(x.type, 1)), nearest = floor;
  if (r.rounding == "ceil")
    nearest = b.ceil(x);
  else if (r.rounding == "round_prefer_ceil")
    nearest = b.select(b.lessOrEqual(half, rest), up, floor);
  else if (r.rounding == "round_prefer_floor")
    nearest = b.select(b.less(half, rest), up, floor);
  return b.cast(nearest, b.getI64Type());
}

/// The indices of the nearest elements along one axis.
static Value findNearest(Node &node, const Resizing &r, const Target &t, Value coordinates) {
  return node.generate({t.extent}, node.importer.builder.getI64Type(), coordinates,
                       [&](Body &b) { return roundCoordinate(b, r, b.read(0, b.index(0))); });
}

/// The input's elements at the indices of each axis.
static Value pickNearest(Node &node, const Resizing &r, Value input, ArrayRef<Value> coordinates) {
  SmallVector<Value> operands = {input};
  Shape shape = r.from;
  for (auto [t, x] : llvm::zip_equal(r.targets, coordinates)) {
    operands.push_back(findNearest(node, r, t, x));
    shape[t.axis] = t.extent;
  }
  return node.generate(shape, node.elementOf(input), operands, [&](Body &b) {
    Scalars at = allIndices(b);
    for (auto [k, t] : llvm::enumerate(r.targets))
      at[t.axis] = b.read(k + 1, at[t.axis]);
    return b.read(0, at);
  });
}

/// Elements whose coordinates lie outside of the input have a value of their own.
static Value extrapolate(Node &node, const Resizing &r, Value input, ArrayRef<Value> coordinates) {
  SmallVector<Value> operands = {input};
  llvm::append_range(operands, coordinates);
  Type element = node.elementOf(input);
  return node.generate(node.shapeOf(input), element, operands, [&](Body &b) {
    Scalar isInside = b.boolean(true);
    for (auto [k, t] : llvm::enumerate(r.targets)) {
      Scalar x = b.read(k + 1, b.index(t.axis)), last = b.cast(b.value(r.from[t.axis] - 1), x.type);
      isInside = b.and_(isInside, b.and_(b.lessOrEqual(b.constant(x.type, 0), x), b.lessOrEqual(x, last)));
    }
    Scalar outside = b.cast(b.constant(b.getF32Type(), node.getFloat("extrapolation_value", 0)), element);
    return b.select(isInside, b.read(0, allIndices(b)), outside);
  });
}

Value nibble::onnximport::resize(Node &node, const Resizing &r, Value input) {
  SmallVector<Value> coordinates;
  for (size_t i = 0; i < r.targets.size(); ++i)
    coordinates.push_back(findCoordinates(node, r, i));
  Type element = node.elementOf(input), real = realOf(element);
  Value result = input;
  if (r.mode == Interpolation::Nearest)
    result = pickNearest(node, r, input, coordinates);
  for (size_t i = 0; i < r.targets.size() && r.mode != Interpolation::Nearest; ++i)
    result = resample(node, r, i, result, coordinates[i], real);
  if (r.coordinates == "tf_crop_and_resize")
    result = extrapolate(node, r, result, coordinates);
  if (node.elementOf(result) == element)
    return result;
  return node.elementwise(element, result, [&](Body &b, ArrayRef<Scalar> x) { return b.cast(x[0], element); });
}
