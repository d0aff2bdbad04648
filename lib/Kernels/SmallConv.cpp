// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions for microcontrollers (Small.h).

#include "SmallEpilogue.h"

using namespace mlir;
using namespace nibble::kernels;

/// Emits `body(iv, carried)` for iv in [0, count), of which there is one at least, and gives what it carries on.
static Values repeat(KernelBuilder &b, Value count, ValueRange carried,
                     llvm::function_ref<Values(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, b.constant(0), count, b.constant(1), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  Values results = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!results.empty())
    scf::YieldOp::create(b, results);
  return llvm::to_vector_of<Value>(op.getResults());
}

static void repeat(KernelBuilder &b, Value count, llvm::function_ref<void(Value)> body) {
  repeat(b, count, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

namespace {
/// Multiplications of a step, of one architecture.
class SmallDot {
public:
  SmallDot(KernelBuilder &b, const SmallPlan &plan) : b(b), isUnsigned(plan.params.input == ElementKind::U8) {}

  /// sums[pixel][column] += a step of each input by the weights of each column.
  void step(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights);
  /// sums[channel] += input[channel] * weight[channel], of a tap.
  void tap(Values &sums, Value input, Value weights);

private:
  Value extend(Value bytes, bool withoutSign);
  std::array<Value, 2> halves(Value word, bool withoutSign);
  Value intrinsic(StringRef name, Value x, Value w, Value sum) {
    return b.intrinsic(("llvm.arm." + name).str(), b.i32(), {x, w, sum});
  }
  void bytesOfStep(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights);
  void pairsOfStep(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights);
  void vectorsOfStep(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights);

  KernelBuilder &b;
  bool isUnsigned;
};

class SmallConv {
public:
  SmallConv(KernelBuilder &b, const SmallPlan &plan, Value args)
      : b(b), plan(plan), p(plan.params), dot(b, plan),
        epilogue(b, plan, b.argument(args, p.residual ? 6 : 5), b.argument(args, 3)), input(b.argument(args, 0)),
        weights(b.argument(args, 1)), bias(b.argument(args, 2)), output(b.argument(args, 4)) {
    if (p.residual)
      addend = b.argument(args, 5);
  }

  void emit();

private:
  Value field(Field f) { return epilogue.field(f); }
  Value moved(Value pointer, Value count, Field bytes) { return b.at(pointer, b.mul(count, field(bytes))); }
  void emitGroup();
  void emitPixels(Value x, ArrayRef<Value> inputs, MutableArrayRef<SmallPixel> pixels);
  void emitTile(Value n, ArrayRef<Value> inputs, MutableArrayRef<SmallPixel> pixels, Value &weights);
  Values loadBias(Value n);
  Values sumRow(Values carried, ArrayRef<Value> inputs);
  Values sumTap(Values carried, ArrayRef<Value> inputs);
  Values sumChannels(Value n, Value input);

  KernelBuilder &b;
  const SmallPlan &plan;
  const ConvParams &p;
  SmallDot dot;
  SmallEpilogue epilogue;
  Value input, weights, bias, output, addend;
};
} // namespace

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Value SmallDot::extend(Value bytes, bool withoutSign) {
  Type type = b.i32();
  if (auto vector = dyn_cast<VectorType>(bytes.getType()))
    type = b.vec(vector.getNumElements(), type);
  return withoutSign ? b.create<arith::ExtUIOp>(type, bytes) : b.create<arith::ExtSIOp>(type, bytes);
}

/// Bytes 0 and 2, and bytes 1 and 3, as 16 bits each.
std::array<Value, 2> SmallDot::halves(Value word, bool withoutSign) {
  StringRef name = withoutSign ? "llvm.arm.uxtb16" : "llvm.arm.sxtb16";
  Value turned = b.intrinsic("llvm.fshr.i32", b.i32(), {word, word, b.splat(b.i32(), int64_t(8))});
  return {b.intrinsic(name, b.i32(), word), b.intrinsic(name, b.i32(), turned)};
}

void SmallDot::bytesOfStep(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights) {
  for (int64_t k = 0; k < 4; ++k) {
    Values x;
    for (Value input : inputs)
      x.push_back(extend(b.load(b.i8(), b.at(input, k)), isUnsigned));
    for (size_t j = 0; j < sums.front().size(); ++j) {
      Value w = extend(b.load(b.i8(), b.at(weights, 4 * j + k)), false);
      for (size_t m = 0; m < sums.size(); ++m)
        sums[m][j] = b.add(sums[m][j], b.mul(x[m], w));
    }
  }
}

void SmallDot::pairsOfStep(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights) {
  SmallVector<std::array<Value, 2>> x;
  for (Value input : inputs)
    x.push_back(halves(b.load(b.i32(), input), isUnsigned));
  for (size_t j = 0; j < sums.front().size(); ++j) {
    std::array<Value, 2> w = halves(b.load(b.i32(), b.at(weights, 4 * j), 4), false);
    for (size_t m = 0; m < sums.size(); ++m)
      for (size_t half : {0, 1})
        sums[m][j] = intrinsic("smlad", x[m][half], w[half], sums[m][j]);
  }
}

void SmallDot::vectorsOfStep(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights) {
  VectorType type = b.vec(16, b.i8());
  Values x;
  for (Value input : inputs) {
    Value bytes = b.load(type, input);
    x.push_back(isUnsigned ? b.create<arith::XOrIOp>(bytes, b.splat(type, int64_t(-128))) : bytes);
  }
  Value zero = b.constant(0); // signed, added, in order
  for (size_t j = 0; j < sums.front().size(); ++j) {
    Value w = b.load(type, b.at(weights, 16 * j), 4);
    for (size_t m = 0; m < sums.size(); ++m)
      sums[m][j] = b.intrinsic("llvm.arm.mve.vmldava.v16i8", b.i32(), {zero, zero, zero, sums[m][j], x[m], w});
  }
}

void SmallDot::step(MutableArrayRef<Values> sums, ArrayRef<Value> inputs, Value weights) {
  switch (b.isa.dot) {
  case DotKind::Smlad:
    return pairsOfStep(sums, inputs, weights);
  case DotKind::Vmladav:
    return vectorsOfStep(sums, inputs, weights);
  default:
    return bytesOfStep(sums, inputs, weights);
  }
}

void SmallDot::tap(Values &sums, Value input, Value weights) {
  if (b.isa.dot == DotKind::Smlad && sums.size() == 4) {
    std::array<Value, 2> x = halves(b.load(b.i32(), input), isUnsigned), w = halves(b.load(b.i32(), weights), false);
    for (size_t j = 0; j < 4; ++j)
      sums[j] = intrinsic(j < 2 ? "smlabb" : "smlatt", x[j % 2], w[j % 2], sums[j]);
    return;
  }
  for (size_t j = 0; j < sums.size(); ++j) {
    auto vector = dyn_cast<VectorType>(sums[j].getType());
    Type type = vector ? Type(b.vec(vector.getNumElements(), b.i8())) : b.i8();
    Value x = extend(b.load(type, b.at(input, int64_t(j))), isUnsigned);
    sums[j] = b.add(sums[j], b.mul(x, extend(b.load(type, b.at(weights, int64_t(j))), false)));
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void SmallConv::emit() {
  if (plan.depthwise || p.groups == 1)
    return emitGroup();
  const Value inputs = input, filters = weights, biases = bias, outputs = output, addends = addend;
  repeat(b, field(Field::Groups), [&](Value group) {
    Value column = b.mul(group, field(Field::GroupOutput));
    input = moved(inputs, group, Field::GroupInput);
    weights = moved(filters, group, Field::GroupWeights);
    bias = b.at(biases, b.mul(column, b.constant(4)));
    output = b.at(outputs, column);
    if (p.residual)
      addend = b.at(addends, column);
    epilogue.enterGroup(column);
    emitGroup();
  });
}

void SmallConv::emitGroup() {
  repeat(b, field(Field::Rows), [&](Value y) {
    Value inputs = moved(input, y, Field::RowInput), outputs = moved(output, y, Field::RowOutput);
    Value addends = p.residual ? moved(addend, y, Field::AddendRow) : Value();
    repeat(b, field(Field::Trips), [&](Value trip) {
      Values at;
      SmallVector<SmallPixel> pixels;
      for (int64_t m = 0; m < plan.tilePixels; ++m) {
        Value x = b.addMul(b.constant(m), trip, plan.tilePixels);
        if (m > 0)
          x = b.create<arith::MinSIOp>(x, field(Field::LastPixel));
        at.push_back(moved(inputs, x, Field::PixelInput));
        pixels.push_back(
            {{}, moved(outputs, x, Field::PixelOutput), p.residual ? moved(addends, x, Field::AddendPixel) : Value()});
      }
      emitPixels(trip, at, pixels);
    });
  });
}

void SmallConv::emitPixels(Value x, ArrayRef<Value> inputs, MutableArrayRef<SmallPixel> pixels) {
  repeat(b, field(Field::Blocks), weights, [&](Value block, ValueRange carried) {
    Value first = b.mul(block, b.constant(plan.tileColumns)), next = carried.front();
    Value n = b.create<arith::MinSIOp>(first, field(Field::LastBlock));
    if (plan.depthwise)
      pixels.front().sums = sumChannels(n, inputs.front());
    else
      emitTile(n, inputs, pixels, next);
    epilogue.store(pixels, n, first);
    return Values{next};
  });
}

Values SmallConv::loadBias(Value n) {
  Values sums;
  Value pointer = b.at(bias, b.mul(n, b.constant(4)));
  for (int64_t j = 0; j < plan.tileColumns; ++j)
    sums.push_back(b.load(b.i32(), b.at(pointer, 4 * j), 4));
  return sums;
}

/// Sums of the tile, and the weights' pointer behind them. What loops carry is all sums, then that pointer.
void SmallConv::emitTile(Value n, ArrayRef<Value> inputs, MutableArrayRef<SmallPixel> pixels, Value &weights) {
  Values carried, row = loadBias(n);
  for (size_t m = 0; m < pixels.size(); ++m)
    llvm::append_range(carried, row);
  carried.push_back(weights);
  if (p.KH == 1) {
    carried = sumRow(carried, inputs);
  } else {
    carried = repeat(b, field(Field::TapRows), carried, [&](Value ky, ValueRange carried) {
      Values rows;
      for (Value pointer : inputs)
        rows.push_back(moved(pointer, ky, Field::TapRowInput));
      return sumRow(Values(carried), rows);
    });
  }
  for (auto [m, pixel] : llvm::enumerate(pixels))
    pixel.sums.assign(carried.begin() + m * plan.tileColumns, carried.begin() + (m + 1) * plan.tileColumns);
  weights = carried.back();
}

Values SmallConv::sumRow(Values carried, ArrayRef<Value> inputs) {
  if (p.KW == 1)
    return sumTap(carried, inputs);
  return repeat(b, field(Field::TapColumns), carried, [&](Value kx, ValueRange carried) {
    Values taps;
    for (Value pointer : inputs)
      taps.push_back(moved(pointer, kx, Field::TapColumnInput));
    return sumTap(Values(carried), taps);
  });
}

Values SmallConv::sumTap(Values carried, ArrayRef<Value> inputs) {
  const size_t count = carried.size();
  llvm::append_range(carried, inputs);
  const auto trip = [&](Value, ValueRange carried) {
    Values next(carried);
    SmallVector<Values> sums;
    for (int64_t m = 0; m < plan.tilePixels; ++m)
      sums.emplace_back(carried.slice(m * plan.tileColumns, plan.tileColumns));
    Value &weights = next[count - 1];
    MutableArrayRef<Value> pointers = MutableArrayRef<Value>(next).drop_front(count);
    for (int64_t step = 0; step < plan.unroll; ++step) {
      Values at;
      for (Value pointer : pointers)
        at.push_back(b.at(pointer, step * plan.stepBytes));
      dot.step(sums, at, b.at(weights, step * plan.stepBytes * plan.tileColumns));
    }
    for (Value &pointer : pointers)
      pointer = b.at(pointer, plan.unroll * plan.stepBytes);
    weights = b.at(weights, plan.unroll * plan.stepBytes * plan.tileColumns);
    for (int64_t m = 0; m < plan.tilePixels; ++m)
      llvm::copy(sums[m], next.begin() + m * plan.tileColumns);
    return next;
  };
  carried = plan.steps == plan.unroll ? trip(Value(), carried) : repeat(b, field(Field::Steps), carried, trip);
  carried.resize(count);
  return carried;
}

/// All taps of four channels, or of one.
Values SmallConv::sumChannels(Value n, Value input) {
  const bool isVector = b.isa.dot == DotKind::Vmladav && plan.tileColumns == 4;
  Values sums = isVector ? Values{b.load(b.vec(4, b.i32()), b.at(bias, b.mul(n, b.constant(4))), 4)} : loadBias(n);
  const size_t count = sums.size();
  Values carried = sums;
  carried.push_back(b.at(weights, n));
  const auto sumOne = [&](Values &carried, Value &input) {
    Values sums(ArrayRef(carried).take_front(count));
    dot.tap(sums, input, carried[count]);
    llvm::copy(sums, carried.begin());
    carried[count] = b.at(carried[count], field(Field::TapWeights));
    input = b.at(input, field(Field::TapColumnInput));
  };
  Value first = b.at(input, n);
  carried = repeat(b, field(Field::TapRows), carried, [&](Value ky, ValueRange row) {
    Values carried(row);
    Value tap = moved(first, ky, Field::TapRowInput);
    if (p.KW <= 4) {
      for (int64_t kx = 0; kx < p.KW; ++kx)
        sumOne(carried, tap);
      return carried;
    }
    carried.push_back(tap);
    carried = repeat(b, field(Field::TapColumns), carried, [&](Value, ValueRange tap) {
      Values next(tap);
      sumOne(next, next[count + 1]);
      return next;
    });
    carried.pop_back();
    return carried;
  });
  carried.resize(count);
  return carried;
}

void nibble::kernels::emitSmallConv(KernelBuilder &b, const ConvParams &params, Value args) {
  const SmallPlan plan(params, b.isa.dotInput());
  SmallConv(b, plan, args).emit();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::string nibble::kernels::smallConvTileName(const ConvParams &params, const ISA &isa) {
  const SmallPlan plan(params, isa.dotInput());
  return std::to_string(plan.tilePixels) + "x" + std::to_string(plan.tileColumns) +
         (plan.depthwise ? "" : "c" + std::to_string(plan.stepBytes * plan.unroll));
}

std::string nibble::kernels::smallConvKey(const ConvParams &params, const ISA &isa) {
  const SmallPlan plan(params, isa.dotInput());
  const ConvParams &p = plan.params;
  std::string key = "small";
  for (int64_t value :
       {int64_t(p.input), int64_t(p.output), int64_t(p.groups > 1), int64_t(p.KH > 1),
        plan.depthwise ? std::min<int64_t>(p.KW, 5) : int64_t(p.KW > 1), int64_t(p.residual.has_value()),
        int64_t(plan.storesOnce()), int64_t(SmallEpilogue::clampsToByte(p)), plan.unroll,
        int64_t(plan.steps == plan.unroll), plan.tilePixels, plan.tileColumns})
    key += "," + std::to_string(value);
  return key;
}
