// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a Resize asks for.

#ifndef NIBBLE_LIB_IMPORT_ONNX_RESIZETARGETS_H
#define NIBBLE_LIB_IMPORT_ONNX_RESIZETARGETS_H

#include "Interpolation.h"

namespace nibble::onnximport {

/// Scale and extent of the result along one axis.
struct Target {
  int64_t axis;
  /// None if the program finds it.
  std::optional<double> scale;
  Dim extent;
  /// Whether the extents tell the scale.
  bool bySize = false;
};

/// A Resize whose coordinates a program finds.
struct Resizing {
  Interpolation mode;
  std::string coordinates, rounding;
  bool antialias, excludesOutside;
  double cubicSlope;
  Shape from;
  llvm::SmallVector<Target> targets;
  /// f32, one for each target.
  mlir::Value scales;
  /// Starts, then ends, of the targets; null if the node has none.
  mlir::Value region;
};

/// The extents that the node gives its axes.
llvm::SmallVector<Target> readTargets(Node &node, const Shape &shape);

/// The targets' scales as a value.
mlir::Value readScales(Node &node, const Shape &shape, llvm::ArrayRef<Target> targets);

mlir::Value resize(Node &node, const Resizing &resizing, mlir::Value input);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_RESIZETARGETS_H
