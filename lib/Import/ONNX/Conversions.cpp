// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that give elements another type: Cast and its relatives.

#include "Generate.h"

#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The exponent of an f32 as `f8E8M0FNU`, rounded to a power of two: "up" in magnitude, "down", or "nearest". Beyond
/// the largest a number is that, or a NaN where nothing saturates.
static Scalar castToExponent(Body &b, Scalar x, StringRef mode, bool saturate) {
  Type bits = b.getI32Type(), stored = b.getI8Type(), result = b.getType<Float8E8M0FNUType>();
  auto number = [&](int64_t value) { return b.constant(bits, double(value)); };
  Scalar raw{arith::BitcastOp::create(b, bits, b.cast(x, b.getF32Type()).value), bits};
  Scalar magnitude = b.and_(raw, number(0x7fffffff));
  // What is added carries into the exponent where the number is rounded up.
  Scalar carried = magnitude;
  if (mode == "up")
    carried = b.add(magnitude, number(0x7fffff));
  else if (mode == "nearest") // halves away from zero, but for numbers without an exponent
    carried = b.add(magnitude, b.select(b.less(magnitude, number(0x800000)), number(0x3fffff), number(0x400000)));
  Scalar exponent = b.shiftRight(carried, number(23));
  if (saturate)
    exponent = b.min(exponent, number(0xfe));
  exponent = b.select(b.less(magnitude, number(0x7f800000)), exponent, number(0xff));
  return {arith::BitcastOp::create(b, result, b.cast(exponent, stored).value), result};
}

/// Integers of fewer than 32 bits take the low bits of a float's integer, as C and numpy do it on most machines.
static Scalar castScalar(Node &node, Body &b, Scalar x, Type to) {
  const bool saturate = node.getInt("saturate", 1);
  if (isa<Float8E8M0FNUType>(to) && !isa<Float8E8M0FNUType>(x.type))
    return castToExponent(b, x, node.getString("round_mode", "up"), saturate);
  if (x.isFloat() && isa<IntegerType>(to) && !to.isInteger(1) && to.getIntOrFloatBitWidth() < 32)
    return b.cast(b.cast(x, b.getI32Type()), to);
  return b.cast(x, to, saturate);
}

/// Operand 0 with elements of another type. What already has a quantized form keeps it: bytes become floats as integers
/// of scale 1.
static void castTo(Node &node, Type to) {
  Value input = node.get(0);
  Type from = node.elementOf(input);
  Shape shape = node.shapeOf(input);
  if (from == to)
    return node.set(0, input);
  if (from.isSignlessInteger(32) && to.isF32())
    return node.set(0, node.emit<IntToFloatOp>(shape, to, input));
  if (from.isInteger(8) && to.isF32())
    return node.set(0, node.emit<IntDequantizeOp>(shape, to, input, APFloat(1.0f), 0));
  auto quantized = dyn_cast<quant::UniformQuantizedType>(from);
  if (quantized && (quantized.getScale() != 1.0 || quantized.getZeroPoint() != 0)) {
    std::string text;
    llvm::raw_string_ostream(text) << "conversion of " << from << " to " << to << " is not supported";
    node.fail(text, "bytes of an input become f32, where all that reads them are conversions and moves; give other "
                    "integers as floats");
  }
  if (quantized)
    input = node.emit<DequantizeOp>(shape, node.importer.builder.getF32Type(), input);
  if (node.elementOf(input) != to)
    input = node.elementwise(to, input, [&](Body &b, ArrayRef<Scalar> x) { return castScalar(node, b, x[0], to); });
  node.set(0, input);
}

Value nibble::onnximport::castElements(Importer &importer, Value value, Type element) {
  onnx::NodeProto proto;
  proto.set_op_type("Cast");
  Value result = Node(importer, proto).elementwise(element, value, [&](Body &b, ArrayRef<Scalar> x) {
    return b.cast(x[0], element);
  });
  // It is the same value of the model.
  result.getDefiningOp()->setLoc(value.getLoc());
  return result;
}

static void importCast(Node &node) { castTo(node, node.importer.elementType(node.getInt("to", 0))); }

static void importCastLike(Node &node) {
  Type type = node.typeOf(1);
  auto quantized = dyn_cast<quant::QuantizedType>(type);
  castTo(node, quantized ? getStorageElementType(quantized) : type);
}

/// The same bits as another type of the same width, which ONNX checks; a boolean is a byte.
static void importBitCast(Node &node) {
  Value input = node.get(0);
  Type from = node.elementOf(input), to = node.importer.elementType(node.getInt("to", 0));
  node.set(0, node.elementwise(to, input, [&](Body &b, ArrayRef<Scalar> x) -> Scalar {
    if (from.isInteger(1) || to.isInteger(1))
      return b.cast(x[0], to);
    Type plain = getSignless(to);
    return {plain == x[0].value.getType() ? x[0].value : arith::BitcastOp::create(b, plain, x[0].value), to};
  }));
}

void nibble::onnximport::addConversions(TranslatorTable &table) {
  table["Cast"] = importCast;
  table["CastLike"] = importCastLike;
  table["BitCast"] = importBitCast;
}
