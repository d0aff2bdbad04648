// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense and grouped convolution, integer and float: register tiles of pixels by columns, the whole sum in registers,
// no im2col.

#include "Dot.h"
#include "Epilogue.h"
#include "Families.h"
#include "Pixels.h"
#include "Plan.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {
/// Where a tile, part or register tile begins.
struct Pointers {
  Value input, weights, bias, multipliers, output, addend, rows;
};

class DenseEmitter {
public:
  DenseEmitter(KernelBuilder &b, const ConvParams &params)
      : b(b), plan(b.isa.isGPU() ? planForThreads(params) : DensePlan(params)), p(plan.params),
        tile(chooseRegisterTile(plan, b.isa)), dot(b, p), epilogue(b, p, plan.columns, kBlock) {}

  void emit(Value args, Value begin, Value end);

private:
  int64_t lanes() const { return b.isa.lanes(); }
  bool hasRowScales() const { return p.encoded || (p.scaled && !dot.isFloat()); }
  Pointers loadArguments(Value args);
  Pointers movePixels(Pointers at, Value pixels);
  Pointers moveBlocks(Pointers at, Value blocks);
  Pointers moveGroup(Pointers at, Value group);

  void emitTile(Pointers base, Value index);
  void emitColumns(Pointers at, const Extent &pixels, int64_t columns);
  void emitPixels(Pointers at, const Extent &pixels, int64_t columns);
  void emitRegisterTile(Pointers at, int64_t mr, int64_t columns);

  Values startAtBias(Value bias, int64_t mr, int64_t nr);
  Values sum(Pointers at, Values acc, int64_t mr, int64_t nr);
  Values sumGroups(Value input, Value weights, Value factors, Values acc, int64_t mr, int64_t nr);
  Values sumSteps(Value input, Value weights, ValueRange factors, Values acc, int64_t steps, int64_t mr, int64_t nr);
  Values steps(Value input, Value weights, ValueRange factors, Values acc, int64_t count, int64_t mr, int64_t nr);
  Values stepsOfRowPairs(Value input, Value weights, ValueRange factors, Values acc, int64_t count, int64_t mr,
                         int64_t nr);
  Values stepsOfPairs(Value input, Value weights, ValueRange factors, Values acc, int64_t count, int64_t mr,
                      int64_t nr);
  int64_t unrolled(int64_t steps) const;
  Value pixel(Value input, int64_t m) { return b.at(input, m * p.strideW * p.in.pixel); }
  Value columnAt(Value weights, int64_t step, int64_t v);
  static Value factorsOf(ValueRange factors, int64_t v) { return factors.empty() ? Value() : factors[v]; }
  /// Accumulators: a row alone is a pair with itself.
  int64_t rowsOf(int64_t mr) const { return dot.pairsRows() ? llvm::alignTo(mr, 2) : mr; }
  Values eachPair(Values acc, int64_t mr, int64_t nr, llvm::function_ref<std::array<Value, 2>(Value, Value)> change);
  void storeFloats(ValueRange acc, Pointers at, int64_t nr, int64_t columns);
  Values scaled(ValueRange acc, Pointers at, int64_t nr);
  Values centered(ValueRange acc, Pointers at, int64_t nr);
  void storeIntegers(ValueRange acc, Pointers at, int64_t nr, int64_t columns);

  KernelBuilder &b;
  DensePlan plan;
  const ConvParams &p;
  RegisterTile tile;
  Dot dot;
  Epilogue epilogue;
};
} // namespace

Pointers DenseEmitter::loadArguments(Value args) {
  Pointers at;
  at.input = b.argument(args, 0);
  at.weights = b.argument(args, 1);
  at.bias = b.argument(args, 2);
  if (!dot.isFloat() || p.scaled)
    at.multipliers = b.argument(args, 3);
  at.output = b.argument(args, 4);
  if (p.residual)
    at.addend = b.argument(args, 5);
  if (hasRowScales())
    at.rows = b.argument(args, 5);
  return at;
}

Pointers DenseEmitter::movePixels(Pointers at, Value pixels) {
  const auto moved = [&](Value pointer, int64_t pitch) { return b.at(pointer, b.mul(pixels, b.constant(pitch))); };
  at.input = moved(at.input, p.strideW * p.in.pixel);
  at.output = moved(at.output, p.out.pixel);
  if (p.residual)
    at.addend = moved(at.addend, p.residual->addend.pixel);
  if (hasRowScales() && p.rowScalePitch)
    at.rows = moved(at.rows, p.rowScalePitch);
  return at;
}

Pointers DenseEmitter::moveBlocks(Pointers at, Value blocks) {
  const auto moved = [&](Value pointer, int64_t bytes) { return b.at(pointer, b.mul(blocks, b.constant(bytes))); };
  at.weights = moved(at.weights, plan.blockBytes());
  at.bias = moved(at.bias, plan.biasBytes());
  if (at.multipliers)
    at.multipliers = moved(at.multipliers, kBlock * 4);
  at.output = moved(at.output, kBlock * bytesOf(p.output));
  if (p.residual)
    at.addend = moved(at.addend, kBlock * bytesOf(p.output));
  return at;
}

Pointers DenseEmitter::moveGroup(Pointers at, Value group) {
  const auto moved = [&](Value pointer, int64_t bytes) { return b.at(pointer, b.mul(group, b.constant(bytes))); };
  const int64_t padded = plan.blocks() * kBlock * 4;
  at.input = moved(at.input, plan.channels * bytesOf(p.input));
  at.weights = moved(at.weights, plan.groupBytes());
  at.bias = moved(at.bias, plan.blocks() * plan.biasBytes());
  if (at.multipliers)
    at.multipliers = moved(at.multipliers, p.requant == Requant::Fixed || p.scaled ? 2 * padded : padded);
  at.output = moved(at.output, plan.columns * bytesOf(p.output));
  if (p.residual)
    at.addend = moved(at.addend, plan.columns * bytesOf(p.output));
  return at;
}

void DenseEmitter::emit(Value args, Value begin, Value end) {
  Pointers base = loadArguments(args);
  b.loop(begin, end, [&](Value index) { emitTile(base, index); });
}

/// Emits `body` for the length of piece `index`: twice where the last one is shorter, or may be.
static void forLength(KernelBuilder &b, const Split &split, Value index,
                      llvm::function_ref<void(const Extent &)> body) {
  if (split.last == split.size)
    return body(split.size);
  Value isLast = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, index, b.constant(split.count - 1));
  auto branch = scf::IfOp::create(b, isLast, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body(split.last);
  b.setInsertionPointToStart(branch.elseBlock());
  body(split.size);
}

/// Splits tile `index` into (y, x, n), n running fastest.
void DenseEmitter::emitTile(Pointers at, Value index) {
  const auto digit = [&](const Extent &base) {
    Value divisor = b.constant(base), low = b.create<arith::RemUIOp>(index, divisor);
    index = b.create<arith::DivUIOp>(index, divisor);
    return low;
  };
  Value n = digit(plan.n.count), x = digit(plan.x.count), y = index;
  at.input = b.at(at.input, b.mul(y, b.constant(p.strideH * p.in.row)));
  at.output = b.at(at.output, b.mul(y, b.constant(p.out.row)));
  if (p.residual)
    at.addend = b.at(at.addend, b.mul(y, b.constant(p.residual->addend.row)));
  at = movePixels(at, b.mul(x, b.constant(plan.x.size)));
  if (plan.n.count != 1)
    at = moveBlocks(at, b.mul(n, b.constant(plan.n.size / kBlock)));
  forLength(b, plan.x, x, [&](const Extent &pixels) {
    forLength(b, plan.n, n, [&](const Extent &columns) {
      b.loop(p.groups,
             [&](Value group) { emitColumns(p.groups == 1 ? at : moveGroup(at, group), pixels, columns.getStatic()); });
    });
  });
}

/// Columns outside, pixels inside: a panel of weights stays in the nearest cache.
void DenseEmitter::emitColumns(Pointers at, const Extent &pixels, int64_t columns) {
  const int64_t blocks = llvm::divideCeil(columns, kBlock);
  for (Part part : splitEvenly(blocks, tile.blocks)) {
    const bool ragged = (part.first + part.size * part.count) * kBlock > columns;
    const int64_t whole = part.count - ragged;
    if (whole)
      b.loop(whole, [&](Value i) {
        emitPixels(moveBlocks(at, b.addMul(b.constant(part.first), i, part.size)), pixels, part.size * kBlock);
      });
    if (!ragged)
      continue;
    const int64_t first = part.first + part.size * whole;
    emitPixels(moveBlocks(at, b.constant(first)), pixels, columns - first * kBlock);
  }
}

void DenseEmitter::emitPixels(Pointers at, const Extent &pixels, int64_t columns) {
  emitPixelGroups(b, pixels, tile.mr,
                  [&](Value first, int64_t mr) { emitRegisterTile(movePixels(at, first), mr, columns); });
}

void DenseEmitter::emitRegisterTile(Pointers at, int64_t mr, int64_t columns) {
  const int64_t nr = llvm::divideCeil(columns, lanes());
  Values acc = startAtBias(at.bias, mr, nr);
  acc = eachPair(std::move(acc), mr, nr, [&](Value upper, Value lower) -> std::array<Value, 2> {
    const Dot::PairTile tile = dot.joinRows(upper, lower);
    return {tile.first, tile.last};
  });
  acc = sum(at, std::move(acc), mr, nr);
  acc = eachPair(std::move(acc), mr, nr, [&](Value first, Value last) { return dot.splitRows({first, last}); });
  acc.resize(mr * nr);
  for (Value &value : acc)
    value = dot.finish(value);
  if (p.scaled)
    acc = scaled(acc, at, nr);
  else if (p.encoded)
    acc = centered(acc, at, nr);
  if (p.output == ElementKind::F32)
    storeFloats(acc, at, nr, columns);
  else
    storeIntegers(acc, at, nr, columns);
}

Values DenseEmitter::startAtBias(Value bias, int64_t mr, int64_t nr) {
  Values row, acc;
  const int64_t kind = p.pairedSteps && !dot.pairsRows() ? kBlock * 4 : 0;
  for (int64_t v = 0; v < nr; ++v) {
    const int64_t first = v * lanes(), offset = first / kBlock * plan.biasBytes() + first % kBlock * 4 + kind;
    row.push_back(dot.start(b.load(b.vec(lanes(), dot.element()), b.at(bias, offset), lanes() * 4)));
  }
  for (int64_t m = 0; m < rowsOf(mr); ++m)
    llvm::append_range(acc, row);
  return acc;
}

/// Changes the accumulators of two rows together, where rows come in pairs.
Values DenseEmitter::eachPair(Values acc, int64_t mr, int64_t nr,
                              llvm::function_ref<std::array<Value, 2>(Value, Value)> change) {
  for (int64_t m = 0; m < mr && dot.pairsRows(); m += 2)
    for (int64_t v = 0; v < nr; ++v) {
      Value &upper = acc[m * nr + v], &lower = acc[(m + 1) * nr + v];
      const std::array<Value, 2> changed = change(upper, lower);
      upper = changed[0];
      lower = changed[1];
    }
  return acc;
}

/// All steps of all taps.
Values DenseEmitter::sum(Pointers at, Values acc, int64_t mr, int64_t nr) {
  return b.loop(p.KH, acc, [&](Value ky, ValueRange acc) {
    Value inputRow = b.at(at.input, b.mul(ky, b.constant(p.dilationH * p.in.row)));
    Value weightRow = b.at(at.weights, b.mul(ky, b.constant(p.KW * plan.tapBytes())));
    Value factorRow = plan.tapGroups() ? b.at(b.at(at.weights, plan.factorsOffset()),
                                              b.mul(ky, b.constant(p.KW * plan.tapGroups() * kBlock)))
                                       : Value();
    return b.loop(p.KW, acc, [&](Value kx, ValueRange acc) {
      Value inputTap = b.at(inputRow, b.mul(kx, b.constant(p.dilationW * p.in.pixel)));
      Value weightTap = b.at(weightRow, b.mul(kx, b.constant(plan.tapBytes())));
      if (!factorRow)
        return sumSteps(inputTap, weightTap, {}, Values(acc), plan.tapSteps, mr, nr);
      Value factorTap = b.at(factorRow, b.mul(kx, b.constant(plan.tapGroups() * kBlock)));
      return sumGroups(inputTap, weightTap, factorTap, Values(acc), mr, nr);
    });
  });
}

/// The steps of a tap, group by group of those that share factors; the last one may be shorter.
Values DenseEmitter::sumGroups(Value input, Value weights, Value factors, Values acc, int64_t mr, int64_t nr) {
  const int64_t size = plan.groupSteps(), bytes = size / plan.stepsPerByte() * plan.stepBytes();
  const auto group = [&](Value input, Value weights, Value factors, Values acc, int64_t steps) {
    Values loaded;
    for (int64_t v = 0; v < nr; ++v) {
      const int64_t first = v * lanes();
      loaded.push_back(dot.factors(b.at(factors, first / kBlock * plan.blockBytes() + first % kBlock), lanes()));
    }
    return sumSteps(input, weights, loaded, acc, steps, mr, nr);
  };
  const int64_t whole = plan.tapSteps / size, rest = plan.tapSteps % size;
  if (whole)
    acc = b.loop(whole, acc, [&](Value i, ValueRange acc) {
      return group(b.at(input, b.mul(i, b.constant(inputStepBytes(p) * size))),
                   b.at(weights, b.mul(i, b.constant(bytes))), b.at(factors, b.mul(i, b.constant(kBlock))), Values(acc),
                   size);
    });
  return rest ? group(b.at(input, inputStepBytes(p) * whole * size), b.at(weights, whole * bytes),
                      b.at(factors, whole * kBlock), acc, rest)
              : acc;
}

/// Few steps become straight code, more a loop of at most four steps a trip.
int64_t DenseEmitter::unrolled(int64_t steps) const {
  const bool elements = Dot::takesElements(b.isa, steps);
  if (plan.stepsPerByte() > 1)
    return std::min(steps, elements ? 4 : plan.stepsPerByte());
  if (dot.splitsOperands()) // a step takes all registers: the next one must not begin in it
    return 1;
  if (p.pairedSteps)
    return std::min<int64_t>(steps, 2);
  return elements || steps <= 4 ? std::min<int64_t>(steps, 4) : (steps % 2 == 0 ? 2 : 1);
}

Values DenseEmitter::sumSteps(Value input, Value weights, ValueRange factors, Values acc, int64_t steps, int64_t mr,
                              int64_t nr) {
  const int64_t stepBytes = plan.stepBytes(), inputBytes = inputStepBytes(p), unroll = unrolled(steps);
  acc = b.loop(steps / unroll, acc, [&](Value i, ValueRange acc) {
    Value inputs = b.at(input, b.mul(i, b.constant(inputBytes * unroll)));
    Value bytes = b.at(weights, b.mul(i, b.constant(stepBytes * unroll / plan.stepsPerByte())));
    return this->steps(inputs, bytes, factors, Values(acc), unroll, mr, nr);
  });
  const int64_t rest = steps % unroll, done = steps - rest; // of narrow weights, or of steps in pairs
  return rest ? this->steps(b.at(input, inputBytes * done), b.at(weights, done / plan.stepsPerByte() * stepBytes),
                            factors, acc, rest, mr, nr)
              : acc;
}

/// Where vector `v` of the weights of step `step` begins.
Value DenseEmitter::columnAt(Value weights, int64_t step, int64_t v) {
  const int64_t first = v * lanes();
  return b.at(weights, first / kBlock * plan.blockBytes() + first % kBlock * (plan.stepBytes() / kBlock) +
                           step / plan.stepsPerByte() * plan.stepBytes());
}

/// Steps of 8 bytes by instructions that take two rows.
Values DenseEmitter::stepsOfRowPairs(Value input, Value weights, ValueRange factors, Values acc, int64_t count,
                                     int64_t mr, int64_t nr) {
  SmallVector<std::array<Value, 2>> rows;
  for (int64_t u = 0; u < count; ++u) {
    for (int64_t m = 0; m < mr && u % 2 == 0; m += 2) {
      const auto row = [&](int64_t m) { return b.at(pixel(input, std::min(m, mr - 1)), 8 * u); };
      rows.resize(llvm::divideCeil(mr, 2));
      rows[m / 2] = dot.loadRows(row(m), row(m + 1), std::min<int64_t>(2, count - u));
    }
    for (int64_t v = 0; v < nr; ++v) {
      const Dot::PairTile tile =
          dot.pairWeights(columnAt(weights, u, v), u % plan.stepsPerByte(), factorsOf(factors, v));
      for (auto [i, pair] : llvm::enumerate(rows)) {
        Value &first = acc[2 * i * nr + v], &last = acc[(2 * i + 1) * nr + v];
        const Dot::PairTile sums = dot.multiplyAddPair({first, last}, pair[u % 2], tile);
        first = sums.first;
        last = sums.last;
      }
    }
  }
  return acc;
}

/// Steps of 8 bytes by instructions that take 4: inputs stay, weights pass by.
Values DenseEmitter::stepsOfPairs(Value input, Value weights, ValueRange factors, Values acc, int64_t count, int64_t mr,
                                  int64_t nr) {
  SmallVector<std::array<Operand, 4>> rows(mr);
  for (int64_t u = 0; u < count; ++u) {
    const bool elements = Dot::takesElements(b.isa, 2 * (count - count % 2)) && u < count - count % 2;
    const int64_t half = elements ? 2 * (u % 2) : 0;
    for (int64_t m = 0; m < mr && half == 0; ++m) {
      Value pointer = b.at(pixel(input, m), 8 * u);
      if (elements)
        rows[m] = dot.broadcastElements(pointer, lanes());
      else
        rows[m] = {dot.broadcastInput(pointer, lanes()), dot.broadcastInput(b.at(pointer, 4), lanes()), {}, {}};
    }
    for (int64_t v = 0; v < nr; ++v) {
      const std::array<Operand, 2> columns =
          dot.weightsOfPair(columnAt(weights, u, v), lanes(), u % plan.stepsPerByte(), factorsOf(factors, v));
      for (auto [i, column] : llvm::enumerate(columns))
        for (int64_t m = 0; m < mr; ++m)
          acc[m * nr + v] = dot.multiplyAdd(acc[m * nr + v], rows[m][half + i], column);
    }
  }
  return acc;
}

/// acc[m][v] += input[m] * weights[v] for `count` steps of 4 bytes (or one float) of input.
Values DenseEmitter::steps(Value input, Value weights, ValueRange factors, Values acc, int64_t count, int64_t mr,
                           int64_t nr) {
  if (dot.pairsRows())
    return stepsOfRowPairs(input, weights, factors, std::move(acc), count, mr, nr);
  if (p.pairedSteps)
    return stepsOfPairs(input, weights, factors, std::move(acc), count, mr, nr);
  SmallVector<std::array<Operand, 4>> elements;
  for (int64_t m = 0; m < mr && Dot::takesElements(b.isa, count); ++m)
    elements.push_back(dot.broadcastElements(pixel(input, m), lanes()));
  for (int64_t u = 0; u < count; ++u) {
    const auto row = [&](int64_t m) {
      return elements.empty() ? dot.broadcastInput(b.at(pixel(input, m), 4 * u), lanes()) : elements[m][u];
    };
    const auto column = [&](int64_t v) {
      return dot.weights(columnAt(weights, u, v), lanes(), u % plan.stepsPerByte(), factorsOf(factors, v));
    };
    // One side stays in registers for a step, the other one passes by.
    SmallVector<Operand> staying;
    if (nr > mr && dot.splitsOperands()) {
      for (int64_t m = 0; m < mr; ++m)
        staying.push_back(row(m));
      for (int64_t v = 0; v < nr; ++v) {
        Operand passing = column(v);
        for (int64_t m = 0; m < mr; ++m)
          acc[m * nr + v] = dot.multiplyAdd(acc[m * nr + v], staying[m], passing);
      }
      continue;
    }
    for (int64_t v = 0; v < nr; ++v)
      staying.push_back(column(v));
    for (int64_t m = 0; m < mr; ++m) {
      Operand passing = row(m);
      for (int64_t v = 0; v < nr; ++v)
        acc[m * nr + v] = dot.multiplyAdd(acc[m * nr + v], passing, staying[v]);
    }
  }
  return acc;
}

void DenseEmitter::storeFloats(ValueRange acc, Pointers at, int64_t nr, int64_t columns) {
  for (auto [i, value] : llvm::enumerate(acc)) {
    const int64_t pixel = i / nr, column = i % nr * lanes();
    Value pointer = b.at(at.output, pixel * p.out.pixel + column * 4);
    Value clamped = p.scaled || p.sums ? value : epilogue.clampFloat(value);
    b.storePart(clamped, std::min(lanes(), columns - column), pointer);
  }
}

/// Sums as results, by the scales of columns and, for integers, of rows.
Values DenseEmitter::scaled(ValueRange acc, Pointers at, int64_t nr) {
  SmallVector<Multiplier> multipliers;
  for (int64_t v = 0; v < nr; ++v)
    multipliers.push_back(epilogue.loadMultiplier(b.at(at.multipliers, v * lanes() * 4), lanes()));
  Values results;
  Value row;
  for (auto [i, value] : llvm::enumerate(acc)) {
    if (hasRowScales() && i % nr == 0)
      row = b.broadcastLoad(b.vec(lanes(), b.f32()), b.at(at.rows, i / nr * p.rowScalePitch));
    results.push_back(epilogue.scale(value, multipliers[i % nr], row));
  }
  return results;
}

/// Sums less what the zero point makes of them.
Values DenseEmitter::centered(ValueRange acc, Pointers at, int64_t nr) {
  Value zero = epilogue.loadZeroPoint(at.rows, lanes());
  Values taken, results;
  for (int64_t v = 0; v < nr; ++v)
    taken.push_back(epilogue.loadTaken(b.at(at.multipliers, v * lanes() * 4), zero));
  for (auto [i, value] : llvm::enumerate(acc))
    results.push_back(b.create<arith::SubIOp>(value, taken[i % nr]));
  return results;
}

/// Packs as many accumulators at a time as fill a register, whatever pixel they belong to, and stores what is
/// contiguous at once.
void DenseEmitter::storeIntegers(ValueRange acc, Pointers at, int64_t nr, int64_t columns) {
  SmallVector<Multiplier> multipliers;
  for (int64_t v = 0; v < nr; ++v)
    multipliers.push_back(epilogue.loadMultiplier(b.at(at.multipliers, v * lanes() * 4), lanes()));
  const auto requantized = [&](int64_t i) {
    Value addend;
    if (p.residual)
      addend = epilogue.loadAddend(
          b.at(at.addend, i / nr * p.residual->addend.pixel + i % nr * lanes() * bytesOf(p.output)), lanes());
    return epilogue.requantize(acc[i], multipliers[i % nr], addend);
  };
  const int64_t count = acc.size(), together = epilogue.vectorsOfPack();
  for (int64_t first = 0; first < count; first += together) {
    const int64_t last = std::min(first + together, count);
    Values vectors;
    for (int64_t i = first; i < last; ++i)
      vectors.push_back(requantized(i));
    vectors.resize(together, vectors.back());
    Value packed = epilogue.packInOrder(vectors);
    for (int64_t i = first, next; i < last; i = next) {
      next = std::min(last, (i / nr + 1) * nr);
      const int64_t column = i % nr * lanes();
      const int64_t length = std::min((next - i) * lanes(), columns - column);
      Value pointer = b.at(at.output, i / nr * p.out.pixel + column * bytesOf(p.output));
      b.storePart(b.slice(packed, (i - first) * lanes(), (next - i) * lanes()), length, pointer);
    }
  }
}

void nibble::kernels::emitDense(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end) {
  DenseEmitter(b, params).emit(args, begin, end);
}
