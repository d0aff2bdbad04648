// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales and extents of a Resize.

#include "ResizeTargets.h"
#include "Movement.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Dynamic extents up to here are known to be scaled as floats scale them.
constexpr int64_t kLargestScaled = 1 << 16;

/// floor(extent * scale) of a dynamic extent, in f32 as runtimes compute it: by the quotient of two small integers that
/// the scale is next to, if it gives the same for all extents that a run then takes.
static Dim scaleExtent(Node &node, int64_t axis, float scale, const Dim &extent) {
  for (int64_t divisor = 1; divisor <= 64; ++divisor) {
    const int64_t factor = std::llround(double(scale) * double(divisor));
    if (factor < 1 || float(double(factor) / double(divisor)) != scale)
      continue;
    const Dim scaled = floorDiv(extent * factor, divisor);
    if (double(factor) / double(divisor) == double(scale)) // no rounding at all
      return scaled;
    for (int64_t i = 0; i <= kLargestScaled; ++i)
      if (int64_t(std::floor(float(i) * scale)) != i * factor / divisor)
        node.fail("scale " + std::to_string(scale) + " of axis " + Twine(axis) + ", whose extent is dynamic, gives " +
                      Twine(i) + " elements another number of them in floats than in fractions",
                  "give sizes in the place of scales");
    node.importer.requirements.push_back({nibble::min(extent, kLargestScaled), extent});
    return scaled;
  }
  node.fail("scale " + std::to_string(scale) + " of axis " + Twine(axis) +
                ", whose extent is dynamic, is no quotient of integers up to 64",
            "give sizes in the place of scales, or the input a fixed shape");
}

static Target fromScale(Node &node, int64_t axis, double scale, const Dim &extent) {
  if (!(scale > 0) || scale > 1e6)
    node.fail("scale " + std::to_string(scale) + " along axis " + Twine(axis));
  if (scale == 1)
    return {axis, scale, extent};
  if (!extent.isStatic())
    return {axis, scale, scaleExtent(node, axis, float(scale), extent)};
  return {axis, scale, static_cast<int64_t>(std::floor(extent.getStatic() * static_cast<float>(scale)))};
}

static Target fromSize(Node &node, int64_t axis, const Dim &size, const Dim &extent) {
  if (size == extent)
    return {axis, 1, extent};
  if (size.isStatic() && size.getStatic() < 1)
    node.fail("resizes axis " + Twine(axis) + " to " + Twine(size.getStatic()) + " elements");
  if (extent.isStatic() && size.isStatic())
    return {axis, double(float(size.getStatic()) / float(extent.getStatic())), size};
  // A multiple has one scale whatever the extent is.
  if (std::optional<Dim> multiple = divideExactly(size, extent); multiple && multiple->isStatic())
    return {axis, double(multiple->getStatic()), size};
  return {axis, std::nullopt, size, /*bySize=*/true};
}

/// How sizes become scales: one for all axes, or each its own.
static StringRef readPolicy(Node &node) {
  std::string policy = node.getString("keep_aspect_ratio_policy", "stretch");
  for (StringRef known : {"stretch", "not_larger", "not_smaller"})
    if (policy == known)
      return known;
  node.fail("attribute 'keep_aspect_ratio_policy' is '" + policy +
            "', expected 'stretch', 'not_larger' or 'not_smaller'");
}

/// The least or the largest scale becomes that of all axes, and their extents follow.
static void keepAspectRatio(Node &node, bool isLarger, MutableArrayRef<Target> targets, const Shape &shape) {
  double scale = isLarger ? 0 : INFINITY;
  for (const Target &t : targets)
    if (!t.scale || !shape[t.axis].isStatic())
      node.fail("attribute 'keep_aspect_ratio_policy' is not 'stretch', and axis " + Twine(t.axis) +
                " has an extent that is unknown at compile time");
  for (const Target &t : targets)
    scale = isLarger ? std::max(scale, *t.scale) : std::min(scale, *t.scale);
  for (Target &t : targets) {
    t = {t.axis, scale, int64_t(std::floor(scale * shape[t.axis].getStatic() + 0.5))};
  }
}

/// The result's shape says how large it is, where a program finds scales or sizes.
static SmallVector<Target> readDeclared(Node &node, const Shape &shape, ArrayRef<int64_t> axes, bool bySize) {
  Shape result = node.resultShape(0, bySize ? 3 : 2, bySize ? "sizes" : "scales", shape.size());
  SmallVector<Target> targets;
  for (int64_t axis : axes)
    targets.push_back({axis, std::nullopt, result[axis]});
  return targets;
}

SmallVector<Target> nibble::onnximport::readTargets(Node &node, const Shape &shape) {
  SmallVector<int64_t> axes = node.getInts("axes", llvm::to_vector(llvm::seq<int64_t>(0, shape.size())));
  for (int64_t &axis : axes)
    axis = node.axis(axis, shape.size());
  StringRef policy = readPolicy(node);
  const bool bySize = node.has(3);
  const Content *wanted = bySize ? node.content(3) : node.has(2) ? node.content(2) : nullptr;
  if (!wanted && (bySize || node.has(2)))
    return readDeclared(node, shape, axes, bySize);
  if (!wanted || wanted->size() != axes.size() || wanted->isReal() == bySize)
    node.fail("scales or sizes do not fit " + Twine(axes.size()) + " axes");
  SmallVector<Target> targets;
  for (auto [i, axis] : llvm::enumerate(axes))
    targets.push_back(bySize ? fromSize(node, axis, wanted->ints[i], shape[axis])
                             : fromScale(node, axis, wanted->reals[i], shape[axis]));
  if (bySize && policy != "stretch")
    keepAspectRatio(node, policy == "not_smaller", targets, shape);
  return targets;
}

/// Scales by sizes that the program finds.
static Value divideSizes(Node &node, const Shape &shape, ArrayRef<Target> targets) {
  StringRef policy = readPolicy(node);
  Type real = node.importer.builder.getF32Type();
  const int64_t count = targets.size();
  auto scaleOf = [&](Body &b, int64_t i) {
    return b.div(b.cast(b.read(0, b.integer(i)), real), b.cast(b.value(shape[targets[i].axis]), real));
  };
  return node.generate({Dim(count)}, real, node.plain(3), [&](Body &b) {
    Scalar result = scaleOf(b, 0);
    for (int64_t i = 1; i < count; ++i) {
      Scalar scale = scaleOf(b, i);
      result = policy == "not_larger"    ? b.min(result, scale)
               : policy == "not_smaller" ? b.max(result, scale)
                                         : b.select(b.equal(b.index(0), b.integer(i)), scale, result);
    }
    return result;
  });
}

/// Scales of which some are quotients of dynamic extents.
static Value divideExtents(Node &node, const Shape &shape, ArrayRef<Target> targets) {
  Type real = node.importer.builder.getF32Type();
  return node.generate({Dim(int64_t(targets.size()))}, real, {}, [&](Body &b) {
    Scalar result = b.constant(real, 1);
    for (auto [i, t] : llvm::enumerate(targets)) {
      Scalar scale = t.scale ? b.constant(real, *t.scale)
                             : b.div(b.cast(b.value(t.extent), real), b.cast(b.value(shape[t.axis]), real));
      result = b.select(b.equal(b.index(0), b.integer(i)), scale, result);
    }
    return result;
  });
}

Value nibble::onnximport::readScales(Node &node, const Shape &shape, ArrayRef<Target> targets) {
  const bool areKnown = llvm::all_of(targets, [](const Target &t) { return t.scale.has_value(); });
  if (areKnown) {
    auto scales = llvm::map_to_vector(targets, [](const Target &t) { return float(*t.scale); });
    return node.floats(scales, int64_t(scales.size()));
  }
  if (llvm::all_of(targets, [](const Target &t) { return t.scale || t.bySize; }))
    return divideExtents(node, shape, targets);
  if (node.has(3))
    return divideSizes(node, shape, targets);
  return node.elementwise(node.importer.builder.getF32Type(), node.plain(2),
                          [](Body &b, ArrayRef<Scalar> x) { return b.cast(x[0], b.getF32Type()); });
}
