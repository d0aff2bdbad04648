// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling kernels: a tile is a row of the result.

#include "nibble/Dialect/UKernel/Kernels.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {
/// A window's geometry and the loops over its taps inside the image.
struct Window {
  BufferType input, result;
  ArrayRef<int64_t> kernel, strides, pads;
  SmallVector<int64_t> dilations;

  // The taps [first, last) of dimension `d` (0 rows, 1 columns) inside the image, for the window that starts at
  // `start`.
  std::pair<Value, Value> getTaps(KernelFunction &f, unsigned d, Value start) const {
    Value dilation = f.index(dilations[d]), extent = f.index(input.getDim(1 + d));
    auto ceilDivide = [&](Value x) {
      return arith::DivSIOp::create(f.b, f.loc, f.add(x, f.index(dilations[d] - 1)), dilation);
    };
    Value zero = f.index(0);
    Value first = ceilDivide(f.max(zero, f.mul(start, -1)));
    Value last = f.min(f.index(kernel[d]), ceilDivide(f.max(zero, f.add(extent, f.mul(start, -1)))));
    return {f.min(first, f.index(kernel[d])), f.max(last, zero)};
  }

  /// Calls body for each result pixel of the tile and each run of channels.
  using Body = llvm::function_ref<void(Value resultOffset, Value inputOffset, int64_t lanes, ArrayRef<Value> taps)>;
  void emit(KernelFunction &f, Value tile, Body body) const {
    SmallVector<int64_t> from = input.getStrides(), to = result.getStrides();
    SmallVector<Value> indices = f.delinearize(tile, result.getShape().take_front(2));
    Value top = f.add(f.mul(indices[1], strides[0]), f.index(-pads[0]));
    auto [y0, y1] = getTaps(f, 0, top);
    Value inRow = f.add(f.mul(indices[0], from[0]), f.mul(top, from[1]));
    Value outRow = f.add(f.mul(indices[0], to[0]), f.mul(indices[1], to[1]));
    f.loop(result.getDim(2), [&, y0 = y0, y1 = y1](Value x) {
      Value left = f.add(f.mul(x, strides[1]), f.index(-pads[1]));
      auto [x0, x1] = getTaps(f, 1, left);
      Value in = f.add(inRow, f.mul(left, from[2])), out = f.add(outRow, f.mul(x, to[2]));
      Value taps[] = {y0, y1, x0, x1};
      f.vectorLoop(result.getDim(3), [&](Value c, int64_t lanes) { body(f.add(out, c), f.add(in, c), lanes, taps); });
    });
  }

  /// acc = combine(acc, tap) over the taps inside the image, in the order ky, kx.
  Value fold(KernelFunction &f, Value inputOffset, int64_t lanes, ArrayRef<Value> taps, Value init,
             llvm::function_ref<Value(Value, Value)> combine) const {
    SmallVector<int64_t> from = input.getStrides();
    auto rows = f.reduce(taps[0], taps[1], 1, init, [&](Value ky, ValueRange outer) {
      Value row = f.add(inputOffset, f.mul(ky, from[1] * dilations[0]));
      return f.reduce(taps[2], taps[3], 1, outer, [&](Value kx, ValueRange acc) {
        Value at = f.add(row, f.mul(kx, from[2] * dilations[1]));
        return SmallVector<Value>{combine(acc[0], f.load(0, at, input.getElementType(), lanes))};
      });
    });
    return rows[0];
  }
};
} // namespace

static std::string namePool(Operation *op, StringRef function, const kernels::ISA &isa) {
  auto spellValue = [](Value value) { return spell(cast<BufferType>(value.getType()).getElementType()); };
  return spellValue(op->getOperand(0)) + "_" + spellValue(op->getResult(0)) + "_" + function.str() + "_" +
         isa.name.str();
}

//===----------------------------------------------------------------------===//
// Maximum
//===----------------------------------------------------------------------===//

std::string MaxPoolOp::getKernelName(const kernels::ISA &isa) { return namePool(*this, "max_pool", isa); }
std::string MaxPoolOp::getKernelKey() { return getGenericKey(*this); }
int64_t MaxPoolOp::getTileCount() { return getType().getDim(0) * getType().getDim(1); }
void MaxPoolOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }

static Value getLowest(IRArith &a, Type type) {
  if (type.isF32())
    return a.f32(-std::numeric_limits<float>::infinity());
  return a.i32(type.isUnsignedInteger() ? 0 : -128);
}

LogicalResult MaxPoolOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  Type element = getType().getElementType();
  Window window{getInput().getType(), getType(), getKernel(),
                getStrides(),         getPads(), SmallVector<int64_t>(getDilations())};
  KernelFunction(builder, getLoc(), symbol, 2, [&](KernelFunction &f, Value tile) {
    window.emit(f, tile, [&](Value out, Value in, int64_t lanes, ArrayRef<Value> taps) {
      IRArith a(f.b, f.loc, lanes);
      Value best = window.fold(f, in, lanes, taps, getLowest(a, element),
                               [&](Value x, Value y) { return element.isF32() ? a.maximum(x, y) : a.imax(x, y); });
      f.store(1, out, element, lanes, best);
    });
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Mean
//===----------------------------------------------------------------------===//

std::string AvgPoolOp::getKernelName(const kernels::ISA &isa) { return namePool(*this, "avg_pool", isa); }
std::string AvgPoolOp::getKernelKey() { return getGenericKey(*this); }
int64_t AvgPoolOp::getTileCount() { return getType().getDim(0) * getType().getDim(1); }
void AvgPoolOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }

// The number of taps that count, as i32.
static Value countTaps(KernelFunction &f, AvgPoolOp op, ArrayRef<Value> taps) {
  IRArith a(f.b, f.loc);
  if (op.getCountIncludePad())
    return a.i32(op.getKernel()[0] * op.getKernel()[1]);
  Value rows = arith::SubIOp::create(f.b, f.loc, taps[1], taps[0]);
  Value columns = arith::SubIOp::create(f.b, f.loc, taps[3], taps[2]);
  return arith::TruncIOp::create(f.b, f.loc, f.b.getI32Type(), arith::MulIOp::create(f.b, f.loc, rows, columns));
}

static Value splat(KernelFunction &f, Value scalar, int64_t lanes) {
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(f.b, f.loc, VectorType::get({lanes}, scalar.getType()), scalar);
}

// The taps inside the image less the zero point each, times fl32(scale / n).
static Value emitByteMean(KernelFunction &f, IRArith &a, AvgPoolOp op, Value sum, ArrayRef<Value> taps) {
  IRArith s(f.b, f.loc);
  Value inside = countTaps(f, op, taps), divisor = inside;
  if (op.getCountIncludePad()) {
    Value rows = arith::SubIOp::create(f.b, f.loc, taps[1], taps[0]);
    Value columns = arith::SubIOp::create(f.b, f.loc, taps[3], taps[2]);
    inside = s.truncI32(arith::MulIOp::create(f.b, f.loc, rows, columns));
  }
  Value zero = splat(f, s.imul(inside, s.i32(op.getZeroPoints()[0])), a.lanes);
  Value m = splat(f, s.div(s.f32(op.getScale().convertToFloat()), s.toF32(divisor)), a.lanes);
  return a.requantize(a.isub(sum, zero), m, op.getFixed(), op.getZeroPoints()[1], op.getClamp()[0], op.getClamp()[1]);
}

LogicalResult AvgPoolOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  bool floats = getType().getElementType().isF32();
  Window window{getInput().getType(), getType(), getKernel(), getStrides(), getPads(), {1, 1}};
  KernelFunction(builder, getLoc(), symbol, 2, [&](KernelFunction &f, Value tile) {
    window.emit(f, tile, [&](Value out, Value in, int64_t lanes, ArrayRef<Value> taps) {
      IRArith a(f.b, f.loc, lanes), s(f.b, f.loc);
      Value sum = window.fold(f, in, lanes, taps, floats ? a.f32(0) : a.i32(0),
                              [&](Value x, Value y) { return floats ? a.add(x, y) : a.iadd(x, y); });
      Value mean = floats ? a.div(sum, splat(f, s.toF32(countTaps(f, *this, taps)), lanes))
                          : emitByteMean(f, a, *this, sum, taps);
      f.store(1, out, getType().getElementType(), lanes, mean);
    });
  });
  return success();
}
