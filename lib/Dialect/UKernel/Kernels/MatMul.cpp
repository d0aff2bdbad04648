// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plain kernels of matrix products of two values and of transposed convolutions.

#include "nibble/Dialect/UKernel/Kernels.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {
/// How a sum becomes a result: the same for both operations.
template <typename Op>
struct Epilogue {
  Op op;
  int biasPointer, multiplierPointer;

  bool isFloat() { return op.getType().getElementType().isF32(); }

  Value start(KernelFunction &f, IRArith &a, Value channel) {
    if (biasPointer >= 0)
      return f.load(biasPointer, channel, isFloat() ? Type(f.b.getF32Type()) : f.b.getI32Type(), a.lanes);
    return isFloat() ? a.f32(0) : a.i32(0);
  }
  Value finish(KernelFunction &f, IRArith &a, Value acc, Value channel) {
    if (isFloat())
      return acc;
    Value m = f.load(multiplierPointer, channel, f.b.getF32Type(), a.lanes);
    return a.requantize(acc, m, op.getFixed(), op.getOutputZeroPoint(), op.getClamp()[0], op.getClamp()[1]);
  }
};
} // namespace

static Value splat(KernelFunction &f, Value scalar, int64_t lanes) {
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(f.b, f.loc, VectorType::get({lanes}, scalar.getType()), scalar);
}

static std::string spellOperand(Value value) { return spell(cast<BufferType>(value.getType()).getElementType()); }

static void addPlainArguments(Operation *op, SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(op, arguments);
}

//===----------------------------------------------------------------------===//
// Matrix product
//===----------------------------------------------------------------------===//

std::string MatMulOp::getKernelName(const kernels::ISA &isa) {
  return spellOperand(getLhs()) + "_" + spellOperand(getRhs()) + "_" + spellOperand(getResult()) + "_matmul_" +
         isa.name.str();
}
std::string MatMulOp::getKernelKey() { return getGenericKey(*this); }
// A tile is a row of the result.
int64_t MatMulOp::getTileCount() { return getType().getNumElements() / getType().getShape().back(); }
void MatMulOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { addPlainArguments(*this, arguments); }

// Strides of an operand by the result's leading dimensions, 0 where it broadcasts.
static SmallVector<int64_t> getBatchStrides(BufferType operand, BufferType result) {
  SmallVector<int64_t> strides = operand.getStrides(), row(result.getRank() - 2, 0);
  int64_t missing = result.getRank() - operand.getRank();
  for (int64_t i = missing; i < result.getRank() - 2; ++i)
    if (operand.getDim(i - missing) != 1)
      row[i] = strides[i - missing];
  return row;
}

LogicalResult MatMulOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  BufferType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getType();
  int next = 2, bias = getBias() ? next++ : -1, multiplier = getMultiplier() ? next++ : -1;
  Epilogue<MatMulOp> epilogue{*this, bias, multiplier};
  int64_t rank = result.getRank(), depth = lhs.getShape().back();
  int64_t lhsRow = lhs.getStrides()[lhs.getRank() - 2], rhsRow = rhs.getStrides()[rhs.getRank() - 2];
  SmallVector<int64_t> lhsBatch = getBatchStrides(lhs, result), rhsBatch = getBatchStrides(rhs, result);
  KernelFunction(builder, getLoc(), symbol, next + 1, [&](KernelFunction &f, Value tile) {
    SmallVector<Value> indices = f.delinearize(tile, result.getShape().drop_back());
    Value left = f.mul(indices[rank - 2], lhsRow), right = f.index(0), out = f.index(0);
    for (int64_t d = 0; d < rank - 2; ++d) {
      left = f.add(left, f.mul(indices[d], lhsBatch[d]));
      right = f.add(right, f.mul(indices[d], rhsBatch[d]));
    }
    for (int64_t d = 0; d < rank - 1; ++d)
      out = f.add(out, f.mul(indices[d], result.getStrides()[d]));
    f.vectorLoop(result.getShape().back(), [&](Value n, int64_t lanes) {
      IRArith a(f.b, f.loc, lanes), s(f.b, f.loc);
      Value acc = f.reduce(f.index(0), f.index(depth), 1, epilogue.start(f, a, n), [&](Value k, ValueRange carried) {
        Value x = f.load(0, f.add(left, k), lhs.getElementType(), 1);
        Value w = f.load(1, f.add(f.add(right, f.mul(k, rhsRow)), n), rhs.getElementType(), lanes);
        if (epilogue.isFloat())
          return SmallVector<Value>{a.fma(splat(f, x, lanes), w, carried[0])};
        x = splat(f, s.isub(x, s.i32(getLhsZeroPoint())), lanes);
        return SmallVector<Value>{a.iadd(carried[0], a.imul(x, a.isub(w, a.i32(getRhsZeroPoint()))))};
      })[0];
      f.store(next, f.add(out, n), result.getElementType(), lanes, epilogue.finish(f, a, acc, n));
    });
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

std::string ConvTransposeOp::getKernelName(const kernels::ISA &isa) {
  return spellOperand(getInput()) + "_" + spellOperand(getFilter()) + "_" + spellOperand(getResult()) +
         "_conv_transpose_" + isa.name.str();
}
std::string ConvTransposeOp::getKernelKey() { return getGenericKey(*this); }
// A tile is a row of the result.
int64_t ConvTransposeOp::getTileCount() { return getType().getDim(0) * getType().getDim(1); }
void ConvTransposeOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  addPlainArguments(*this, arguments);
}

namespace {
/// Scalar loops over the result's pixels and channels, then over the taps in the order ky, kx, c. The position that
/// a tap reads is (o + pad - k * dilation) / stride where that is whole and inside the image.
struct TransposeEmitter {
  ConvTransposeOp op;
  KernelFunction &f;
  Epilogue<ConvTransposeOp> &epilogue;

  BufferType input() { return op.getInput().getType(); }
  int64_t filterDim(unsigned i) { return op.getFilter().getType().getDim(i); }

  // Calls body(position) in a branch where the tap hits; carries `acc`.
  Value hit(unsigned d, Value o, Value k, Value acc, llvm::function_ref<Value(Value)> body) {
    Value at = f.add(f.add(o, f.index(op.getPads()[d])), f.mul(k, -op.getDilations()[d]));
    Value stride = f.index(op.getStrides()[d]), zero = f.index(0);
    Value position = arith::DivSIOp::create(f.b, f.loc, at, stride);
    auto is = [&](arith::CmpIPredicate p, Value x, Value y) -> Value {
      return arith::CmpIOp::create(f.b, f.loc, p, x, y);
    };
    Value inside = is(arith::CmpIPredicate::eq, arith::RemSIOp::create(f.b, f.loc, at, stride), zero);
    inside = arith::AndIOp::create(f.b, f.loc, inside, is(arith::CmpIPredicate::sge, at, zero));
    inside = arith::AndIOp::create(f.b, f.loc, inside,
                                   is(arith::CmpIPredicate::slt, position, f.index(input().getDim(1 + d))));
    return f.choose(inside, [&] { return body(position); }, acc);
  }

  Value taps(Value image, Value y, Value x, Value channel) {
    int64_t perGroup = filterDim(3), groupChannels = filterDim(0) / op.getGroups();
    SmallVector<int64_t> in = input().getStrides(), w = op.getFilter().getType().getStrides();
    IRArith a(f.b, f.loc);
    Value group = arith::DivUIOp::create(f.b, f.loc, channel, f.index(groupChannels));
    Value firstInput = f.add(image, f.mul(group, perGroup)), firstWeight = f.mul(channel, w[0]);
    Value init = epilogue.start(f, a, channel);
    return f.reduce(f.index(0), f.index(filterDim(1)), 1, init, [&](Value ky, ValueRange rows) {
      return SmallVector<Value>{hit(0, y, ky, rows[0], [&](Value iy) {
        return f.reduce(f.index(0), f.index(filterDim(2)), 1, rows[0], [&](Value kx, ValueRange columns) {
          return SmallVector<Value>{hit(1, x, kx, columns[0], [&](Value ix) {
            Value from = f.add(firstInput, f.add(f.mul(iy, in[1]), f.mul(ix, in[2])));
            Value weight = f.add(firstWeight, f.add(f.mul(ky, w[1]), f.mul(kx, w[2])));
            return channels(a, from, weight, perGroup, columns[0]);
          })};
        })[0];
      })};
    })[0];
  }

  Value channels(IRArith &a, Value from, Value weight, int64_t count, Value init) {
    return f.reduce(f.index(0), f.index(count), 1, init, [&](Value c, ValueRange acc) {
      Value q = f.load(0, f.add(from, c), input().getElementType(), 1);
      Value v = f.load(1, f.add(weight, c), op.getFilter().getType().getElementType(), 1);
      if (epilogue.isFloat())
        return SmallVector<Value>{a.fma(q, v, acc[0])};
      return SmallVector<Value>{a.iadd(acc[0], a.imul(a.isub(q, a.i32(op.getInputZeroPoint())), v))};
    })[0];
  }
};
} // namespace

LogicalResult ConvTransposeOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  int next = 2, bias = getBias() ? next++ : -1, multiplier = getMultiplier() ? next++ : -1;
  Epilogue<ConvTransposeOp> epilogue{*this, bias, multiplier};
  BufferType result = getType();
  SmallVector<int64_t> to = result.getStrides();
  KernelFunction(builder, getLoc(), symbol, next + 1, [&](KernelFunction &f, Value tile) {
    SmallVector<Value> indices = f.delinearize(tile, result.getShape().take_front(2));
    Value image = f.mul(indices[0], getInput().getType().getStrides()[0]);
    Value row = f.add(f.mul(indices[0], to[0]), f.mul(indices[1], to[1]));
    TransposeEmitter emitter{*this, f, epilogue};
    IRArith a(f.b, f.loc);
    f.loop(result.getDim(2), [&](Value x) {
      f.loop(result.getDim(3), [&](Value channel) {
        Value acc = emitter.taps(image, indices[1], x, channel);
        Value at = f.add(f.add(row, f.mul(x, to[2])), channel);
        f.store(next, at, result.getElementType(), 1, epilogue.finish(f, a, acc, channel));
      });
    });
  });
  return success();
}
