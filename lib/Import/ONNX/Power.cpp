// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pow of all pairs of types. The result has the base's type.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// base^exponent for an exponent without sign, by squares; of integers modulo 2^width.
static Scalar powerBySquares(Body &b, Scalar base, Scalar exponent) {
  Scalar zero = b.constant(exponent.type, 0), one = b.constant(exponent.type, 1);
  Scalars carried = {b.constant(base.type, 1), base, exponent};
  Scalars result = b.loop(b.integer(exponent.width()), carried, [&](Scalar, ArrayRef<Scalar> x) {
    Scalar isOdd = b.not_(b.equal(b.and_(x[2], one), zero));
    return Scalars{b.select(isOdd, b.mul(x[0], x[1]), x[0]), b.mul(x[1], x[1]), b.shiftRight(x[2], one)};
  });
  return result[0];
}

/// The reciprocal: of integers towards zero, and 0 of 0.
static Scalar reciprocal(Body &b, Scalar x) { return b.div(b.constant(x.type, 1), x); }

/// By an integer exponent, for integer bases and `f64`.
static Scalar wholePower(Body &b, Scalar base, Scalar exponent) {
  Type word = b.getIntegerType(64, false);
  if (exponent.isUnsigned())
    return powerBySquares(b, base, b.cast(exponent, word));
  Scalar isNegative = b.less(exponent, b.constant(exponent.type, 0)), wide = b.cast(exponent, word);
  Scalar power = powerBySquares(b, base, b.select(isNegative, b.neg(wide), wide));
  if (base.isFloat())
    return b.select(isNegative, reciprocal(b, power), power);
  // Of an integer whose powers wrap to 1 or -1 the reciprocal is still 0.
  Scalar minusOne = b.neg(b.constant(base.type, 1)), isUnit = b.equal(base, b.constant(base.type, 1));
  if (!base.isUnsigned())
    isUnit = b.or_(isUnit, b.equal(base, minusOne));
  Scalar inverse = b.select(isUnit, power, b.constant(base.type, 0));
  return b.select(isNegative, inverse, power);
}

/// An f32 to the power of an integer: large ones lose their last bit in f32, and with it the result's sign.
static Scalar powerOfFloat(Body &b, Scalar base, Scalar exponent) {
  Scalar size = b.apply("pow", {b.abs(base), b.cast(exponent, base.type)});
  Scalar isOdd = b.equal(b.and_(exponent, b.constant(exponent.type, 1)), b.constant(exponent.type, 1));
  return b.select(isOdd, b.copySign(size, base), size);
}

/// By an f32 or f64: exactly for whole exponents, else by the function of f32.
static Scalar realPower(Body &b, Scalar base, Scalar exponent) {
  Type real = b.getF32Type();
  Scalar power = b.apply("pow", {b.cast(base, real), b.cast(exponent, real)});
  Scalar isWhole =
      b.and_(b.equal(b.floor(exponent), exponent), b.less(b.abs(exponent), b.constant(exponent.type, 0x1p31)));
  Scalar whole = wholePower(b, base, b.cast(exponent, b.getI32Type()));
  return b.select(isWhole, whole, b.cast(power, base.type));
}

static Scalar power(Body &b, Scalar base, Scalar exponent) {
  if (exponent.isFloat())
    return realPower(b, base, exponent);
  return base.type.isF32() ? powerOfFloat(b, base, exponent) : wholePower(b, base, exponent);
}

static void importPow(Node &node) {
  if (node.isReal(0) && (node.isReal(1) || node.elementOf(node.numeric(1)).isF64()))
    return node.set(0, node.binary<PowOp>(node.real(0), node.real(1)));
  Value base = node.numeric(0), exponent = node.numeric(1);
  node.set(0, node.elementwise(node.elementOf(base), {base, exponent},
                               [](Body &b, ArrayRef<Scalar> x) { return power(b, x[0], x[1]); }));
}

void nibble::onnximport::addPowers(TranslatorTable &table) { table["Pow"] = importPow; }
