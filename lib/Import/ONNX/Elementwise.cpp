// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of one, two and more tensors.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

template <typename Op>
static void importBinary(Node &node) {
  Value lhs = node.real(0), rhs = node.real(1);
  node.set(0, node.binary<Op>(lhs, rhs));
}

/// Min, Max and Sum of any number of tensors, from the left.
template <typename Op>
static Value chain(Node &node) {
  Value result = node.real(0);
  for (unsigned i = 1; i < node.size(); ++i)
    result = node.binary<Op>(result, node.real(i));
  return result;
}

template <typename Op>
static void importChain(Node &node) {
  node.set(0, chain<Op>(node));
}

static void importMean(Node &node) {
  Value sum = chain<AddOp>(node);
  node.set(0, node.binary<DivOp>(sum, node.floats(float(node.size()))));
}

void nibble::onnximport::addElementwise(TranslatorTable &table) {
  table["Add"] = importBinary<AddOp>;
  table["Sub"] = importBinary<SubOp>;
  table["Mul"] = importBinary<MulOp>;
  table["Div"] = importBinary<DivOp>;
  table["Pow"] = importBinary<PowOp>;
  table["Min"] = importChain<MinOp>;
  table["Max"] = importChain<MaxOp>;
  table["Sum"] = importChain<AddOp>;
  table["Mean"] = importMean;
  table["Erf"] = importUnary<ErfOp>;
  table["Exp"] = importUnary<ExpOp>;
  table["Log"] = importUnary<LogOp>;
  table["Sqrt"] = importUnary<SqrtOp>;
  table["Reciprocal"] = importUnary<ReciprocalOp>;
  table["Neg"] = importUnary<NegOp>;
  table["Abs"] = importUnary<AbsOp>;
  table["Floor"] = importUnary<FloorOp>;
  table["Ceil"] = importUnary<CeilOp>;
  table["Round"] = importUnary<RoundOp>;
}
