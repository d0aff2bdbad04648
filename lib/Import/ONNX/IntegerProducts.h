// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of integers element by element, for which no operation has the form: of parameters that are known at run
// time, of wide types.

#ifndef NIBBLE_LIB_IMPORT_ONNX_INTEGERPRODUCTS_H
#define NIBBLE_LIB_IMPORT_ONNX_INTEGERPRODUCTS_H

#include "Window.h"

namespace nibble::onnximport {

/// Where an operand of integers stands among a node's inputs, and what is taken from it and multiplies it: values of
/// any place that broadcast with it, one of all or one a channel. Inputs that the node lacks are 0 and 1.
struct IntegerOperand {
  unsigned value, zeroPoint;
  std::optional<unsigned> scale = std::nullopt;
};

/// A node's operands and, where it quantizes again, the result's parameters.
struct IntegerProduct {
  IntegerOperand lhs, rhs;
  std::optional<IntegerOperand> result = std::nullopt;
  std::optional<unsigned> bias = std::nullopt;
};

/// MatMulInteger and QLinearMatMul.
mlir::Value generateMatMulInteger(Node &node, const IntegerProduct &product);

/// ConvInteger and QLinearConv.
mlir::Value generateConvInteger(Node &node, const IntegerProduct &product);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_INTEGERPRODUCTS_H
