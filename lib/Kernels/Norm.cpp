// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Norms of rows: the mean, the deviation from it, and the elements divided by that.

#include "Box.h"
#include "Lanes.h"
#include "RealRow.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// All rows; operands: the input, the result.
static Box rowBox(const NormParams &params) {
  Box box{params.rows,
          {{bytesOf(params.input.kind), params.inputStrides}, {bytesOf(params.output.kind), params.outputStrides}}};
  box.rowTile = elementsPerTile(params.length);
  box.threadTile = 1;
  return mergeDimensions(std::move(box));
}

std::string nibble::kernels::whyNoNorm(const NormParams &params, const ISA &isa) {
  if (params.inputStrides.size() != params.rows.size() || params.outputStrides.size() != params.rows.size())
    return "each operand needs one stride a dimension";
  if (std::string reason = whyNotReal(params.input); !reason.empty())
    return reason;
  return whyNotReal(params.output);
}

std::string nibble::kernels::normKernelName(const NormParams &params, const ISA &isa) {
  return (spelling(params.input.kind) + "_" + spelling(params.output.kind) +
          (params.centered ? "_layer_norm_" : "_rms_norm_") + isa.name)
      .str();
}

std::string nibble::kernels::normKernelKey(const NormParams &params) {
  Box box = rowBox(params);
  return std::string(params.centered ? "layer_norm " : "rms_norm ") + spelling(params.input) + " to " +
         spelling(params.output) + " of " + params.length.str() + " rows " + spelling(box.shape) + " by " +
         spelling(box.operands[0].strides) + " by " + spelling(box.operands[1].strides) +
         (params.scale ? " scale" : "") + (params.bias ? " bias" : "") + " epsilon " + spelling(params.epsilon);
}

Extent nibble::kernels::normTileCount(const NormParams &params) {
  return boxTileCount(rowBox(params)) * min(params.length, 1);
}

namespace {

class NormEmitter {
public:
  NormEmitter(KernelBuilder &b, const NormParams &params, Value scale, Value bias)
      : b(b), p(params), scale(scale), bias(bias) {}

  void emitRow(Value in, Value out);

private:
  Value at(Value row, Value i, ElementKind kind) { return b.at(row, b.mul(i, b.constant(bytesOf(kind)))); }
  Value parameter(Value row, Value i, int64_t count) {
    return b.load(b.vec(count, b.f32()), at(row, i, ElementKind::F32));
  }
  Value repeat(Value one, int64_t count) { return b.shuffle(one, one, SmallVector<int64_t>(count, 0)); }
  /// The mean of the vectors that `get` makes, as one lane.
  Value mean(llvm::function_ref<Value(Value, int64_t)> get);

  KernelBuilder &b;
  const NormParams &p;
  Value scale, bias;
};

} // namespace

Value NormEmitter::mean(llvm::function_ref<Value(Value, int64_t)> get) {
  Value sum = reduceRow(b, p.length, 0.0f, get, [&](Value x, Value y) { return Value(b.create<arith::AddFOp>(x, y)); });
  return b.create<arith::DivFOp>(sum, b.floats(cast<VectorType>(sum.getType()), p.length));
}

void NormEmitter::emitRow(Value in, Value out) {
  auto load = [&](Value i, int64_t count) { return loadReals(b, p.input, at(in, i, p.input.kind), count); };
  Value center = p.centered ? mean(load) : Value();
  auto deviation = [&](Value i, int64_t count) -> Value {
    Value x = load(i, count);
    return p.centered ? b.create<arith::SubFOp>(x, repeat(center, count)) : x;
  };
  Value variance = mean([&](Value i, int64_t count) {
    Value d = deviation(i, count);
    return Value(b.create<arith::MulFOp>(d, d));
  });
  VectorArith one(b, 1);
  Value reciprocal = one.div(one.f32(1.0f), one.sqrt(one.add(variance, one.f32(p.epsilon))));
  emitShared(b, p.length, b.isa.lanes(), [&](int64_t count, Value i) {
    VectorArith a(b, count);
    Value y = a.mul(deviation(i, count), repeat(reciprocal, count));
    if (p.scale)
      y = a.mul(y, parameter(scale, i, count));
    if (p.bias)
      y = a.add(y, parameter(bias, i, count));
    storeReals(b, p.output, y, at(out, i, p.output.kind));
  });
}

func::FuncOp nibble::kernels::emitNorm(OpBuilder &builder, Location loc, StringRef symbol, const NormParams &params,
                                       const ISA &isa) {
  assert(whyNoNorm(params, isa).empty());
  return defineKernel(
      builder, loc, symbol, isa, boxItemCount(rowBox(params), isa) * min(params.length, 1),
      [&](KernelBuilder &b, Value args, Value begin, Value end) {
        if (normTileCount(params) == 0)
          return;
        shareRows(b, params.length);
        SmallVector<Value> arguments = loadArguments(b, args, 2 + params.scale + params.bias);
        Value scale = params.scale ? arguments[1] : Value(), bias = params.bias ? arguments[1 + params.scale] : Value();
        NormEmitter emitter(b, params, scale, bias);
        const Box box = rowBox(params);
        emitBox(b, box, {arguments.front(), arguments.back()}, begin, end,
                [&](ArrayRef<Value> pointers, const Extent &length) {
                  b.loop(length, [&](Value row) {
                    emitter.emitRow(b.at(pointers[0], b.mul(row, b.constant(box.operands[0].strides.back()))),
                                    b.at(pointers[1], b.mul(row, b.constant(box.operands[1].strides.back()))));
                  });
                });
      });
}
