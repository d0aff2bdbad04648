// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trigonometric and hyperbolic functions.

#include "Generate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The operator whose name in lower case is the function's.
static void importFunction(Node &node) {
  Value input = node.real(0);
  if (isa<quant::QuantizedType>(node.elementOf(input)))
    input = node.plain(0);
  std::string name = StringRef(node.proto.op_type()).lower();
  node.set(0, node.elementwise(node.elementOf(input), input,
                               [&](Body &b, ArrayRef<Scalar> x) { return b.apply(name, x[0]); }));
}

void nibble::onnximport::addFunctions(TranslatorTable &table) {
  for (StringRef name : {"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"})
    table[name] = importFunction;
}
