// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What arith leaves undefined, as dialects/Nibble/README.md defines it.

#include "ScalarEmitter.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble::kernels;

static Value constantLike(KernelBuilder &b, Value value, int64_t c) {
  if (value.getType().isIndex())
    return b.create<arith::ConstantIndexOp>(c);
  return b.splat(value.getType(), c);
}

static Value equals(KernelBuilder &b, Value value, int64_t c) {
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, value, constantLike(b, value, c));
}

static Value select(KernelBuilder &b, Value condition, Value x, Value y) {
  return b.create<arith::SelectOp>(condition, x, y);
}

/// Division and remainder; the machine's gets a divisor of 1 where it would trap.
template <typename Op>
static Value divide(KernelBuilder &b, Value x, Value y) {
  constexpr bool isSigned = std::is_same_v<Op, arith::DivSIOp> || std::is_same_v<Op, arith::RemSIOp>;
  constexpr bool isQuotient = std::is_same_v<Op, arith::DivSIOp> || std::is_same_v<Op, arith::DivUIOp>;
  APInt known;
  if (matchPattern(y, m_ConstantInt(&known)) && !known.isZero() && !known.isAllOnes())
    return b.create<Op>(x, y);
  Value isZero = equals(b, y, 0), isMinusOne = isSigned ? equals(b, y, -1) : Value();
  Value trap = isSigned ? b.create<arith::OrIOp>(isZero, isMinusOne) : isZero;
  Value result = b.create<Op>(x, select(b, trap, constantLike(b, y, 1), y));
  if (isSigned && isQuotient)
    result = select(b, isMinusOne, b.create<arith::SubIOp>(constantLike(b, x, 0), x), result);
  return select(b, isZero, constantLike(b, x, 0), result);
}

template <typename Op>
static Value shift(KernelBuilder &b, Value x, Value count) {
  const unsigned width = x.getType().isIndex() ? 64 : x.getType().getIntOrFloatBitWidth();
  APInt known;
  if (matchPattern(count, m_ConstantInt(&known)) && known.ult(width))
    return b.create<Op>(x, count);
  Value last = constantLike(b, count, width - 1);
  if (std::is_same_v<Op, arith::ShRSIOp>)
    return b.create<Op>(x, b.create<arith::MinUIOp>(count, last));
  Value inside = b.create<arith::CmpIOp>(arith::CmpIPredicate::ule, count, last);
  Value shifted = b.create<Op>(x, b.create<arith::MinUIOp>(count, last));
  return select(b, inside, shifted, constantLike(b, x, 0));
}

/// A float to the nearest integer of `type` towards 0, as `name` saturates. To one bit through eight: LLVM 22 generates
/// wrong code for that on GPUs.
static Value convert(KernelBuilder &b, StringRef name, Type type, ValueRange x) {
  if (!type.isInteger(1))
    return b.intrinsic(name, type, x);
  Value byte = b.intrinsic(name, b.i8(), x);
  Value bit = name == "llvm.fptoui.sat"
                  ? b.create<arith::MinUIOp>(byte, b.splat(b.i8(), int64_t(1)))
                  : b.create<arith::MaxSIOp>(b.create<arith::MinSIOp>(byte, b.splat(b.i8(), int64_t(0))),
                                             b.splat(b.i8(), int64_t(-1)));
  return b.create<arith::TruncIOp>(type, bit);
}

Value nibble::kernels::emitDefined(KernelBuilder &b, Operation &op, ValueRange x) {
  auto convert = [&](StringRef name) { return ::convert(b, name, op.getResult(0).getType(), x); };
  return llvm::TypeSwitch<Operation *, Value>(&op)
      .Case([&](arith::DivSIOp) { return divide<arith::DivSIOp>(b, x[0], x[1]); })
      .Case([&](arith::DivUIOp) { return divide<arith::DivUIOp>(b, x[0], x[1]); })
      .Case([&](arith::RemSIOp) { return divide<arith::RemSIOp>(b, x[0], x[1]); })
      .Case([&](arith::RemUIOp) { return divide<arith::RemUIOp>(b, x[0], x[1]); })
      .Case([&](arith::ShLIOp) { return shift<arith::ShLIOp>(b, x[0], x[1]); })
      .Case([&](arith::ShRSIOp) { return shift<arith::ShRSIOp>(b, x[0], x[1]); })
      .Case([&](arith::ShRUIOp) { return shift<arith::ShRUIOp>(b, x[0], x[1]); })
      .Case([&](arith::FPToSIOp) { return convert("llvm.fptosi.sat"); })
      .Case([&](arith::FPToUIOp) { return convert("llvm.fptoui.sat"); })
      .Default([](Operation *) { return Value(); });
}
