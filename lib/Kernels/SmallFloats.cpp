// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floats of 4, 8 and 16 bits to f32 and back, by integer arithmetic on their bits: no library, the same bits
// everywhere.

#include "ScalarEmitter.h"

#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace nibble::kernels;
using llvm::APFloat;

namespace {
/// What APFloat knows of a type.
struct Format {
  explicit Format(Type type) : semantics(cast<FloatType>(type).getFloatSemantics()) {
    width = APFloat::semanticsSizeInBits(semantics);
    mantissa = APFloat::semanticsPrecision(semantics) - 1;
    least = APFloat::semanticsMinExponent(semantics);
    bias = 1 - least;
    hasInfinity = APFloat::semanticsHasInf(semantics);
    hasNaN = APFloat::semanticsHasNaN(semantics);
    hasSign = APFloat::semanticsHasSignedRepr(semantics);
    largest = bitsOf(APFloat::getLargest(semantics));
    nan = hasNaN ? bitsOf(APFloat::getNaN(semantics)) : 0;
    // The one NaN of these types has the place of the negative zero.
    nanIsNegativeZero = hasNaN && !hasInfinity && hasSign && nan == uint64_t(1) << (width - 1);
  }

  static uint64_t bitsOf(const APFloat &value) { return value.bitcastToAPInt().getZExtValue(); }

  const llvm::fltSemantics &semantics;
  unsigned width, mantissa;
  int least, bias; ///< the exponent of the least normal number; of the bits' exponents
  bool hasInfinity, hasNaN, hasSign, nanIsNegativeZero;
  uint64_t largest, nan;
};

/// Integers of one width, beside floats of the same.
class Bits {
public:
  Bits(KernelBuilder &b, unsigned width)
      : b(b), type(b.getIntegerType(width)), real(width == 32 ? b.getF32Type() : b.getF64Type()) {}

  Value c(uint64_t value) { return b.splat(type, int64_t(value)); }
  Value toReal(Value x) { return b.create<arith::BitcastOp>(real, x); }
  Value toBits(Value x) { return b.create<arith::BitcastOp>(type, x); }
  Value extend(Value x) { return x.getType() == type ? x : b.create<arith::ExtUIOp>(type, x); }
  Value add(Value x, uint64_t y) { return b.create<arith::AddIOp>(x, c(y)); }
  Value shl(Value x, unsigned n) { return n ? b.create<arith::ShLIOp>(x, c(n)) : x; }
  Value shr(Value x, unsigned n) { return n ? b.create<arith::ShRUIOp>(x, c(n)) : x; }
  Value mask(Value x, uint64_t y) { return b.create<arith::AndIOp>(x, c(y)); }
  Value either(Value x, Value y) { return b.create<arith::OrIOp>(x, y); }
  Value isLess(Value x, uint64_t y) { return b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, x, c(y)); }
  Value isAbove(Value x, uint64_t y) { return b.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, x, c(y)); }
  Value is(Value x, uint64_t y) { return b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, x, c(y)); }
  Value select(Value condition, Value x, Value y) { return b.create<arith::SelectOp>(condition, x, y); }

  KernelBuilder &b;
  Type type, real;
};
} // namespace

bool nibble::kernels::isSmallFloat(Type type) { return isa<FloatType>(type) && !type.isF32() && !type.isF64(); }

Type nibble::kernels::getKernelType(Type type) {
  return isSmallFloat(type) ? IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth()) : type;
}

/// 2^(x - 127), with the subnormal 2^-127 for 0, and NaN for 255.
static Value extendExponent(Bits &a, Value x) {
  Value bits = a.select(a.is(x, 0), a.c(0x00400000), a.shl(x, 23));
  return a.toReal(a.select(a.is(x, 255), a.c(0x7fc00000), bits));
}

Value nibble::kernels::extendSmallFloat(KernelBuilder &b, Value bits, Type from) {
  Bits a(b, 32);
  const Format format(from);
  Value x = a.extend(bits);
  if (from.isBF16())
    return a.toReal(a.shl(x, 16));
  if (!format.hasSign)
    return extendExponent(a, x);
  const uint64_t signBit = uint64_t(1) << (format.width - 1);
  Value magnitude = a.mask(x, signBit - 1), sign = a.shl(a.mask(x, signBit), 32 - format.width);
  // Normal numbers: the exponent moves to its place and gets f32's bias.
  Value result = a.add(a.shl(magnitude, 23 - format.mantissa), uint64_t(127 - format.bias) << 23);
  // Subnormal ones are multiples of the least, exact in f32.
  Value multiple = b.create<arith::SIToFPOp>(b.f32(), magnitude);
  Value unit = b.splat(b.f32(), std::ldexp(1.0f, format.least - int(format.mantissa)));
  Value subnormal = a.toBits(b.create<arith::MulFOp>(multiple, unit));
  result = a.select(a.isLess(magnitude, uint64_t(1) << format.mantissa), subnormal, result);
  if (format.hasInfinity) // and NaNs above it
    result = a.select(a.isAbove(magnitude, format.largest),
                      a.either(a.shl(magnitude, 23 - format.mantissa), a.c(0x7f800000)), result);
  else if (format.hasNaN && !format.nanIsNegativeZero)
    result = a.select(a.isAbove(magnitude, format.largest), a.c(0x7fc00000), result);
  result = a.either(result, sign);
  if (format.nanIsNegativeZero)
    result = a.select(a.is(x, format.nan), a.c(0x7fc00000), result);
  return a.toReal(result);
}

/// The magnitude rounded to the format's precision, halves to even; it may lie above the largest finite one.
static Value roundMagnitude(Bits &a, Value magnitude, const Format &format, unsigned mantissa, int bias) {
  const unsigned dropped = mantissa - format.mantissa;
  Value odd = a.mask(a.shr(magnitude, dropped), 1);
  Value rounded = a.b.create<arith::AddIOp>(a.add(magnitude, (uint64_t(1) << (dropped - 1)) - 1), odd);
  Value normal = a.add(a.shr(rounded, dropped), -(uint64_t(bias - format.bias) << format.mantissa));
  // Below the least normal number: adding this constant rounds at the last place of subnormal ones.
  const int exponent = format.least - int(format.mantissa) + int(mantissa);
  const uint64_t magic = uint64_t(exponent + bias) << mantissa;
  Value sum = a.b.create<arith::AddFOp>(a.toReal(magnitude), a.toReal(a.c(magic)));
  Value subnormal = a.add(a.toBits(sum), -magic);
  return a.select(a.isLess(magnitude, uint64_t(format.least + bias) << mantissa), subnormal, normal);
}

Value nibble::kernels::truncateToSmallFloat(KernelBuilder &b, Value value, Type to) {
  const bool isWide = value.getType().isF64();
  const unsigned width = isWide ? 64 : 32, mantissa = isWide ? 52 : 23;
  const int bias = isWide ? 1023 : 127;
  Bits a(b, width);
  const Format format(to);
  Value x = a.toBits(value);
  const uint64_t signBit = uint64_t(1) << (width - 1), infinity = uint64_t(2 * bias + 1) << mantissa;
  Value magnitude = a.mask(x, signBit - 1), result = roundMagnitude(a, magnitude, format, mantissa, bias);
  const uint64_t beyond = format.hasInfinity ? format.largest + 1 : format.hasNaN ? format.nan : format.largest;
  result = a.select(a.isAbove(result, format.largest), a.c(beyond), result);
  result = a.select(a.isAbove(magnitude, infinity - 1), a.c(beyond), result);
  Value isNaN = a.isAbove(magnitude, infinity);
  result = a.select(isNaN, a.c(format.nan), result);
  Value sign = a.shl(a.shr(x, width - 1), format.width - 1);
  Value withSign = a.either(result, sign);
  if (format.nanIsNegativeZero) // neither it nor 0 has a sign
    withSign = a.select(a.b.create<arith::OrIOp>(a.is(result, 0), a.is(result, format.nan)), result, withSign);
  if (!format.hasNaN)
    withSign = a.select(isNaN, a.c(0), withSign);
  return b.create<arith::TruncIOp>(getKernelType(to), withSign);
}
