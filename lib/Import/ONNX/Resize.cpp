// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize by nearest neighbours, as index tables.

#include "Importer.h"

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

namespace {
/// Scale and extent of the result along one axis.
struct Target {
  int64_t axis;
  double scale;
  Dim extent;
};
} // namespace

static Target fromScale(Node &node, int64_t axis, double scale, const Dim &extent) {
  if (!(scale > 0) || scale > 1e6)
    node.fail("scale " + std::to_string(scale) + " along axis " + Twine(axis));
  if (scale == 1)
    return {axis, scale, extent};
  if (!extent.isStatic())
    node.fail("resizes axis " + Twine(axis) + ", whose extent is unknown at compile time");
  return {axis, scale, static_cast<int64_t>(std::floor(extent.factor * static_cast<float>(scale)))};
}

static SmallVector<Target> readTargets(Node &node, const Shape &shape) {
  SmallVector<int64_t> axes = node.getInts("axes", llvm::to_vector(llvm::seq<int64_t>(0, shape.size())));
  for (int64_t &axis : axes)
    axis = node.axis(axis, shape.size());
  if (node.getString("keep_aspect_ratio_policy", "stretch") != "stretch")
    node.fail("attribute 'keep_aspect_ratio_policy' other than 'stretch' is not supported");
  bool bySize = node.has(3);
  const Content *wanted = bySize ? node.content(3) : node.has(2) ? node.content(2) : nullptr;
  if (!wanted || wanted->size() != axes.size() || wanted->isReal() == bySize)
    node.fail("scales or sizes are not known at compile time");
  SmallVector<Target> targets;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    const Dim &extent = shape[axis];
    if (!bySize) {
      targets.push_back(fromScale(node, axis, wanted->reals[i], extent));
    } else if (wanted->ints[i] == extent) {
      targets.push_back({axis, 1, extent});
    } else {
      const Dim &size = wanted->ints[i];
      if (!extent.isStatic() || !size.isStatic() || size.factor < 1)
        node.fail("resizes axis " + Twine(axis) + ", whose extent is unknown at compile time");
      targets.push_back({axis, double(float(size.factor) / float(extent.factor)), size});
    }
  }
  return targets;
}

static void importResize(Node &node) {
  std::string mode = node.getString("mode", "nearest");
  if (mode != "nearest")
    node.fail("attribute 'mode' is '" + mode + "', expected 'nearest'", "other interpolations are not supported yet");
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  std::string coordinates = node.getString("coordinate_transformation_mode", "half_pixel");
  std::string rounding = node.getString("nearest_mode", "round_prefer_floor");
  SmallVector<int64_t> axes, indices;
  Shape from = shape;
  SmallVector<Target> targets = readTargets(node, shape);
  llvm::sort(targets, [](const Target &a, const Target &b) { return a.axis < b.axis; });
  for (const Target &target : targets) {
    if (target.scale == 1 && target.extent == from[target.axis])
      continue;
    shape[target.axis] = target.extent;
    int64_t extent = from[target.axis].factor;
    if (extent < 1 || target.extent.factor > 1 << 24)
      node.fail("resizes axis " + Twine(target.axis) + " of extent " + Twine(extent) + " to " +
                Twine(target.extent.factor));
    axes.push_back(target.axis);
    for (int64_t i = 0; i < target.extent.factor; ++i) {
      double x = coordinate(node, coordinates, i, target.scale, extent, target.extent.factor);
      indices.push_back(std::clamp(roundBy(node, rounding, x), int64_t(0), extent - 1));
    }
  }
  if (axes.empty())
    return node.set(0, input);
  node.set(0, node.emit<ResizeNearestOp>(shape, node.elementOf(input), input, axes, indices));
}

void nibble::onnximport::addResizes(TranslatorTable &table) { table["Resize"] = importResize; }
