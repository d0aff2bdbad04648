// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Comparisons, logic and choices, of all element types.

#include "Generate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

using Function = Scalar (Body::*)(Scalar, Scalar);

/// A function of two tensors that broadcast, whose elements are booleans.
template <Function function>
static void importPredicate(Node &node) {
  Value x = node.plain(0), y = node.plain(1);
  Type common = node.commonType(x, y);
  node.set(0, node.elementwise(node.importer.builder.getI1Type(), {x, y}, [&](Body &b, ArrayRef<Scalar> s) {
    return (b.*function)(b.cast(s[0], common), b.cast(s[1], common));
  }));
}

static void importNot(Node &node) {
  Value input = node.get(0);
  node.set(0, node.elementwise(node.elementOf(input), input, [](Body &b, ArrayRef<Scalar> s) { return b.not_(s[0]); }));
}

static void importWhere(Node &node) {
  Value condition = node.get(0), x = node.plain(1), y = node.plain(2);
  Type common = node.commonType(x, y);
  node.set(0, node.elementwise(common, {condition, x, y}, [&](Body &b, ArrayRef<Scalar> s) {
    return b.select(s[0], b.cast(s[1], common), b.cast(s[2], common));
  }));
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
