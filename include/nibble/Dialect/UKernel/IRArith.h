// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arithmetic of Functions.h on SSA values: scalars, or vectors of `lanes`.

#ifndef NIBBLE_DIALECT_UKERNEL_IRARITH_H
#define NIBBLE_DIALECT_UKERNEL_IRARITH_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace nibble::ukernel {

class IRArith {
public:
  using Value = mlir::Value;

  IRArith(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes = 1) : b(builder), loc(loc), lanes(lanes) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  int64_t lanes;

  mlir::Type shaped(mlir::Type element) const {
    return lanes == 1 ? element : mlir::Type(mlir::VectorType::get({lanes}, element));
  }

  Value f32(float c) { return constant(b.getF32FloatAttr(c)); }
  Value f64(double c) { return constant(b.getF64FloatAttr(c)); }
  Value i32(int32_t c) { return constant(b.getI32IntegerAttr(c)); }
  Value i64(int64_t c) { return constant(b.getI64IntegerAttr(c)); }

  Value add(Value x, Value y) { return make<mlir::arith::AddFOp>(x, y); }
  Value sub(Value x, Value y) { return make<mlir::arith::SubFOp>(x, y); }
  Value mul(Value x, Value y) { return make<mlir::arith::MulFOp>(x, y); }
  Value div(Value x, Value y) { return make<mlir::arith::DivFOp>(x, y); }
  Value fma(Value x, Value y, Value z) { return mlir::LLVM::FMAOp::create(b, loc, x, y, z); }
  Value floor(Value x) { return mlir::LLVM::FFloorOp::create(b, loc, x.getType(), x); }
  Value rint(Value x) { return mlir::LLVM::RintOp::create(b, loc, x.getType(), x); }
  Value sqrt(Value x) { return mlir::LLVM::SqrtOp::create(b, loc, x.getType(), x); }

  Value iadd(Value x, Value y) { return make<mlir::arith::AddIOp>(x, y); }
  Value isub(Value x, Value y) { return make<mlir::arith::SubIOp>(x, y); }
  Value imul(Value x, Value y) { return make<mlir::arith::MulIOp>(x, y); }
  Value iand(Value x, Value y) { return make<mlir::arith::AndIOp>(x, y); }
  Value ior(Value x, Value y) { return make<mlir::arith::OrIOp>(x, y); }
  Value shl(Value x, int n) { return make<mlir::arith::ShLIOp>(x, count(x, n)); }
  Value ashr(Value x, int n) { return make<mlir::arith::ShRSIOp>(x, count(x, n)); }
  Value ashr(Value x, Value n) { return make<mlir::arith::ShRSIOp>(x, n); }

  Value bits(Value x) { return bitcast(x, width(x) == 32 ? mlir::Type(b.getI32Type()) : b.getI64Type()); }
  Value fromBits(Value x) { return bitcast(x, width(x) == 32 ? mlir::Type(b.getF32Type()) : b.getF64Type()); }
  Value toF32(Value x) { return mlir::arith::SIToFPOp::create(b, loc, shaped(b.getF32Type()), x); }
  Value toF64(Value x) { return mlir::arith::ExtFOp::create(b, loc, shaped(b.getF64Type()), x); }
  Value truncF32(Value x) { return mlir::arith::TruncFOp::create(b, loc, shaped(b.getF32Type()), x); }
  Value toI64(Value x) { return mlir::arith::ExtSIOp::create(b, loc, shaped(b.getI64Type()), x); }
  Value truncI32(Value x) { return mlir::arith::TruncIOp::create(b, loc, shaped(b.getI32Type()), x); }

  Value lt(Value x, Value y) { return compare(mlir::arith::CmpFPredicate::OLT, x, y); }
  Value eq(Value x, Value y) { return compare(mlir::arith::CmpFPredicate::OEQ, x, y); }
  Value isNaN(Value x) { return compare(mlir::arith::CmpFPredicate::UNO, x, x); }
  Value ilt(Value x, Value y) { return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::slt, x, y); }
  Value band(Value x, Value y) { return make<mlir::arith::AndIOp>(x, y); }
  Value bnot(Value x) { return make<mlir::arith::XOrIOp>(x, constant(b.getBoolAttr(true))); }
  Value select(Value c, Value x, Value y) { return mlir::arith::SelectOp::create(b, loc, c, x, y); }

  /// IEEE 754-2019: a NaN wins, -0 < +0.
  Value maximum(Value x, Value y) { return make<mlir::arith::MaximumFOp>(x, y); }
  Value minimum(Value x, Value y) { return make<mlir::arith::MinimumFOp>(x, y); }
  Value imin(Value x, Value y) { return make<mlir::arith::MinSIOp>(x, y); }
  Value imax(Value x, Value y) { return make<mlir::arith::MaxSIOp>(x, y); }

  /// The nearest integer, halves to even, of an f32 within i32.
  Value roundToI32(Value x) { return mlir::LLVM::LrintOp::create(b, loc, shaped(b.getI32Type()), x); }

  //===--------------------------------------------------------------------===//
  // Numerics.h
  //===--------------------------------------------------------------------===//

  /// zp + rint(clamp(v, lo - zp, hi - zp)), v no NaN.
  Value roundClamp(Value v, int32_t zp, int32_t lo, int32_t hi);
  /// zp + rint(clamp(fl32(fl32(acc) * m), ...)), or the fixed form.
  Value requantize(Value acc, float m, bool fixed, int32_t zp, int32_t lo, int32_t hi);
  /// As above with an f32 value as multiplier.
  Value requantize(Value acc, Value m, bool fixed, int32_t zp, int32_t lo, int32_t hi);
  Value quantize(Value x, float scale, int32_t zp, int32_t lo, int32_t hi);
  Value dequantize(Value q, float scale, int32_t zp);

private:
  Value constant(mlir::TypedAttr attr) {
    if (lanes != 1)
      attr = mlir::DenseElementsAttr::get(mlir::VectorType::get({lanes}, attr.getType()), mlir::Attribute(attr));
    return mlir::arith::ConstantOp::create(b, loc, attr);
  }
  Value count(Value x, int n) { return width(x) == 32 ? i32(n) : i64(n); }
  static unsigned width(Value x) { return mlir::getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth(); }
  Value bitcast(Value x, mlir::Type element) { return mlir::arith::BitcastOp::create(b, loc, shaped(element), x); }
  Value compare(mlir::arith::CmpFPredicate predicate, Value x, Value y) {
    return mlir::arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  template <typename Op>
  Value make(Value x, Value y) {
    return Op::create(b, loc, x, y);
  }
};

} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_IRARITH_H
