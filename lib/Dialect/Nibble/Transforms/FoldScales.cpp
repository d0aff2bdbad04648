// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Storage.h"
#include "nibble/Support/Numerics.h"

#include "llvm/ADT/TypeSwitch.h"

namespace nibble {
#define GEN_PASS_DEF_FOLDSCALES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-fold-scales"

using namespace mlir;
using namespace nibble;

namespace {

/// A quantized operation being turned into an integer one.
struct Conversion {
  OpBuilder builder;
  Location loc;
  RankedTensorType type; // of bytes
  Encoding out;

  explicit Conversion(Operation *op)
      : builder(op), loc(op->getLoc()), type(getStorageTensor(cast<RankedTensorType>(op->getResult(0).getType()))),
        out(getEncoding(getPerTensorType(op->getResult(0)))) {}

  std::array<int32_t, 2> clamp() const { return {out.min, out.max}; }
  FloatAttr f32(float value) { return builder.getF32FloatAttr(value); }
  Encoding encoding(Value value) const { return getEncoding(getPerTensorType(value)); }

  /// Sums: each operand has its own multiplier fl32(s / sy).
  Value createSum(Value lhs, Value rhs, float sign, RequantMode mode) {
    const Encoding l = encoding(lhs), r = encoding(rhs);
    return IntAddOp::create(builder, loc, type, toStorage(builder, lhs), toStorage(builder, rhs),
                            llvm::APFloat(l.scale / out.scale), llvm::APFloat(sign * (r.scale / out.scale)), l.zero,
                            r.zero, out.zero, clamp(), mode);
  }

  Value createProduct(MulOp op) {
    const Encoding l = encoding(op.getLhs()), r = encoding(op.getRhs());
    return IntMulOp::create(builder, loc, type, toStorage(builder, op.getLhs()), toStorage(builder, op.getRhs()),
                            llvm::APFloat(numerics::foldScale(l.scale, r.scale, out.scale)), l.zero, r.zero, out.zero,
                            clamp(), op.getRequant());
  }

  Value createPool(AvgPoolOp op) {
    const Encoding in = encoding(op.getInput());
    return IntAvgPoolOp::create(builder, loc, type, toStorage(builder, op.getInput()), op.getKernel(), op.getStrides(),
                                op.getPads(), op.getCountIncludePad(), llvm::APFloat(in.scale / out.scale), in.zero,
                                out.zero, clamp(), op.getRequant());
  }

  Value createSoftmax(SoftmaxOp op) {
    return IntSoftmaxOp::create(builder, loc, type, toStorage(builder, op.getInput()), op.getAxis(),
                                llvm::APFloat(encoding(op.getInput()).scale * op.getScale().convertToFloat()),
                                llvm::APFloat(1.0f / out.scale), out.zero, clamp());
  }

  /// `value` with the result's encoding: itself if it has that already.
  Value createRequantize(Value value, RequantMode mode) {
    const Encoding in = encoding(value);
    auto bytes = cast<RankedTensorType>(value.getType()).clone(type.getElementType());
    Value stored = toStorage(builder, value);
    if (stored.getType() == bytes && in.scale == out.scale && in.zero == out.zero && in.min >= out.min &&
        in.max <= out.max)
      return stored;
    return IntRequantizeOp::create(builder, loc, bytes, stored, llvm::APFloat(in.scale / out.scale), in.zero, out.zero,
                                   clamp(), mode);
  }

  Value createConcat(ConcatOp op, Pass::Statistic &requantized) {
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      inputs.push_back(createRequantize(input, op.getRequant()));
      requantized += inputs.back().getDefiningOp<IntRequantizeOp>() != nullptr;
    }
    return ConcatOp::create(builder, loc, type, inputs, op.getAxis(), op.getRequant());
  }
};

struct FoldScales : nibble::impl::FoldScalesBase<FoldScales> {
  /// The integer form of `op`; null if it is none of this pass's operations.
  Value convert(Operation *op) {
    Conversion to(op);
    return llvm::TypeSwitch<Operation *, Value>(op)
        .Case([&](AddOp add) { return to.createSum(add.getLhs(), add.getRhs(), 1.0f, add.getRequant()); })
        .Case([&](SubOp sub) { return to.createSum(sub.getLhs(), sub.getRhs(), -1.0f, sub.getRequant()); })
        .Case([&](MulOp mul) { return to.createProduct(mul); })
        .Case([&](AvgPoolOp pool) { return to.createPool(pool); })
        .Case([&](SoftmaxOp softmax) { return to.createSoftmax(softmax); })
        .Case([&](RequantizeOp requantize) {
          return to.createRequantize(requantize.getInput(), requantize.getRequant());
        })
        .Case([&](ConcatOp concat) { return to.createConcat(concat, requantized); })
        .Default([](Operation *) { return Value(); });
  }

  void runOnOperation() override {
    SmallVector<Operation *> operations;
    getOperation()->walk([&](Operation *op) {
      auto softmax = dyn_cast<SoftmaxOp>(op);
      if (isa<AddOp, SubOp, MulOp, AvgPoolOp, RequantizeOp, ConcatOp>(op) && getPerTensorType(op->getResult(0)))
        operations.push_back(op);
      else if (softmax && softmax.isByteSoftmax())
        operations.push_back(op);
    });
    for (Operation *op : operations) {
      auto pool = dyn_cast<AvgPoolOp>(op);
      if (pool && pool.getLayout() != Layout::NHWC) {
        op->emitError("expected layout nhwc, got nchw: run --nibble-convert-layout before");
        return signalPassFailure();
      }
      OpBuilder builder(op);
      Value bytes = convert(op);
      auto type = cast<RankedTensorType>(op->getResult(0).getType());
      op->getResult(0).replaceAllUsesWith(toQuantized(builder, op->getLoc(), type, bytes));
      op->erase();
      ++folded;
    }
  }
};

} // namespace
