// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The equation of an Einsum: "bij,bjk->bik", with "..." for dimensions without a letter.

#ifndef NIBBLE_LIB_IMPORT_ONNX_EINSUM_EQUATION_H
#define NIBBLE_LIB_IMPORT_ONNX_EINSUM_EQUATION_H

#include "Importer.h"

namespace nibble::onnximport {

/// One index of the equation: a letter, or a dimension of the ellipsis counted from the last one.
using Label = unsigned;
using Labels = llvm::SmallVector<Label, 6>;

struct EinsumEquation {
  /// The labels of each operand's dimensions, and of the result's.
  llvm::SmallVector<Labels> operands;
  Labels result;
  /// Extents by label. Where operands broadcast it is the larger one.
  llvm::DenseMap<Label, Dim> extents;

  /// Labels of operands that the result has not, in the order in which they first stand.
  Labels contracted() const;
  Shape shapeOf(const Labels &labels) const;
};

/// Fails for an equation that does not fit the operands.
EinsumEquation parseEinsum(Node &node, llvm::ArrayRef<Shape> shapes);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_EINSUM_EQUATION_H
