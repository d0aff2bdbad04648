// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize: by nearest neighbours as index tables, else by programs.

#include "ResizeTargets.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Where element `i` of the result lies in the input, in ONNX's words. In f32 as in onnxruntime: a quotient of integers
/// is then itself, though the scale is rounded.
static float coordinate(Node &node, StringRef mode, float i, float scale, float from, float to) {
  if (mode == "half_pixel")
    return (i + 0.5f) / scale - 0.5f;
  if (mode == "asymmetric")
    return i / scale;
  if (mode == "align_corners")
    return to == 1 ? 0 : i * (from - 1) / (to - 1);
  if (mode == "pytorch_half_pixel")
    return to == 1 ? 0 : (i + 0.5f) / scale - 0.5f;
  if (mode == "half_pixel_symmetric") {
    float adjustment = to / (scale * from), center = from / 2;
    return center * (1 - adjustment) + (i + 0.5f) / scale - 0.5f;
  }
  if (mode == "tf_crop_and_resize") // of a region that is an operand
    return 0;
  node.fail("attribute 'coordinate_transformation_mode' is '" + mode + "', which is not supported");
}

static int64_t roundBy(Node &node, StringRef mode, float x) {
  if (mode == "round_prefer_floor")
    return static_cast<int64_t>(x == std::floor(x) + 0.5f ? std::floor(x) : std::round(x));
  if (mode == "round_prefer_ceil")
    return static_cast<int64_t>(x == std::floor(x) + 0.5f ? std::ceil(x) : std::round(x));
  if (mode == "floor")
    return static_cast<int64_t>(std::floor(x));
  if (mode == "ceil")
    return static_cast<int64_t>(std::ceil(x));
  node.fail("attribute 'nearest_mode' is '" + mode + "', which is not supported");
}

/// By tables that are made here: of nearest neighbours alone, which every type has.
static Value resizeByTables(Node &node, const Shape &from, SmallVector<Target> targets, StringRef coordinates,
                            StringRef rounding) {
  Value input = node.get(0);
  SmallVector<int64_t> axes, indices;
  Shape shape = from;
  llvm::sort(targets, [](const Target &a, const Target &b) { return a.axis < b.axis; });
  for (const Target &target : targets) {
    if (*target.scale == 1 && target.extent == from[target.axis])
      continue;
    shape[target.axis] = target.extent;
    int64_t extent = from[target.axis].getStatic();
    if (extent < 1 || target.extent.getStatic() > 1 << 24)
      node.fail("resizes axis " + Twine(target.axis) + " of extent " + Twine(extent) + " to " +
                Twine(target.extent.getStatic()));
    axes.push_back(target.axis);
    for (int64_t i = 0; i < target.extent.getStatic(); ++i) {
      double x = coordinate(node, coordinates, i, *target.scale, extent, target.extent.getStatic());
      indices.push_back(std::clamp(roundBy(node, rounding, x), int64_t(0), extent - 1));
    }
  }
  return axes.empty() ? input : node.emit<ResizeNearestOp>(shape, node.elementOf(input), input, axes, indices);
}

static Interpolation readMode(Node &node) {
  std::string mode = node.getString("mode", "nearest");
  if (mode == "nearest")
    return Interpolation::Nearest;
  if (mode == "linear")
    return Interpolation::Linear;
  if (mode == "cubic")
    return Interpolation::Cubic;
  node.fail("attribute 'mode' is '" + mode + "', expected 'nearest', 'linear' or 'cubic'");
}

/// With the corners aligned, a scale that leaves a fraction of an element means one thing to ONNX's reference, and
/// another to onnxruntime, which rounds first.
static void refuseFractions(Node &node, const Resizing &r) {
  if (r.coordinates != "align_corners" || node.has(3))
    return;
  for (const Target &t : r.targets) {
    const Dim &from = r.from[t.axis];
    if (!t.scale)
      continue;
    const double length = *t.scale * double(from.getStaticOr(1)),
                 whole = from.isStatic() ? t.extent.getStaticOr(0) : std::round(length);
    if (std::abs(length - whole) > 1e-3)
      node.fail("scale " + std::to_string(*t.scale) + " gives axis " + Twine(t.axis) + " a fraction of an element",
                "runtimes do not agree on what that is with the corners aligned; give sizes in the place of scales");
  }
}

/// Leaves out the axes that stay as they are.
static void dropUnchanged(SmallVector<Target> &targets, const Shape &from) {
  llvm::erase_if(targets, [&](const Target &t) { return t.scale == 1 && t.extent == from[t.axis]; });
}

static void importResize(Node &node) {
  const Shape from = node.shape(0);
  Resizing r = {readMode(node),
                node.getString("coordinate_transformation_mode", "half_pixel"),
                node.getString("nearest_mode", "round_prefer_floor"),
                node.getInt("antialias", 0) != 0,
                node.getInt("exclude_outside", 0) != 0,
                node.getFloat("cubic_coeff_a", -0.75f),
                from,
                readTargets(node, from),
                Value(),
                Value()};
  const bool areKnown = llvm::all_of(r.targets, [](const Target &t) { return t.scale.has_value(); });
  const bool hasRegion = r.coordinates == "tf_crop_and_resize";
  coordinate(node, r.coordinates, 0, 1, 1, 1); // refuses unknown modes
  roundBy(node, r.rounding, 0);
  if (!hasRegion)
    dropUnchanged(r.targets, from);
  if (r.targets.empty())
    return node.set(0, node.get(0));
  const bool isStatic =
      llvm::all_of(r.targets, [&](const Target &t) { return from[t.axis].isStatic() && t.extent.isStatic(); });
  if (areKnown && isStatic && !hasRegion && r.mode == Interpolation::Nearest)
    return node.set(0, resizeByTables(node, from, r.targets, r.coordinates, r.rounding));
  for (const Target &t : r.targets)
    if (from[t.axis].getStaticOr(1) < 1)
      node.fail("resizes axis " + Twine(t.axis) + ", which has no elements");
  refuseFractions(node, r);
  r.scales = readScales(node, from, r.targets);
  if (hasRegion)
    r.region = node.plain(1);
  node.set(0, resize(node, r, node.plain(0)));
}

void nibble::onnximport::addResizes(TranslatorTable &table) { table["Resize"] = importResize; }
