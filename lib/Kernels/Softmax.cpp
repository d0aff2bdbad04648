// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax: along the innermost dimension in rows, else in columns side by side.

#include "Box.h"
#include "Lanes.h"
#include "VectorArith.h"
#include "nibble/Kernels/Rows.h"
#include "nibble/Support/Functions.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

std::string nibble::kernels::whyNoSoftmax(const SoftmaxParams &params, const ISA &isa) {
  return isa.hasFMA ? "" : "softmax needs fused multiply-add";
}

std::string nibble::kernels::softmaxKernelName(const SoftmaxParams &params, const ISA &isa) {
  return "f32_softmax_" + isa.name.str();
}

std::string nibble::kernels::softmaxKernelKey(const SoftmaxParams &params) {
  return "softmax " + spelling(Extents{params.outer, params.length, params.inner});
}

int64_t nibble::kernels::softmaxTileCount(const SoftmaxParams &params) {
  return params.length == 0 || params.inner == 0 ? 0 : params.outer;
}

namespace {

class SoftmaxEmitter {
public:
  SoftmaxEmitter(KernelBuilder &b, const SoftmaxParams &params) : b(b), params(params), memory(b) {}

  void emitRow(Value in, Value out);
  void emitColumns(Value in, Value out, int64_t lanes);

private:
  Value max(Value x, Value y) { return b.create<arith::MaximumFOp>(x, y); }
  Value sum(Value x, Value y) { return b.create<arith::AddFOp>(x, y); }
  Value exponential(Value x, Value max);
  static constexpr float lowest = -std::numeric_limits<float>::infinity();

  KernelBuilder &b;
  const SoftmaxParams &params;
  LaneMemory memory;
};

} // namespace

/// exp(x - max)
Value SoftmaxEmitter::exponential(Value x, Value max) {
  VectorArith a(b, b.lanesOf(x));
  return functions::exp(a, a.sub(x, max));
}

void SoftmaxEmitter::emitRow(Value in, Value out) {
  auto at = [&](Value row, Value i) { return b.at(row, b.mul(i, b.constant(4))); };
  auto load = [&](Value row, Value i, int64_t count) { return b.load(b.vec(count, b.f32()), at(row, i)); };
  auto repeat = [&](Value one, int64_t count) { return b.shuffle(one, one, SmallVector<int64_t>(count, 0)); };
  Value largest = reduceRow(
      b, params.length, lowest, [&](Value i, int64_t count) { return load(in, i, count); },
      [&](Value x, Value y) { return max(x, y); });
  Value total = reduceRow(
      b, params.length, 0.0f,
      [&](Value i, int64_t count) {
        Value e = exponential(load(in, i, count), repeat(largest, count));
        b.store(e, at(out, i));
        return e;
      },
      [&](Value x, Value y) { return sum(x, y); });
  emitVectors(b, params.length, b.isa.lanes(), [&](int64_t count, Value i) {
    b.store(b.create<arith::DivFOp>(load(out, i, count), repeat(total, count)), at(out, i));
  });
}

void SoftmaxEmitter::emitColumns(Value in, Value out, int64_t lanes) {
  VectorType type = b.vec(lanes, b.f32());
  auto at = [&](Value column, Value i) { return b.at(column, b.mul(i, b.constant(4 * params.inner))); };
  Value largest = b.loop(params.length, b.splat(type, lowest), [&](Value i, ValueRange carried) {
    return Values{max(carried[0], b.load(type, at(in, i)))};
  })[0];
  memory.start(lanes, 0.0f);
  b.loop(params.length, [&](Value i) {
    Value e = exponential(b.load(type, at(in, i)), largest);
    b.store(e, at(out, i));
    memory.add(i, e, [&](Value x, Value y) { return sum(x, y); });
  });
  Value total = memory.finish([&](Value x, Value y) { return sum(x, y); });
  b.loop(params.length,
         [&](Value i) { b.store(b.create<arith::DivFOp>(b.load(type, at(out, i)), total), at(out, i)); });
}

func::FuncOp nibble::kernels::emitSoftmax(OpBuilder &builder, Location loc, StringRef symbol,
                                          const SoftmaxParams &params, const ISA &isa) {
  assert(whyNoSoftmax(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    if (params.length == 0)
      return;
    SoftmaxEmitter emitter(b, params);
    Value in = b.argument(args, 0), out = b.argument(args, 1);
    b.loop(begin, end, [&](Value tile) {
      Value offset = b.mul(tile, b.constant(4 * params.length * params.inner));
      Value inTile = b.at(in, offset), outTile = b.at(out, offset);
      if (params.inner == 1)
        return emitter.emitRow(inTile, outTile);
      emitVectors(b, params.inner, isa.lanes(), [&](int64_t lanes, Value column) {
        Value bytes = b.mul(column, b.constant(4));
        emitter.emitColumns(b.at(inTile, bytes), b.at(outTile, bytes), lanes);
      });
    });
  });
}
