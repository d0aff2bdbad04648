// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operations of scalar programs, as dialects/Nibble/README.md defines them.

#include "ScalarProgram.h"
#include "nibble/Support/WideArith.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;
using llvm::APFloat;
using llvm::APInt;

static constexpr APFloat::roundingMode nearest = APFloat::rmNearestTiesToEven;

static APFloat toFloat(Type type, const Scalar &bits) {
  return APFloat(cast<FloatType>(type).getFloatSemantics(), bits);
}

static APFloat toFloat(Value value, const Scalar &bits) { return toFloat(value.getType(), bits); }

static unsigned getWidth(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

using IntegerFunction = APInt (*)(const APInt &, const APInt &);

/// Shifts by the width or more leave nothing.
static unsigned getCount(const APInt &count, unsigned width) { return unsigned(count.getLimitedValue(width)); }

/// The function of two integers that `op` is, or null.
static IntegerFunction getIntegerFunction(Operation *op) {
  using I = const APInt &;
  return llvm::TypeSwitch<Operation *, IntegerFunction>(op)
      .Case([](arith::AddIOp) { return [](I a, I b) { return a + b; }; })
      .Case([](arith::SubIOp) { return [](I a, I b) { return a - b; }; })
      .Case([](arith::MulIOp) { return [](I a, I b) { return a * b; }; })
      // APInt divides the least integer by -1 to itself.
      .Case([](arith::DivSIOp) { return [](I a, I b) { return b.isZero() ? b : a.sdiv(b); }; })
      .Case([](arith::DivUIOp) { return [](I a, I b) { return b.isZero() ? b : a.udiv(b); }; })
      .Case([](arith::RemSIOp) { return [](I a, I b) { return b.isZero() ? b : a.srem(b); }; })
      .Case([](arith::RemUIOp) { return [](I a, I b) { return b.isZero() ? b : a.urem(b); }; })
      .Case([](arith::AndIOp) { return [](I a, I b) { return a & b; }; })
      .Case([](arith::OrIOp) { return [](I a, I b) { return a | b; }; })
      .Case([](arith::XOrIOp) { return [](I a, I b) { return a ^ b; }; })
      .Case([](arith::ShLIOp) { return [](I a, I b) { return a.shl(getCount(b, a.getBitWidth())); }; })
      .Case([](arith::ShRSIOp) { return [](I a, I b) { return a.ashr(getCount(b, a.getBitWidth())); }; })
      .Case([](arith::ShRUIOp) { return [](I a, I b) { return a.lshr(getCount(b, a.getBitWidth())); }; })
      .Case([](arith::MinSIOp) { return [](I a, I b) { return a.slt(b) ? a : b; }; })
      .Case([](arith::MaxSIOp) { return [](I a, I b) { return a.slt(b) ? b : a; }; })
      .Case([](arith::MinUIOp) { return [](I a, I b) { return a.ult(b) ? a : b; }; })
      .Case([](arith::MaxUIOp) { return [](I a, I b) { return a.ult(b) ? b : a; }; })
      .Default([](Operation *) { return nullptr; });
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static APFloat combine(APFloat a, const APFloat &b,
                       APFloat::opStatus (APFloat::*function)(const APFloat &, APFloat::roundingMode)) {
  (a.*function)(b, nearest);
  return a;
}

static APFloat round(APFloat a, APFloat::roundingMode mode) {
  a.roundToIntegral(mode);
  return a;
}

/// IEEE's square root, of f32 or f64.
static APFloat squareRoot(const APFloat &a) {
  if (&a.getSemantics() == &APFloat::IEEEsingle())
    return APFloat(std::sqrt(a.convertToFloat()));
  return APFloat(std::sqrt(a.convertToDouble()));
}

/// A function of floats whose result is a float of the same type.
static std::optional<APFloat> evaluateFloats(Operation *op, ArrayRef<APFloat> x) {
  return llvm::TypeSwitch<Operation *, std::optional<APFloat>>(op)
      .Case([&](arith::AddFOp) { return combine(x[0], x[1], &APFloat::add); })
      .Case([&](arith::SubFOp) { return combine(x[0], x[1], &APFloat::subtract); })
      .Case([&](arith::MulFOp) { return combine(x[0], x[1], &APFloat::multiply); })
      .Case([&](arith::DivFOp) { return combine(x[0], x[1], &APFloat::divide); })
      .Case([&](arith::NegFOp) { return -x[0]; })
      .Case([&](arith::MinimumFOp) { return minimum(x[0], x[1]); })
      .Case([&](arith::MaximumFOp) { return maximum(x[0], x[1]); })
      .Case([&](math::SqrtOp) { return squareRoot(x[0]); })
      .Case([&](math::AbsFOp) { return abs(x[0]); })
      .Case([&](math::FloorOp) { return round(x[0], APFloat::rmTowardNegative); })
      .Case([&](math::CeilOp) { return round(x[0], APFloat::rmTowardPositive); })
      .Case([&](math::RoundEvenOp) { return round(x[0], nearest); })
      .Case([&](math::CopySignOp) { return APFloat::copySign(x[0], x[1]); })
      .Case([&](math::FmaOp) {
        APFloat y = x[0];
        y.fusedMultiplyAdd(x[1], x[2], nearest);
        return y;
      })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Conversions and comparisons
//===----------------------------------------------------------------------===//

/// Towards zero, clamped to the type's range; a NaN is 0.
static APInt toInteger(const APFloat &x, unsigned width, bool isSigned) {
  llvm::APSInt result(width, /*isUnsigned=*/!isSigned);
  bool exact;
  x.convertToInteger(result, APFloat::rmTowardZero, &exact); // APFloat saturates, and makes 0 of a NaN
  return result;
}

static APInt fromInteger(Type type, const APInt &x, bool isSigned) {
  APFloat result(cast<FloatType>(type).getFloatSemantics());
  result.convertFromAPInt(x, isSigned, nearest);
  return result.bitcastToAPInt();
}

/// A type without infinities and NaNs takes its largest value for the one, 0 for the other.
static APInt convertFloat(Type from, Type to, const APInt &bits) {
  APFloat value = toFloat(from, bits);
  const llvm::fltSemantics &semantics = cast<FloatType>(to).getFloatSemantics();
  const bool isFinite = !APFloat::semanticsHasInf(semantics) && !APFloat::semanticsHasNaN(semantics);
  if (value.isNaN())
    return isFinite ? APInt(to.getIntOrFloatBitWidth(), 0) : APFloat::getNaN(semantics).bitcastToAPInt();
  if (value.isInfinity() && isFinite)
    return APFloat::getLargest(semantics, value.isNegative()).bitcastToAPInt();
  bool losesInfo;
  value.convert(semantics, nearest, &losesInfo);
  return value.bitcastToAPInt();
}

/// A conversion or comparison; nullopt if `op` is none.
static std::optional<APInt> convertScalar(Operation *op, ArrayRef<Scalar> x) {
  Type from = op->getNumOperands() ? op->getOperand(0).getType() : Type(), to = op->getResult(0).getType();
  const unsigned width = getWidth(to);
  return llvm::TypeSwitch<Operation *, std::optional<APInt>>(op)
      .Case<arith::ExtSIOp, arith::IndexCastOp>([&](auto) { return x[0].sextOrTrunc(width); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto) { return x[0].zextOrTrunc(width); })
      .Case<arith::TruncIOp>([&](auto) { return x[0].trunc(width); })
      .Case<arith::BitcastOp>([&](auto) { return x[0]; })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return convertFloat(from, to, x[0]); })
      .Case<arith::FPToSIOp>([&](auto) { return toInteger(toFloat(from, x[0]), width, true); })
      .Case<arith::FPToUIOp>([&](auto) { return toInteger(toFloat(from, x[0]), width, false); })
      .Case<arith::SIToFPOp>([&](auto) { return fromInteger(to, x[0], true); })
      .Case<arith::UIToFPOp>([&](auto) { return fromInteger(to, x[0], false); })
      .Case([&](arith::CmpIOp cmp) { return APInt(1, arith::applyCmpPredicate(cmp.getPredicate(), x[0], x[1])); })
      .Case([&](arith::CmpFOp cmp) {
        return APInt(1, arith::applyCmpPredicate(cmp.getPredicate(), toFloat(from, x[0]), toFloat(from, x[1])));
      })
      .Default([](Operation *) { return std::nullopt; });
}

static APInt getConstant(arith::ConstantOp op) {
  if (auto real = dyn_cast<FloatAttr>(op.getValue()))
    return real.getValue().bitcastToAPInt();
  return cast<IntegerAttr>(op.getValue()).getValue();
}

Scalar reference::evaluateScalar(Operation *op, ArrayRef<Scalar> operands) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return getConstant(constant);
  if (isa<arith::SelectOp>(op))
    return operands[0].isZero() ? operands[2] : operands[1];
  if (IntegerFunction function = getIntegerFunction(op))
    return function(operands[0], operands[1]);
  if (std::optional<APInt> converted = convertScalar(op, operands))
    return *converted;
  if (auto function = dyn_cast<ApplyOp>(op)) {
    auto reals = llvm::map_to_vector(operands,
                                     [](const Scalar &x) { return llvm::bit_cast<float>(uint32_t(x.getZExtValue())); });
    numerics::WideScalarArith a;
    return APInt(32, llvm::bit_cast<uint32_t>(
                         applyScalarFunction<numerics::WideScalarArith, float>(a, function.getFunction(), reals)));
  }
  SmallVector<APFloat, 3> reals;
  for (auto [value, bits] : llvm::zip(op->getOperands(), operands))
    reals.push_back(toFloat(value, bits));
  return evaluateFloats(op, reals)->bitcastToAPInt();
}
