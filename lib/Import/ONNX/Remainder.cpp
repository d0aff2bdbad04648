// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Mod of integers, and of floats without a rounding.

#include "Numeric.h"

#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// A finite float without its sign is mantissa * 2^(exponent - 1) times the least subnormal number, both `ui64`.
struct Parts {
  Scalar mantissa, exponent;
};
} // namespace

static Scalar bitcast(Body &b, Scalar x, Type type) {
  return {arith::BitcastOp::create(b, getSignless(type), x.value), type};
}

/// Bits of the mantissa that are stored.
static unsigned mantissaBits(Type type) {
  return APFloat::semanticsPrecision(cast<FloatType>(type).getFloatSemantics()) - 1;
}

static Parts split(Body &b, Scalar size) {
  Type word = b.getIntegerType(64, false);
  Scalar one = b.constant(word, 1), width = b.constant(word, mantissaBits(size.type));
  Scalar bits = b.cast(bitcast(b, size, b.getIntegerType(size.width(), false)), word);
  Scalar hidden = b.shiftLeft(one, width), exponent = b.shiftRight(bits, width);
  Scalar mantissa = b.and_(bits, b.sub(hidden, one)), isSubnormal = b.equal(exponent, b.constant(word, 0));
  return {b.select(isSubnormal, mantissa, b.or_(mantissa, hidden)), b.max(exponent, one)};
}

/// mantissa * 2^shift modulo `divisor`, by as many bits at a time as a word has room for.
static Scalar shiftModulo(Body &b, Scalar mantissa, Scalar shift, Scalar divisor, unsigned room) {
  Type word = mantissa.type;
  Scalar step = b.constant(word, room), count = b.div(b.add(shift, b.constant(word, room - 1)), step);
  Scalars result =
      b.loop(b.cast(count, b.getI64Type()), {b.rem(mantissa, divisor), shift}, [&](Scalar, ArrayRef<Scalar> x) {
        Scalar now = b.min(x[1], step);
        return Scalars{b.rem(b.shiftLeft(x[0], now), divisor), b.sub(x[1], now)};
      });
  return result[0];
}

/// The value of the last bit of a float with exponent `exponent`.
static Scalar unitInLastPlace(Body &b, Scalar exponent, Type type) {
  Scalar width = b.constant(exponent.type, mantissaBits(type)), one = b.constant(exponent.type, 1);
  Scalar normal = b.shiftLeft(b.sub(exponent, width), width), subnormal = b.shiftLeft(one, b.sub(exponent, one));
  Scalar bits = b.select(b.less(width, exponent), normal, subnormal);
  return bitcast(b, b.cast(bits, b.getIntegerType(type.getIntOrFloatBitWidth(), false)), type);
}

/// C's fmod: the sign is x's. A NaN where x is infinite or y is 0.
static Scalar floatRemainder(Body &b, Scalar x, Scalar y) {
  Scalar sizeX = b.abs(x), sizeY = b.abs(y);
  Parts px = split(b, sizeX), py = split(b, sizeY);
  Scalar none = b.constant(px.exponent.type, 0);
  Scalar shift = b.select(b.less(py.exponent, px.exponent), b.sub(px.exponent, py.exponent), none);
  Scalar rest = shiftModulo(b, px.mantissa, shift, py.mantissa, 63 - mantissaBits(x.type));
  Scalar size = b.mul(b.cast(rest, x.type), unitInLastPlace(b, py.exponent, x.type));
  Scalar isDefined = b.and_(b.less(sizeX, b.largest(x.type)), b.less(b.constant(x.type, 0), sizeY));
  size = b.select(b.less(sizeX, sizeY), sizeX, size);
  return b.select(isDefined, b.copySign(size, x), b.constant(x.type, std::numeric_limits<double>::quiet_NaN()));
}

/// Python's %: the sign is y's, of zeros too.
static Scalar floatModulo(Body &b, Scalar x, Scalar y) {
  Scalar rest = floatRemainder(b, x, y), zero = b.constant(x.type, 0);
  Scalar differs = b.xor_(b.less(rest, zero), b.less(y, zero));
  return b.select(b.equal(rest, zero), b.copySign(zero, y), b.select(differs, b.add(rest, y), rest));
}

static void importMod(Node &node) {
  bool isC = node.getInt("fmod", 0);
  Value lhs = node.numeric(0), rhs = node.numeric(1);
  node.set(0, node.elementwise(node.elementOf(lhs), {lhs, rhs}, [&](Body &b, ArrayRef<Scalar> x) {
    if (x[0].isFloat())
      return isC ? floatRemainder(b, x[0], x[1]) : floatModulo(b, x[0], x[1]);
    return isC ? b.rem(x[0], x[1]) : b.mod(x[0], x[1]);
  }));
}

void nibble::onnximport::addRemainders(TranslatorTable &table) { table["Mod"] = importMod; }
