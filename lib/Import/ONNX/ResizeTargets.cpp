// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales and extents of a Resize.

#include "ResizeTargets.h"
#include "Movement.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static Target fromScale(Node &node, int64_t axis, double scale, const Dim &extent) {
  if (!(scale > 0) || scale > 1e6)
    node.fail("scale " + std::to_string(scale) + " along axis " + Twine(axis));
  if (scale == 1)
    return {axis, scale, extent};
  if (!extent.isStatic())
    node.fail("resizes axis " + Twine(axis) + ", whose extent is unknown at compile time");
  return {axis, scale, static_cast<int64_t>(std::floor(extent.getStatic() * static_cast<float>(scale)))};
}

static Target fromSize(Node &node, int64_t axis, const Dim &size, const Dim &extent) {
  if (size == extent)
    return {axis, 1, extent};
  if (!extent.isStatic() || !size.isStatic() || size.getStatic() < 1)
    node.fail("resizes axis " + Twine(axis) + ", whose extent is unknown at compile time");
  return {axis, double(float(size.getStatic()) / float(extent.getStatic())), size};
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
    scale = isLarger ? std::max(scale, *t.scale) : std::min(scale, *t.scale);
  for (Target &t : targets) {
    if (!shape[t.axis].isStatic())
      node.fail("resizes axis " + Twine(t.axis) + ", whose extent is unknown at compile time");
    t = {t.axis, scale, int64_t(std::floor(scale * shape[t.axis].getStatic() + 0.5))};
  }
}

/// The result's shape says how large it is, where a program finds scales or sizes.
static SmallVector<Target> readDeclared(Node &node, const Shape &shape, ArrayRef<int64_t> axes, bool bySize) {
  Shape result = node.resultShape(0, bySize ? 3 : 2, bySize ? "sizes" : "scales", shape.size());
  SmallVector<Target> targets;
  for (int64_t axis : axes) {
    if (!shape[axis].isStatic())
      node.fail("resizes axis " + Twine(axis) + ", whose extent is unknown at compile time");
    targets.push_back({axis, std::nullopt, result[axis]});
  }
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
    return b.div(b.cast(b.read(0, b.integer(i)), real), b.constant(real, shape[targets[i].axis].getStatic()));
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

Value nibble::onnximport::readScales(Node &node, const Shape &shape, ArrayRef<Target> targets) {
  const bool areKnown = llvm::all_of(targets, [](const Target &t) { return t.scale.has_value(); });
  if (areKnown) {
    auto scales = llvm::map_to_vector(targets, [](const Target &t) { return float(*t.scale); });
    return node.floats(scales, int64_t(scales.size()));
  }
  if (node.has(3))
    return divideSizes(node, shape, targets);
  return node.elementwise(node.importer.builder.getF32Type(), node.plain(2),
                          [](Body &b, ArrayRef<Scalar> x) { return b.cast(x[0], b.getF32Type()); });
}
