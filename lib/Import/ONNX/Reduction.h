// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions by scalar programs.

#ifndef NIBBLE_LIB_IMPORT_ONNX_REDUCTION_H
#define NIBBLE_LIB_IMPORT_ONNX_REDUCTION_H

#include "Numeric.h"

#include <functional>

namespace nibble::onnximport {

/// How a program goes through the elements that a reduction makes one of.
struct Path {
  /// Of loops inside one another.
  Scalars counts;
  /// The indices of operand 0, by those of the loops.
  std::function<Scalars(llvm::ArrayRef<Scalar>)> indices;

  /// How many elements there are.
  Scalar size(Body &b) const;
  /// combine(combine(start, term(x)), term(x')) ... of the elements x.
  Scalar fold(Body &b, Scalar start, Function2 combine, llvm::function_ref<Scalar(Scalar)> term) const;
};

/// The axes that a node reduces, sorted; all of them if it names none, unless it then reduces none.
llvm::SmallVector<int64_t> readReducedAxes(Node &node);

/// Whether only a run knows the axes, and the result's shape is known none the less.
bool hasAxesAtRunTime(Node &node);

/// The node's result, by a program that gets the way through `input`, which is operand 0.
mlir::Value generateReduction(Node &node, mlir::Value input, llvm::function_ref<Scalar(Body &, const Path &)> program);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_REDUCTION_H
