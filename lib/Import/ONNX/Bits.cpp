// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integers as bits, and the classes of floats.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

template <Function2 function>
static void importBitwise(Node &node) {
  Value lhs = node.plain(0), rhs = node.plain(1);
  node.set(0, node.elementwise(node.elementOf(lhs), {lhs, rhs},
                               [](Body &b, ArrayRef<Scalar> x) { return (b.*function)(x[0], x[1]); }));
}

static void importBitwiseNot(Node &node) {
  Value input = node.plain(0);
  node.set(0, node.elementwise(node.elementOf(input), input, [](Body &b, ArrayRef<Scalar> x) { return b.not_(x[0]); }));
}

/// A count that is negative or beyond the width shifts everything out, as an unsigned one.
static void importBitShift(Node &node) {
  std::string direction = node.getString("direction", "");
  if (direction == "LEFT")
    return importBitwise<&Body::shiftLeft>(node);
  if (direction != "RIGHT")
    node.fail("attribute 'direction' is '" + direction + "', expected 'LEFT' or 'RIGHT'");
  importBitwise<&Body::shiftRight>(node);
}

static void importIsNaN(Node &node) {
  node.set(0, node.elementwise(node.importer.builder.getI1Type(), node.plain(0),
                               [](Body &b, ArrayRef<Scalar> x) { return b.isNaN(x[0]); }));
}

static void importIsInf(Node &node) {
  bool positive = node.getInt("detect_positive", 1), negative = node.getInt("detect_negative", 1);
  node.set(0, node.elementwise(node.importer.builder.getI1Type(), node.plain(0), [&](Body &b, ArrayRef<Scalar> x) {
    Scalar result = b.boolean(false);
    if (positive)
      result = b.equal(x[0], b.largest(x[0].type));
    return negative ? b.or_(result, b.equal(x[0], b.least(x[0].type))) : result;
  }));
}

void nibble::onnximport::addBits(TranslatorTable &table) {
  table["BitShift"] = importBitShift;
  table["BitwiseAnd"] = importBitwise<&Body::and_>;
  table["BitwiseOr"] = importBitwise<&Body::or_>;
  table["BitwiseXor"] = importBitwise<&Body::xor_>;
  table["BitwiseNot"] = importBitwiseNot;
  table["IsNaN"] = importIsNaN;
  table["IsInf"] = importIsInf;
}
