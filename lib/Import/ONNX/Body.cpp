// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar programs: elements, constants and control.

#include "Generate.h"

#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static Value toIndex(Body &b, Scalar x) {
  // An index that went through i64 is itself.
  if (auto cast = x.value.getDefiningOp<arith::IndexCastOp>(); cast && cast.getIn().getType().isIndex())
    return cast.getIn();
  if (x.isUnsigned() && x.width() < 64)
    return arith::IndexCastUIOp::create(b, b.getIndexType(), x.value);
  return arith::IndexCastOp::create(b, b.getIndexType(), x.value);
}

Scalar Body::index(unsigned d) {
  return {arith::IndexCastOp::create(*this, getI64Type(), op.getIndex(d)), getI64Type()};
}

Scalar Body::extent(unsigned n, unsigned d) {
  const int64_t known = llvm::cast<RankedTensorType>(op.getInputArgument(n).getType()).getDimSize(d);
  if (!ShapedType::isDynamic(known))
    return integer(known);
  Value extent = ExtentOp::create(*this, op.getInputArgument(n), d);
  return {arith::IndexCastOp::create(*this, getI64Type(), extent), getI64Type()};
}

Scalar Body::value(const Dim &dim) {
  if (dim.isStatic())
    return integer(dim.getStatic());
  return {arith::IndexCastOp::create(*this, getI64Type(), ExtentValueOp::create(*this, dim)), getI64Type()};
}

Scalar Body::read(unsigned n, ArrayRef<Scalar> indices) {
  auto positions = llvm::map_to_vector(indices, [&](Scalar index) { return toIndex(*this, index); });
  Type element = elementOf(n);
  return {ReadOp::create(*this, getSignless(element), op.getInputArgument(n), positions), element};
}

Scalar Body::constant(Type type, double value) {
  Type plain = getSignless(type);
  if (auto real = dyn_cast<FloatType>(type))
    return {arith::ConstantOp::create(*this, getFloatAttr(real, value)), type};
  APInt integer(64, value < 0 ? uint64_t(int64_t(value)) : uint64_t(value));
  return {arith::ConstantOp::create(*this, getIntegerAttr(plain, integer.sextOrTrunc(plain.getIntOrFloatBitWidth()))),
          type};
}

Scalar Body::integer(int64_t value) {
  return {arith::ConstantOp::create(*this, getI64IntegerAttr(value)), getI64Type()};
}

Scalar Body::boolean(bool value) {
  return {arith::ConstantOp::create(*this, getIntegerAttr(getI1Type(), value)), getI1Type()};
}

static Scalar limit(Body &b, Type type, bool largest) {
  if (auto real = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = real.getFloatSemantics();
    APFloat value = APFloat::semanticsHasInf(semantics) ? APFloat::getInf(semantics, !largest)
                                                        : APFloat::getLargest(semantics, !largest);
    return {arith::ConstantOp::create(b, b.getFloatAttr(real, value)), type};
  }
  const unsigned width = type.getIntOrFloatBitWidth();
  const bool isUnsigned = type.isInteger(1) || type.isUnsignedInteger();
  APInt value = largest ? (isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width))
                        : (isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width));
  return {arith::ConstantOp::create(b, b.getIntegerAttr(getSignless(type), value)), type};
}

Scalar Body::least(Type type) { return limit(*this, type, false); }
Scalar Body::largest(Type type) { return limit(*this, type, true); }

Scalar Body::select(Scalar condition, Scalar x, Scalar y) {
  return {arith::SelectOp::create(*this, condition.value, x.value, y.value), x.type};
}

static SmallVector<Value> valuesOf(ArrayRef<Scalar> scalars) {
  return llvm::map_to_vector(scalars, [](const Scalar &scalar) { return scalar.value; });
}

static Scalars withTypes(ValueRange values, ArrayRef<Scalar> like) {
  Scalars scalars;
  for (auto [value, scalar] : llvm::zip_equal(values, like))
    scalars.push_back({value, scalar.type});
  return scalars;
}

Scalars Body::loop(Scalar count, ArrayRef<Scalar> carried, llvm::function_ref<Scalars(Scalar, ArrayRef<Scalar>)> body) {
  Value zero = arith::ConstantIndexOp::create(*this, 0), one = arith::ConstantIndexOp::create(*this, 1);
  auto loop = scf::ForOp::create(*this, zero, toIndex(*this, count), one, valuesOf(carried));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  Scalar index = {arith::IndexCastOp::create(*this, getI64Type(), loop.getInductionVar()), getI64Type()};
  Scalars next = body(index, withTypes(loop.getRegionIterArgs(), carried));
  if (!carried.empty())
    scf::YieldOp::create(*this, valuesOf(next));
  return withTypes(loop.getResults(), carried);
}

Scalars Body::branch(Scalar condition, llvm::function_ref<Scalars()> then, llvm::function_ref<Scalars()> otherwise) {
  Scalars like;
  auto emit = [&](llvm::function_ref<Scalars()> body) {
    return [&, body](OpBuilder &at, Location) {
      OpBuilder::InsertionGuard guard(*this);
      setInsertionPoint(at.getInsertionBlock(), at.getInsertionPoint());
      like = body();
      scf::YieldOp::create(*this, valuesOf(like));
    };
  };
  auto branch = scf::IfOp::create(*this, condition.value, emit(then), emit(otherwise));
  return withTypes(branch.getResults(), like);
}

Scalar Body::fromEnd(Scalar i, Scalar extent) { return select(less(i, integer(0)), add(i, extent), i); }
