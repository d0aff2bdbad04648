// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar programs of numbers: what several families of operators share.

#ifndef NIBBLE_LIB_IMPORT_ONNX_NUMERIC_H
#define NIBBLE_LIB_IMPORT_ONNX_NUMERIC_H

#include "Generate.h"

namespace nibble::onnximport {

/// A function of one number, and of two of one type.
using Function1 = Scalar (Body::*)(Scalar);
using Function2 = Scalar (Body::*)(Scalar, Scalar);

/// Loops inside one another, the last of `counts` innermost; `body` gets an index of each.
Scalars loopNest(Body &b, llvm::ArrayRef<Scalar> counts, llvm::ArrayRef<Scalar> carried,
                 llvm::function_ref<Scalars(llvm::ArrayRef<Scalar> indices, llvm::ArrayRef<Scalar> carried)> body);

/// `function` of each element of operand 0: an operation where it is computed in f32, a program for other types.
template <typename Op, Scalar (*function)(Body &, Scalar)>
void importUnaryOfAll(Node &node) {
  if (node.isReal(0))
    return importUnary<Op>(node);
  mlir::Value input = node.numeric(0);
  node.set(0, node.elementwise(node.elementOf(input), input,
                               [](Body &b, llvm::ArrayRef<Scalar> x) { return function(b, x[0]); }));
}

/// Product of matrices, or stacks of them, by a program: the result has shape `shape`.
mlir::Value generateProduct(Node &node, mlir::Value lhs, mlir::Value rhs, const Shape &shape);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_NUMERIC_H
