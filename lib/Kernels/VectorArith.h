// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arithmetic of nibble/Support/Functions.h that emits IR, on vectors of one number of lanes or on scalars.

#ifndef NIBBLE_LIB_KERNELS_VECTORARITH_H
#define NIBBLE_LIB_KERNELS_VECTORARITH_H

#include "KernelBuilder.h"

namespace nibble {
namespace kernels {

class VectorArith {
public:
  /// In place of a number of lanes.
  static constexpr int64_t scalar = 0;

  VectorArith(KernelBuilder &b, int64_t lanes) : b(b), lanes(lanes) {}

  Value f32(float c) { return b.splat(shaped(b.f32()), c); }
  Value f64(double c);
  Value i32(int32_t c) { return b.splat(shaped(b.i32()), int64_t(c)); }
  Value i64(int64_t c) { return b.splat(shaped(b.i64()), c); }

  Value add(Value x, Value y) { return b.create<mlir::arith::AddFOp>(x, y); }
  Value sub(Value x, Value y) { return b.create<mlir::arith::SubFOp>(x, y); }
  Value mul(Value x, Value y) { return b.create<mlir::arith::MulFOp>(x, y); }
  Value div(Value x, Value y) { return b.create<mlir::arith::DivFOp>(x, y); }
  Value fma(Value x, Value y, Value z) { return b.create<mlir::LLVM::FMAOp>(x.getType(), x, y, z); }
  Value sqrt(Value x) { return b.create<mlir::LLVM::SqrtOp>(x.getType(), x); }
  Value rint(Value x) { return b.create<mlir::LLVM::RoundEvenOp>(x.getType(), x); }
  Value floor(Value x) { return b.create<mlir::LLVM::FFloorOp>(x.getType(), x); }

  Value iadd(Value x, Value y) { return b.create<mlir::arith::AddIOp>(x, y); }
  Value isub(Value x, Value y) { return b.create<mlir::arith::SubIOp>(x, y); }
  Value iand(Value x, Value y) { return b.create<mlir::arith::AndIOp>(x, y); }
  Value shl(Value x, int n) { return b.create<mlir::arith::ShLIOp>(x, like(x, n)); }
  Value ashr(Value x, int n) { return b.create<mlir::arith::ShRSIOp>(x, like(x, n)); }

  /// f32 <-> i32, f64 <-> i64
  Value bits(Value x) { return bitcast(x, width(x) == 32 ? b.i32() : b.i64()); }
  Value fromBits(Value x) { return bitcast(x, width(x) == 32 ? b.f32() : b.getF64Type()); }
  Value toF32(Value x) { return b.create<mlir::arith::SIToFPOp>(shaped(b.f32()), x); }
  Value toF64(Value x) { return b.create<mlir::arith::ExtFOp>(shaped(b.getF64Type()), x); }
  Value truncF32(Value x) { return b.create<mlir::arith::TruncFOp>(shaped(b.f32()), x); }

  Value lt(Value x, Value y) { return compare(mlir::arith::CmpFPredicate::OLT, x, y); }
  Value eq(Value x, Value y) { return compare(mlir::arith::CmpFPredicate::OEQ, x, y); }
  Value isNaN(Value x) { return compare(mlir::arith::CmpFPredicate::UNO, x, x); }
  Value ilt(Value x, Value y) { return b.create<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::slt, x, y); }
  Value band(Value x, Value y) { return b.create<mlir::arith::AndIOp>(x, y); }
  Value bnot(Value x);
  Value select(Value condition, Value x, Value y) { return b.create<mlir::arith::SelectOp>(condition, x, y); }

private:
  Type shaped(Type element) { return lanes == scalar ? element : b.vec(lanes, element); }
  Value bitcast(Value x, Type element) {
    return lanes == scalar ? b.create<mlir::arith::BitcastOp>(element, x) : b.bitcast(x, element);
  }
  static unsigned width(Value x) { return mlir::getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth(); }
  Value like(Value x, int64_t c) { return b.splat(x.getType(), c); }
  Value compare(mlir::arith::CmpFPredicate predicate, Value x, Value y) {
    return b.create<mlir::arith::CmpFOp>(predicate, x, y);
  }

  KernelBuilder &b;
  int64_t lanes;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_VECTORARITH_H
