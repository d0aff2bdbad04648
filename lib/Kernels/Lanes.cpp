// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Lanes.h"
#include "CUDA/Device.h"
#include "nibble/Support/Numerics.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static constexpr int64_t lanes = numerics::reductionLanes;

/// acc with its first lanes combined with `value`, which has fewer.
static Value combineFirst(KernelBuilder &b, Value acc, Value value, Combine combine) {
  const int64_t count = b.lanesOf(value);
  SmallVector<int64_t> take;
  for (int64_t i = 0; i < lanes; ++i)
    take.push_back(i < count ? i : count + i);
  return b.shuffle(combine(b.slice(acc, 0, count), value), acc, take);
}

/// acc combined with what remains of a dynamic number of elements, each in its lane: by the bits of their number, in
/// memory, as the lanes are not known.
static Value combineRest(KernelBuilder &b, Value acc, const Extent &length,
                         llvm::function_ref<Value(Value, int64_t)> get, Combine combine) {
  Value memory = b.stackMemory(lanes * 4), whole = b.constant(length);
  Value rest = b.create<arith::AndIOp>(whole, b.constant(lanes - 1));
  Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, rest, b.constant(0));
  return b.when(isThere, acc, [&]() -> Values {
    b.store(acc, memory);
    for (int64_t part = lanes / 2; part >= 1; part /= 2) {
      Value left = b.create<arith::AndIOp>(rest, b.constant(2 * part - 1));
      b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, left, b.constant(part)), [&] {
        Value slot = b.at(memory, b.mul(b.create<arith::SubIOp>(rest, left), b.constant(4)));
        Value value = get(b.create<arith::SubIOp>(whole, left), part);
        b.store(combine(b.load(b.vec(part, b.f32()), slot), value), slot);
      });
    }
    return {b.load(b.vec(lanes, b.f32()), memory)};
  })[0];
}

/// Lanes that are apart.
static Value combineAll(MutableArrayRef<Value> values, Combine combine) {
  for (int64_t width = lanes / 2; width >= 1; width /= 2)
    for (int64_t j = 0; j < width; ++j)
      values[j] = combine(values[j], values[j + width]);
  return values.front();
}

/// The lanes of a row as a vector of one.
static Value combineLanes(KernelBuilder &b, Value acc, Combine combine) {
  for (int64_t width = lanes / 2; width >= 1; width /= 2)
    acc = combine(b.slice(acc, 0, width), b.slice(acc, width, width));
  return acc;
}

void nibble::kernels::shareRows(KernelBuilder &b, const Extent &length) {
  constexpr int64_t shortest = 6; // below, most threads would wait for the others
  if (b.isa.isGPU() && length.getStatic() >= shortest)
    b.launch.itemThreads = lanes;
}

/// Each thread is a lane.
static Values reduceByThreads(KernelBuilder &b, int64_t rows, const Extent &length, float neutral,
                              llvm::function_ref<Value(Value, int64_t, int64_t)> get, Combine combine) {
  const Values start(rows, b.splat(b.vec(1, b.f32()), neutral));
  Values acc = carryOwn(b, length, start, [&](Value index, ValueRange carried) {
    Values next;
    for (int64_t row = 0; row < rows; ++row)
      next.push_back(combine(carried[row], get(index, 1, row)));
    return next;
  });
  for (Value &value : acc)
    value = combineThreads(b, value, combine);
  return acc;
}

Values nibble::kernels::reduceRows(KernelBuilder &b, int64_t rows, const Extent &length, float neutral,
                                   llvm::function_ref<Value(Value, int64_t, int64_t)> get, Combine combine) {
  if (b.launch.itemThreads == lanes)
    return reduceByThreads(b, rows, length, neutral, get, combine);
  Values acc(rows, b.splat(b.vec(lanes, b.f32()), neutral));
  const Extent trips = floorDiv(length, lanes), rest = mod(length, lanes);
  if (trips != 0)
    acc = b.loop(trips, acc, [&](Value iv, ValueRange carried) {
      Value first = b.mul(iv, b.constant(lanes));
      Values next;
      for (int64_t row = 0; row < rows; ++row)
        next.push_back(combine(carried[row], get(first, lanes, row)));
      return next;
    });
  for (int64_t row = 0; row < rows; ++row) {
    const auto ofRow = [&](Value first, int64_t count) { return get(first, count, row); };
    if (!rest.isStatic())
      acc[row] = combineRest(b, acc[row], length, ofRow, combine);
    else if (rest != 0)
      acc[row] = combineFirst(b, acc[row], ofRow(b.constant(trips * lanes), rest.getStatic()), combine);
    acc[row] = combineLanes(b, acc[row], combine);
  }
  return acc;
}

Value nibble::kernels::reduceRow(KernelBuilder &b, const Extent &length, float neutral,
                                 llvm::function_ref<Value(Value, int64_t)> get, Combine combine) {
  const auto ofRow = [&](Value first, int64_t count, int64_t) { return get(first, count); };
  return reduceRows(b, 1, length, neutral, ofRow, combine).front();
}

LaneMemory::LaneMemory(KernelBuilder &b) : b(b) {
  const int64_t bytes = lanes * b.isa.vectorBits / 8;
  memory = LLVM::AllocaOp::create(b, b.ptr(), b.i8(), b.constant(bytes), /*alignment=*/64);
}

Value LaneMemory::slot(Value index) {
  const int64_t bytes = type.getNumElements() * 4;
  return b.at(memory, b.mul(b.create<arith::AndIOp>(index, b.constant(lanes - 1)), b.constant(bytes)));
}

void LaneMemory::start(int64_t columns, float neutral) {
  type = b.vec(columns, b.f32());
  Value start = b.splat(type, neutral);
  b.loop(lanes, [&](Value lane) { b.store(start, slot(lane)); });
}

void LaneMemory::add(Value index, Value value, Combine combine) {
  Value pointer = slot(index);
  b.store(combine(b.load(type, pointer), value), pointer);
}

Value LaneMemory::finish(Combine combine) {
  SmallVector<Value, lanes> values;
  for (int64_t lane = 0; lane < lanes; ++lane)
    values.push_back(b.load(type, slot(b.constant(lane))));
  return combineAll(values, combine);
}

/// The number of elements is known, and so each one's lane.
static Value reduceInRegisters(KernelBuilder &b, int64_t length, Value start, llvm::function_ref<Value(Value)> get,
                               Combine combine) {
  const int64_t trips = length / lanes;
  const auto add = [&](Values acc, Value first, int64_t count) {
    for (int64_t lane = 0; lane < count; ++lane)
      acc[lane] = combine(acc[lane], get(b.add(first, b.constant(lane))));
    return acc;
  };
  Values acc(lanes, start);
  if (trips > 0)
    acc = b.loop(trips, acc, [&](Value trip, ValueRange carried) {
      return add(Values(carried), b.mul(trip, b.constant(lanes)), lanes);
    });
  acc = add(acc, b.constant(trips * lanes), length % lanes);
  return combineAll(acc, combine);
}

Value LaneMemory::reduce(const Extent &length, int64_t columns, float neutral, llvm::function_ref<Value(Value)> get,
                         Combine combine) {
  if (b.isa.isGPU())
    return reduceInRegisters(b, length.getStatic(), b.splat(b.vec(columns, b.f32()), neutral), get, combine);
  start(columns, neutral);
  b.loop(length, [&](Value i) { add(i, get(i), combine); });
  return finish(combine);
}
