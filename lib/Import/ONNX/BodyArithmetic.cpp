// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar programs: arithmetic, comparisons and conversions.

#include "Generate.h"

#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Type Body::computeType(Type type) {
  return isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32 ? getF32Type() : getSignless(type);
}

Value Body::widen(Scalar x) {
  Type to = computeType(x.type);
  return x.value.getType() == to ? x.value : Value(arith::ExtFOp::create(*this, to, x.value));
}

Scalar Body::narrow(Value value, Type type) {
  if (isa<FloatType>(type) && value.getType() != type)
    value = arith::TruncFOp::create(*this, type, value);
  return {value, type};
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename Float, typename Signed, typename Unsigned>
Scalar Body::binary(Scalar x, Scalar y) {
  assert(x.type == y.type && "operands of one type");
  if (x.isFloat())
    return narrow(Float::create(*this, widen(x), widen(y)), x.type);
  if (x.isUnsigned())
    return {Unsigned::create(*this, x.value, y.value), x.type};
  return {Signed::create(*this, x.value, y.value), x.type};
}

template <typename Op>
Scalar Body::unary(Scalar x) {
  return narrow(Op::create(*this, widen(x)), x.type);
}

Scalar Body::add(Scalar x, Scalar y) { return binary<arith::AddFOp, arith::AddIOp>(x, y); }
Scalar Body::sub(Scalar x, Scalar y) { return binary<arith::SubFOp, arith::SubIOp>(x, y); }
Scalar Body::mul(Scalar x, Scalar y) { return binary<arith::MulFOp, arith::MulIOp>(x, y); }
Scalar Body::div(Scalar x, Scalar y) { return binary<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(x, y); }
Scalar Body::min(Scalar x, Scalar y) { return binary<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(x, y); }
Scalar Body::max(Scalar x, Scalar y) { return binary<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(x, y); }

Scalar Body::rem(Scalar x, Scalar y) {
  assert(!x.isFloat() && "a remainder of integers");
  return x.isUnsigned() ? Scalar{arith::RemUIOp::create(*this, x.value, y.value), x.type}
                        : Scalar{arith::RemSIOp::create(*this, x.value, y.value), x.type};
}

Scalar Body::fma(Scalar x, Scalar y, Scalar z) {
  if (!x.isFloat() || x.type.isF64())
    return add(mul(x, y), z);
  return narrow(math::FmaOp::create(*this, widen(x), widen(y), widen(z)), x.type);
}

Scalar Body::mod(Scalar x, Scalar y) {
  Scalar r = rem(x, y), zero = constant(x.type, 0);
  if (x.isUnsigned())
    return r;
  Scalar opposite = less(xor_(r, y), zero), isZero = equal(r, zero);
  return select(and_(opposite, not_(isZero)), add(r, y), r);
}

Scalar Body::neg(Scalar x) { return x.isFloat() ? unary<arith::NegFOp>(x) : sub(constant(x.type, 0), x); }

Scalar Body::abs(Scalar x) {
  if (x.isFloat())
    return unary<math::AbsFOp>(x);
  return x.isUnsigned() ? x : select(less(x, constant(x.type, 0)), neg(x), x);
}

Scalar Body::sqrt(Scalar x) { return unary<math::SqrtOp>(x); }
Scalar Body::floor(Scalar x) { return unary<math::FloorOp>(x); }
Scalar Body::ceil(Scalar x) { return unary<math::CeilOp>(x); }
Scalar Body::round(Scalar x) { return unary<math::RoundEvenOp>(x); }
Scalar Body::copySign(Scalar x, Scalar sign) {
  return narrow(math::CopySignOp::create(*this, widen(x), widen(sign)), x.type);
}

Scalar Body::apply(StringRef function, ArrayRef<Scalar> operands) {
  assert(computeType(operands[0].type).isF32() && "functions of f32 and shorter floats");
  auto values = llvm::map_to_vector(operands, [&](Scalar x) { return widen(x); });
  return narrow(ApplyOp::create(*this, getF32Type(), function, values), operands[0].type);
}

//===----------------------------------------------------------------------===//
// Comparisons and bits
//===----------------------------------------------------------------------===//

Scalar Body::compare(arith::CmpFPredicate real, arith::CmpIPredicate isSigned, arith::CmpIPredicate isUnsigned,
                     Scalar x, Scalar y) {
  assert(x.type == y.type && "operands of one type");
  if (x.isFloat())
    return {arith::CmpFOp::create(*this, real, widen(x), widen(y)), getI1Type()};
  return {arith::CmpIOp::create(*this, x.isUnsigned() ? isUnsigned : isSigned, x.value, y.value), getI1Type()};
}

Scalar Body::equal(Scalar x, Scalar y) {
  return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arith::CmpIPredicate::eq, x, y);
}
Scalar Body::less(Scalar x, Scalar y) {
  return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arith::CmpIPredicate::ult, x, y);
}
Scalar Body::lessOrEqual(Scalar x, Scalar y) {
  return compare(arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arith::CmpIPredicate::ule, x, y);
}
Scalar Body::isNaN(Scalar x) {
  return compare(arith::CmpFPredicate::UNO, arith::CmpIPredicate::ne, arith::CmpIPredicate::ne, x, x);
}

Scalar Body::and_(Scalar x, Scalar y) { return {arith::AndIOp::create(*this, x.value, y.value), x.type}; }
Scalar Body::or_(Scalar x, Scalar y) { return {arith::OrIOp::create(*this, x.value, y.value), x.type}; }
Scalar Body::xor_(Scalar x, Scalar y) { return {arith::XOrIOp::create(*this, x.value, y.value), x.type}; }
Scalar Body::not_(Scalar x) {
  Value ones = arith::ConstantOp::create(*this, getIntegerAttr(getSignless(x.type), APInt::getAllOnes(x.width())));
  return {arith::XOrIOp::create(*this, x.value, ones), x.type};
}
Scalar Body::shiftLeft(Scalar x, Scalar count) { return {arith::ShLIOp::create(*this, x.value, count.value), x.type}; }
Scalar Body::shiftRight(Scalar x, Scalar count) {
  return x.isUnsigned() ? Scalar{arith::ShRUIOp::create(*this, x.value, count.value), x.type}
                        : Scalar{arith::ShRSIOp::create(*this, x.value, count.value), x.type};
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// Between float types. Types of 8 and 4 bits hold little: values beyond the largest become it.
Value Body::castFloat(Value value, Type from, Type to, bool saturate) {
  const unsigned width = to.getIntOrFloatBitWidth();
  if (saturate && width <= 8) {
    Scalar x = {value, from};
    bool lost;
    APFloat largest = APFloat::getLargest(llvm::cast<FloatType>(to).getFloatSemantics());
    largest.convert(llvm::cast<FloatType>(from).getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    Scalar bound = {arith::ConstantOp::create(*this, getFloatAttr(from, largest)), from};
    value = select(less(bound, abs(x)), copySign(bound, x), x).value; // a NaN stays
  }
  if (width == from.getIntOrFloatBitWidth())
    return value;
  if (width > from.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(*this, to, value);
  return arith::TruncFOp::create(*this, to, value);
}

Value Body::castInteger(Scalar x, Type to) {
  Type plain = getSignless(to);
  const unsigned width = plain.getIntOrFloatBitWidth();
  if (width == x.width())
    return x.value;
  if (width < x.width())
    return arith::TruncIOp::create(*this, plain, x.value);
  if (x.isUnsigned())
    return arith::ExtUIOp::create(*this, plain, x.value);
  return arith::ExtSIOp::create(*this, plain, x.value);
}

Scalar Body::cast(Scalar x, Type type, bool saturate) {
  if (x.type == type)
    return x;
  if (type.isInteger(1) && !x.isFloat())
    return not_(equal(x, constant(x.type, 0)));
  if (type.isInteger(1)) { // a NaN is no zero
    Value zero = widen(constant(x.type, 0));
    return {arith::CmpFOp::create(*this, arith::CmpFPredicate::UNE, widen(x), zero), type};
  }
  if (!x.isFloat() && !isa<FloatType>(type))
    return {castInteger(x, type), type};
  if (!isa<FloatType>(type)) {
    Type plain = getSignless(type);
    Value real = widen(x);
    return {type.isUnsignedInteger() ? Value(arith::FPToUIOp::create(*this, plain, real))
                                     : Value(arith::FPToSIOp::create(*this, plain, real)),
            type};
  }
  Type real = computeType(type);
  if (x.isFloat())
    return {castFloat(widen(x), computeType(x.type), type, saturate), type};
  Value value = x.isUnsigned() ? Value(arith::UIToFPOp::create(*this, real, x.value))
                               : Value(arith::SIToFPOp::create(*this, real, x.value));
  // Two roundings, which a canonicalization would take for one if they stood side by side.
  if (real != type)
    value = copySign({value, real}, {value, real}).value;
  return {castFloat(value, real, type, saturate), type};
}
