// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Comparisons, logic, choices and conversions, of all element types.

#include "Generate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

using Function = Scalar (Body::*)(Scalar, Scalar);

/// A function of two tensors of one type, which broadcast, whose elements are booleans.
template <Function function>
static void importPredicate(Node &node) {
  node.set(0, node.elementwise(node.importer.builder.getI1Type(), {node.plain(0), node.plain(1)},
                               [](Body &b, ArrayRef<Scalar> x) { return (b.*function)(x[0], x[1]); }));
}

static void importNot(Node &node) {
  Value input = node.plain(0);
  node.set(0, node.elementwise(node.elementOf(input), input, [](Body &b, ArrayRef<Scalar> x) { return b.not_(x[0]); }));
}

static void importWhere(Node &node) {
  Value condition = node.plain(0), x = node.plain(1), y = node.plain(2);
  node.set(0, node.elementwise(node.elementOf(x), {condition, x, y},
                               [](Body &b, ArrayRef<Scalar> s) { return b.select(s[0], s[1], s[2]); }));
}

void nibble::onnximport::addLogic(TranslatorTable &table) {
  table["And"] = importPredicate<&Body::and_>;
  table["Or"] = importPredicate<&Body::or_>;
  table["Xor"] = importPredicate<&Body::xor_>;
  table["Not"] = importNot;
  table["Equal"] = importPredicate<&Body::equal>;
  table["Less"] = importPredicate<&Body::less>;
  table["LessOrEqual"] = importPredicate<&Body::lessOrEqual>;
  table["Greater"] = importPredicate<&Body::greater>;
  table["GreaterOrEqual"] = importPredicate<&Body::greaterOrEqual>;
  table["Where"] = importWhere;
}
