// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CenterCropPad: axes brought to extents by what their middles have in common.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The extents of `axes`: those of operand 1, or, where they are found at run time, those of the result's shape.
static SmallVector<int64_t> readExtents(Node &node, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> extents;
  if (node.content(1)) {
    extents = node.ints(1, "the shape");
  } else {
    Shape result = node.resultShape(0, 1, "the shape", node.rank(0));
    for (int64_t axis : axes)
      extents.push_back(result[axis].getStatic());
  }
  if (extents.size() != axes.size())
    node.fail("has " + Twine(extents.size()) + " extents of " + Twine(axes.size()) + " axes");
  return extents;
}

static void importCenterCropPad(Node &node) {
  Value input = node.get(0);
  Shape shape = node.shapeOf(input);
  const int64_t rank = shape.size();
  SmallVector<int64_t> axes = node.getInts("axes", llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  for (int64_t &axis : axes)
    axis = node.axis(axis, rank);
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1), low(rank, 0), high(rank, 0);
  Shape cropped = shape;
  for (auto [axis, extent] : llvm::zip_equal(axes, readExtents(node, axes))) {
    if (!shape[axis].isStatic())
      node.fail("axis " + Twine(axis) + " has an extent that is unknown at compile time");
    const int64_t missing = std::max<int64_t>(extent - shape[axis].getStatic(), 0),
                  excess = std::max<int64_t>(shape[axis].getStatic() - extent, 0);
    starts[axis] = excess / 2;
    low[axis] = missing / 2;
    high[axis] = missing - missing / 2;
    cropped[axis] = shape[axis].getStatic() - excess;
    shape[axis] = extent;
  }
  Value middle = node.slice(input, starts, steps, cropped);
  if (cropped != shape)
    middle = node.emit<PadOp>(shape, node.elementOf(input), middle, low, high, PadMode::Constant, FloatAttr());
  node.set(0, middle);
}

void nibble::onnximport::addCenterCrops(TranslatorTable &table) { table["CenterCropPad"] = importCenterCropPad; }
