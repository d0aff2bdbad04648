// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax: along contiguous elements in rows, else in columns side by side.

#include "Softmax.h"
#include "Lanes.h"
#include "VectorArith.h"
#include "nibble/Support/Functions.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

Box nibble::kernels::lineBox(const SoftmaxParams &params, int64_t elementBytes) {
  auto others = [&](Extents all) {
    all.erase(all.begin() + params.axis);
    return all;
  };
  Box box{others(params.shape),
          {{elementBytes, others(params.inputStrides)}, {elementBytes, others(params.outputStrides)}}};
  box.rowTile = elementsPerTile(lengthOf(params));
  return mergeDimensions(std::move(box));
}

int64_t nibble::kernels::lineTileCount(const SoftmaxParams &params, int64_t elementBytes) {
  return lengthOf(params) == 0 ? 0 : boxTileCount(lineBox(params, elementBytes));
}

std::string nibble::kernels::lineKey(const SoftmaxParams &params, int64_t elementBytes) {
  Box box = lineBox(params, elementBytes);
  return std::to_string(lengthOf(params)) + " by " + std::to_string(params.inputStrides[params.axis]) + " by " +
         std::to_string(params.outputStrides[params.axis]) + " lines " + spelling(box.shape) + " by " +
         spelling(box.operands[0].strides) + " by " + spelling(box.operands[1].strides);
}

std::string nibble::kernels::whyNoSoftmax(const SoftmaxParams &params, const ISA &isa) {
  if (params.axis < 0 || params.axis >= int64_t(params.shape.size()))
    return "an axis out of range";
  if (params.inputStrides.size() != params.shape.size() || params.outputStrides.size() != params.shape.size())
    return "each operand needs one stride a dimension";
  return "";
}

std::string nibble::kernels::softmaxKernelName(const SoftmaxParams &params, const ISA &isa) {
  return "f32_f32_softmax_" + isa.name.str();
}

std::string nibble::kernels::softmaxKernelKey(const SoftmaxParams &params) { return "softmax " + lineKey(params, 4); }

int64_t nibble::kernels::softmaxTileCount(const SoftmaxParams &params) { return lineTileCount(params, 4); }

namespace {

class SoftmaxEmitter {
public:
  SoftmaxEmitter(KernelBuilder &b, const SoftmaxParams &params)
      : b(b), length(lengthOf(params)), inStride(params.inputStrides[params.axis]),
        outStride(params.outputStrides[params.axis]), memory(b) {}

  bool inRows() const { return inStride == 4 && outStride == 4; }
  void emitRow(Value in, Value out);
  void emitColumns(Value in, Value out, int64_t lanes);

private:
  Value max(Value x, Value y) { return b.create<arith::MaximumFOp>(x, y); }
  Value sum(Value x, Value y) { return b.create<arith::AddFOp>(x, y); }
  Value exponential(Value x, Value max);
  static constexpr float lowest = -std::numeric_limits<float>::infinity();

  KernelBuilder &b;
  int64_t length, inStride, outStride;
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
      b, length, lowest, [&](Value i, int64_t count) { return load(in, i, count); },
      [&](Value x, Value y) { return max(x, y); });
  Value total = reduceRow(
      b, length, 0.0f,
      [&](Value i, int64_t count) {
        Value e = exponential(load(in, i, count), repeat(largest, count));
        b.store(e, at(out, i));
        return e;
      },
      [&](Value x, Value y) { return sum(x, y); });
  emitVectors(b, length, b.isa.lanes(), [&](int64_t count, Value i) {
    b.store(b.create<arith::DivFOp>(load(out, i, count), repeat(total, count)), at(out, i));
  });
}

void SoftmaxEmitter::emitColumns(Value in, Value out, int64_t lanes) {
  VectorType type = b.vec(lanes, b.f32());
  auto inAt = [&](Value i) { return b.at(in, b.mul(i, b.constant(inStride))); };
  auto outAt = [&](Value i) { return b.at(out, b.mul(i, b.constant(outStride))); };
  Value largest = b.loop(length, b.splat(type, lowest), [&](Value i, ValueRange carried) {
    return Values{max(carried[0], b.load(type, inAt(i)))};
  })[0];
  memory.start(lanes, 0.0f);
  b.loop(length, [&](Value i) {
    Value e = exponential(b.load(type, inAt(i)), largest);
    b.store(e, outAt(i));
    memory.add(i, e, [&](Value x, Value y) { return sum(x, y); });
  });
  Value total = memory.finish([&](Value x, Value y) { return sum(x, y); });
  b.loop(length, [&](Value i) { b.store(b.create<arith::DivFOp>(b.load(type, outAt(i)), total), outAt(i)); });
}

func::FuncOp nibble::kernels::emitSoftmax(OpBuilder &builder, Location loc, StringRef symbol,
                                          const SoftmaxParams &params, const ISA &isa) {
  assert(whyNoSoftmax(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    if (softmaxTileCount(params) == 0)
      return;
    SoftmaxEmitter emitter(b, params);
    const Box box = lineBox(params, 4);
    const int64_t inLine = box.operands[0].strides.back(), outLine = box.operands[1].strides.back();
    const int64_t lanes = emitter.inRows() || !box.isContiguous(0) || !box.isContiguous(1) ? 1 : isa.lanes();
    emitBox(b, box, loadArguments(b, args, 2), begin, end, [&](ArrayRef<Value> pointers, int64_t length) {
      emitVectors(b, length, lanes, [&](int64_t count, Value line) {
        Value in = b.at(pointers[0], b.mul(line, b.constant(inLine)));
        Value out = b.at(pointers[1], b.mul(line, b.constant(outLine)));
        if (emitter.inRows())
          emitter.emitRow(in, out);
        else
          emitter.emitColumns(in, out, count);
      });
    });
  });
}
