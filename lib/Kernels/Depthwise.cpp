// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Depthwise convolution: vectors of channels.
//
// Integer: four rows of the window (two of 16-bit values) are interleaved to [channel][taps] by unpack instructions,
// which work in lanes of 128 bits; a dot product then takes a column of the window for all its channels. An interleaved
// column serves every output pixel that it belongs to. Weights, biases and multipliers are packed in the order that the
// unpacks produce, and the pack instructions of the epilogue undo it where the result is as wide as the input.

#include "Dot.h"
#include "Epilogue.h"
#include "Families.h"
#include "Pixels.h"
#include "Plan.h"
#include <map>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Channels that lie together in packed operands.
static constexpr int64_t kChannelBlock = 64;

static bool isFloat(const ConvParams &p) { return p.input == ElementKind::F32; }

/// Taps of a dot product: the rows of the window that are interleaved, and the vectors that this gives.
static int64_t tapsOf(const ConvParams &p) { return channelsPerStep(p); }

/// Rows of the window come in fours, or in twos.
static int64_t rowGroups(const ConvParams &p) { return llvm::divideCeil(p.KH, tapsOf(p)); }

Extent nibble::kernels::depthwiseTileCount(const ConvParams &params) { return params.H; }

/// Of T vectors, channel 4 T l + 4 j + q of a block is value (64 / T) j + 4 l + q: vector j of a register with any
/// number of lanes l is contiguous.
static int64_t laneOrder(int64_t channel, int64_t vectors) {
  const int64_t block = channel / kChannelBlock * kChannelBlock, c = channel % kChannelBlock;
  return block + c / 4 % vectors * (kChannelBlock / vectors) + c / (4 * vectors) * 4 + c % 4;
}

PackedWeights nibble::kernels::depthwiseWeights(const ConvParams &p) {
  const int64_t padded = llvm::alignTo(p.C, kChannelBlock);
  if (isFloat(p))
    return {p.KH * p.KW * padded,
            [=](int64_t o, int64_t ky, int64_t kx, int64_t) { return (ky * p.KW + kx) * padded + o; }};
  const int64_t taps = tapsOf(p), groups = rowGroups(p), columns = p.KW * groups;
  return {columns * padded * taps, [=](int64_t o, int64_t ky, int64_t kx, int64_t) {
            const int64_t block = o / kChannelBlock, column = kx * groups + ky / taps;
            const int64_t channel = laneOrder(o % kChannelBlock, taps);
            return ((block * columns + column) * kChannelBlock + channel) * taps + ky % taps;
          }};
}

PackedColumns nibble::kernels::depthwiseColumns(const ConvParams &p) {
  const int64_t vectors = tapsOf(p); // one of floats, which stay in order
  return {1, int64_t(llvm::alignTo(p.C, kChannelBlock)), [=](int64_t o) { return laneOrder(o, vectors); }};
}

namespace {
/// Channels that one register tile covers.
struct Channels {
  int64_t lanes; ///< of i32 or f32 in a vector
  int64_t valid;
};

struct Pointers {
  Value input, weights, bias, multipliers, output, addend, rows;
};

class DepthwiseEmitter {
public:
  DepthwiseEmitter(KernelBuilder &b, const ConvParams &params)
      : b(b), p(params), dot(b, p), epilogue(b, p, p.C, kChannelBlock) {}
  virtual ~DepthwiseEmitter() = default;

  void emit(Value args, Value begin, Value end);

protected:
  /// Channels of a vector's worth of accumulators.
  virtual int64_t channelsPerLane() const = 0;
  virtual int64_t outputsAtOnce() const = 0;
  virtual int64_t weightBytesPerBlock() const = 0;
  virtual void emitOutputs(Pointers at, int64_t outputs, Channels channels) = 0;

  /// Of a weight that advances with its channel, and of what each channel has one of: packed integers have 4 values
  /// where the channels advance by 16, or by 8 of 16-bit values.
  int64_t weightStep() const { return isFloat(p) && !p.scaled ? 4 : 1; }
  int64_t columnStep() const { return bytesOf(p.input); }
  Pointers moved(Pointers at, Value pixels);
  Pointers block(Pointers at, Value index);
  Pointers channelsWithin(Pointers at, Value channels);
  void emitRow(Pointers at);
  void emitItem(Pointers at, Value item);
  void emitChannels(Pointers at, int64_t channels);
  void emitPixels(Pointers at, Channels channels);

  KernelBuilder &b;
  const ConvParams &p;
  Dot dot;
  Epilogue epilogue;
};

class IntDepthwise : public DepthwiseEmitter {
public:
  using DepthwiseEmitter::DepthwiseEmitter;

private:
  int64_t channelsPerLane() const override { return taps(); }
  int64_t outputsAtOnce() const override { return b.isa.registers >= 32 ? 4 : 2; }
  int64_t weightBytesPerBlock() const override { return p.KW * rowGroups(p) * kChannelBlock * taps(); }
  void emitOutputs(Pointers at, int64_t outputs, Channels channels) override;

  int64_t taps() const { return tapsOf(p); }
  Values interleave(Value column, int64_t group, int64_t lanes);
  void storeOutput(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels);
  Value makeWords(Pointers at, int64_t j, Value acc);
  void storeWords(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels);
  void storeInOrder(Pointers at, int64_t output, ArrayRef<Value> vectors, Channels channels);
  /// Byte offset of vector j's columns in a packed block, and of its weights.
  int64_t columnOffset(int64_t j) const { return j * (kChannelBlock / taps()) * 4; }
  int64_t weightOffset(int64_t j) const { return j * kChannelBlock; }
};

class FloatDepthwise : public DepthwiseEmitter {
public:
  using DepthwiseEmitter::DepthwiseEmitter;

private:
  int64_t channelsPerLane() const override { return 1; }
  int64_t outputsAtOnce() const override { return b.isa.registers >= 32 ? 8 : 6; }
  int64_t weightBytesPerBlock() const override { return kChannelBlock * weightStep(); }
  void emitOutputs(Pointers at, int64_t outputs, Channels channels) override;
};
} // namespace

void DepthwiseEmitter::emit(Value args, Value begin, Value end) {
  Pointers base;
  base.input = b.argument(args, 0);
  base.weights = b.argument(args, 1);
  base.bias = b.argument(args, 2);
  if (!isFloat(p) || p.scaled)
    base.multipliers = b.argument(args, 3);
  base.output = b.argument(args, 4);
  if (p.residual)
    base.addend = b.argument(args, 5);
  if (p.encoded || (p.scaled && !isFloat(p)))
    base.rows = b.argument(args, 5);
  b.loop(begin, end, [&](Value tile) {
    Value y = tile, item;
    if (b.isa.isGPU()) {
      const Extent items = depthwiseItemCount(p, b.isa);
      Value perRow = b.constant(floorDiv(items, max(p.H, 1)));
      y = b.create<arith::DivUIOp>(tile, perRow);
      item = b.create<arith::RemUIOp>(tile, perRow);
    }
    Pointers at = base;
    at.input = b.at(at.input, b.mul(y, b.constant(p.strideH * p.in.row)));
    at.output = b.at(at.output, b.mul(y, b.constant(p.out.row)));
    if (p.residual)
      at.addend = b.at(at.addend, b.mul(y, b.constant(p.residual->addend.row)));
    if (item)
      emitItem(at, item);
    else
      emitRow(at);
  });
}

/// Channels and outputs of a thread's register tile.
static int64_t itemChannels(const ConvParams &p, const ISA &isa) { return isa.lanes() * (isFloat(p) ? 1 : tapsOf(p)); }
static constexpr int64_t itemOutputs = 2;

Extent nibble::kernels::depthwiseItemCount(const ConvParams &p, const ISA &isa) {
  return p.H * ceilDiv(p.W, itemOutputs) * ceilDiv(p.C, itemChannels(p, isa));
}

/// Item `item` of a row: neighbouring threads have neighbouring channels.
void DepthwiseEmitter::emitItem(Pointers at, Value item) {
  const int64_t width = itemChannels(p, b.isa), parts = llvm::divideCeil(p.C, width);
  Value part = b.create<arith::RemUIOp>(item, b.constant(parts)),
        group = b.create<arith::DivUIOp>(item, b.constant(parts));
  at = moved(at, b.mul(group, b.constant(itemOutputs)));
  const int64_t perBlock = kChannelBlock / width, lastOutputs = (p.W.getStatic() - 1) % itemOutputs + 1;
  at = channelsWithin(block(at, b.create<arith::DivUIOp>(part, b.constant(perBlock))),
                      b.mul(b.create<arith::RemUIOp>(part, b.constant(perBlock)), b.constant(width)));
  const auto isLast = [&](Value index, int64_t count) {
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, index, b.constant(count - 1));
  };
  const auto emitColumns = [&](int64_t outputs) {
    const int64_t left = p.C % width;
    if (left == 0)
      return emitOutputs(at, outputs, {b.isa.lanes(), width});
    b.whenElse(
        isLast(part, parts), [&] { emitOutputs(at, outputs, {b.isa.lanes(), left}); },
        [&] { emitOutputs(at, outputs, {b.isa.lanes(), width}); });
  };
  if (lastOutputs == itemOutputs)
    return emitColumns(itemOutputs);
  const int64_t groups = llvm::divideCeil(p.W.getStatic(), itemOutputs);
  b.whenElse(isLast(group, groups), [&] { emitColumns(lastOutputs); }, [&] { emitColumns(itemOutputs); });
}

Pointers DepthwiseEmitter::moved(Pointers at, Value pixels) {
  at.input = b.at(at.input, b.mul(pixels, b.constant(p.strideW * p.in.pixel)));
  at.output = b.at(at.output, b.mul(pixels, b.constant(p.out.pixel)));
  if (p.residual)
    at.addend = b.at(at.addend, b.mul(pixels, b.constant(p.residual->addend.pixel)));
  return at;
}

Pointers DepthwiseEmitter::block(Pointers at, Value index) {
  const auto moved = [&](Value pointer, int64_t bytes) { return b.at(pointer, b.mul(index, b.constant(bytes))); };
  at.input = moved(at.input, kChannelBlock * bytesOf(p.input));
  at.output = moved(at.output, kChannelBlock * bytesOf(p.output));
  at.weights = moved(at.weights, weightBytesPerBlock());
  at.bias = moved(at.bias, kChannelBlock * 4);
  if (at.multipliers)
    at.multipliers = moved(at.multipliers, kChannelBlock * 4);
  if (p.residual)
    at.addend = moved(at.addend, kChannelBlock * bytesOf(p.output));
  return at;
}

void DepthwiseEmitter::emitRow(Pointers at) {
  const int64_t blocks = p.C / kChannelBlock, rest = p.C % kChannelBlock;
  if (blocks)
    b.loop(blocks, [&](Value i) { emitChannels(block(at, i), kChannelBlock); });
  if (rest)
    emitChannels(block(at, b.constant(blocks)), rest);
}

/// Moves within a block.
Pointers DepthwiseEmitter::channelsWithin(Pointers at, Value channels) {
  const auto moved = [&](Value pointer, int64_t bytes) { return b.at(pointer, b.mul(channels, b.constant(bytes))); };
  at.input = moved(at.input, bytesOf(p.input));
  at.output = moved(at.output, bytesOf(p.output));
  at.weights = moved(at.weights, weightStep());
  at.bias = moved(at.bias, columnStep());
  if (at.multipliers)
    at.multipliers = moved(at.multipliers, columnStep());
  if (p.residual)
    at.addend = moved(at.addend, bytesOf(p.output));
  return at;
}

/// Covers the channels of a block with the widest vectors, and what remains with the narrowest that suffices.
void DepthwiseEmitter::emitChannels(Pointers at, int64_t channels) {
  int64_t lanes = b.isa.lanes();
  const int64_t width = lanes * channelsPerLane(), whole = channels / width, left = channels % width;
  if (whole)
    b.loop(whole, [&](Value i) { emitPixels(channelsWithin(at, b.mul(i, b.constant(width))), {lanes, width}); });
  if (!left)
    return;
  while (lanes > 4 && left <= lanes / 2 * channelsPerLane())
    lanes /= 2;
  emitPixels(channelsWithin(at, b.constant(whole * width)), {lanes, left});
}

void DepthwiseEmitter::emitPixels(Pointers at, Channels channels) {
  emitPixelGroups(b, p.W, outputsAtOnce(),
                  [&](Value first, int64_t outputs) { emitOutputs(moved(at, first), outputs, channels); });
}

/// Lane by lane of 128 bits, the low or high halves of a and b alternating.
static Value unpack(KernelBuilder &b, Value first, Value second, bool high) {
  auto type = cast<VectorType>(first.getType());
  const int64_t count = type.getNumElements(), lane = 128 / type.getElementTypeBitWidth();
  SmallVector<int64_t> order;
  for (int64_t base = 0; base < count; base += lane)
    for (int64_t i = 0; i < lane / 2; ++i) {
      const int64_t from = base + i + (high ? lane / 2 : 0);
      order.append({from, from + count});
    }
  return b.shuffle(first, second, order);
}

/// Rows T * group and on of the column of the window at `column`, as [channel][row].
Values IntDepthwise::interleave(Value column, int64_t group, int64_t lanes) {
  Type type = b.vec(taps() * lanes, b.getIntegerType(32 / taps()));
  Values rows;
  for (int64_t ky = taps() * group; ky < taps() * (group + 1); ++ky)
    rows.push_back(ky < p.KH ? b.load(type, b.at(column, ky * p.dilationH * p.in.row)) : b.splat(type, int64_t(0)));
  // Halves of rows 0 and 1 of channels in order; of four rows, halves of these with those of rows 2 and 3.
  const auto pairs = [&](Value first, Value second, unsigned width) {
    Value low = unpack(b, first, second, false), high = unpack(b, first, second, true);
    return std::array<Value, 2>{b.bitcast(low, b.getIntegerType(width)), b.bitcast(high, b.getIntegerType(width))};
  };
  const auto first = pairs(rows[0], rows[1], 64 / taps());
  if (taps() == 2)
    return Values(first.begin(), first.end());
  const auto second = pairs(rows[2], rows[3], 16);
  Values vectors;
  for (int64_t half = 0; half < 2; ++half)
    llvm::append_range(vectors, pairs(first[half], second[half], 32));
  return vectors;
}

void IntDepthwise::emitOutputs(Pointers at, int64_t outputs, Channels channels) {
  const int64_t lanes = channels.lanes, groups = rowGroups(p), vectors = taps();
  Type type = b.vec(lanes, b.i32());
  Values bias, acc;
  for (int64_t j = 0; j < vectors; ++j)
    bias.push_back(dot.start(b.load(type, b.at(at.bias, columnOffset(j)), lanes * 4)));
  for (int64_t o = 0; o < outputs; ++o)
    llvm::append_range(acc, bias);
  // Which outputs want an input column, and at which place of their window.
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> uses;
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t kx = 0; kx < p.KW; ++kx)
      uses[o * p.strideW + kx * p.dilationW].push_back({o, kx});
  for (const auto &[column, users] : uses) {
    Value pointer = b.at(at.input, column * p.in.pixel);
    for (int64_t group = 0; group < groups; ++group) {
      Values interleaved = interleave(pointer, group, lanes);
      for (int64_t j = 0; j < vectors; ++j) {
        Operand input = dot.input(interleaved[j]);
        for (auto [o, kx] : users) {
          const int64_t offset = (kx * groups + group) * kChannelBlock * taps() + weightOffset(j);
          Value &sum = acc[o * vectors + j];
          sum = dot.multiplyAdd(sum, input, dot.weights(b.at(at.weights, offset), lanes));
        }
      }
    }
  }
  for (int64_t o = 0; o < outputs; ++o) {
    const auto sums = ArrayRef<Value>(acc).slice(vectors * o, vectors);
    if (p.scaled || p.sums)
      storeWords(at, o, sums, channels);
    else
      storeOutput(at, o, sums, channels);
  }
}

/// Vector `index` of the channels in order: lane k of 128 bits of vector j of T holds channels 4 T k + 4 j and on.
static Value inChannelOrder(KernelBuilder &b, ArrayRef<Value> vectors, int64_t index) {
  const int64_t lanes = KernelBuilder::lanesOf(vectors[0]), quads = lanes / 4, count = vectors.size();
  const auto quad = [&](int64_t i) { return std::pair(i % count, i / count * 4); }; // vector, first element
  Values halves;
  for (int64_t i = index * quads; i < (index + 1) * quads; i += 2) {
    const auto [first, from] = quad(i);
    if (quads == 1)
      return vectors[first];
    const auto [second, to] = quad(i + 1);
    halves.push_back(
        b.shuffle(vectors[first], vectors[second],
                  {from, from + 1, from + 2, from + 3, lanes + to, lanes + to + 1, lanes + to + 2, lanes + to + 3}));
  }
  return halves.size() == 1 ? halves[0] : b.shuffle(halves[0], halves[1], llvm::to_vector(llvm::seq<int64_t>(0, 16)));
}

/// Vector j of results of 4 bytes: scaled, or the sums.
Value IntDepthwise::makeWords(Pointers at, int64_t j, Value acc) {
  const int64_t lanes = KernelBuilder::lanesOf(acc);
  if (p.sums && !p.encoded)
    return acc;
  Value column = b.at(at.multipliers, columnOffset(j));
  if (p.sums)
    return b.create<arith::SubIOp>(acc, epilogue.loadTaken(column, epilogue.loadZeroPoint(at.rows, lanes)));
  Value row = b.broadcastLoad(b.vec(lanes, b.f32()), at.rows);
  return epilogue.scale(acc, epilogue.loadMultiplier(column, lanes), row);
}

void IntDepthwise::storeWords(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels) {
  Values results;
  for (int64_t j = 0; j < taps(); ++j)
    results.push_back(makeWords(at, j, dot.finish(acc[j])));
  for (int64_t j = 0; j * channels.lanes < channels.valid; ++j) {
    Value pointer = b.at(at.output, output * p.out.pixel + j * channels.lanes * 4);
    b.storePart(inChannelOrder(b, results, j), std::min(channels.lanes, channels.valid - j * channels.lanes), pointer);
  }
}

/// Results of another width than the input's, whose packs would leave another order.
void IntDepthwise::storeInOrder(Pointers at, int64_t output, ArrayRef<Value> vectors, Channels channels) {
  const int64_t together = epilogue.vectorsOfPack(), lanes = channels.lanes;
  for (int64_t first = 0; first * lanes < channels.valid; first += together) {
    Values ordered;
    for (int64_t i = first; i < std::min<int64_t>(first + together, vectors.size()); ++i)
      ordered.push_back(inChannelOrder(b, vectors, i));
    ordered.resize(together, ordered.back());
    Value pointer = b.at(at.output, output * p.out.pixel + first * lanes * bytesOf(p.output));
    b.storePart(epilogue.packInOrder(ordered), std::min(together * lanes, channels.valid - first * lanes), pointer);
  }
}

void IntDepthwise::storeOutput(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels) {
  Value addends;
  if (p.residual) {
    Value pointer = b.at(at.addend, output * p.residual->addend.pixel);
    addends = epilogue.loadAddend(pointer, taps() * channels.lanes);
  }
  Values vectors;
  for (int64_t j = 0; j < taps(); ++j) {
    Value addend;
    if (p.residual) {
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < channels.lanes; ++i)
        order.push_back(i / 4 * 4 * taps() + 4 * j + i % 4);
      addend = b.shuffle(addends, addends, order);
    }
    Multiplier multiplier = epilogue.loadMultiplier(b.at(at.multipliers, columnOffset(j)), channels.lanes);
    vectors.push_back(epilogue.requantize(dot.finish(acc[j]), multiplier, addend));
  }
  if (bytesOf(p.input) != bytesOf(p.output))
    return storeInOrder(at, output, vectors, channels);
  b.storePart(epilogue.packLanes(vectors), channels.valid, b.at(at.output, output * p.out.pixel));
}

void FloatDepthwise::emitOutputs(Pointers at, int64_t outputs, Channels channels) {
  const int64_t padded = llvm::alignTo(p.C, kChannelBlock);
  Type type = b.vec(channels.lanes, b.f32());
  Values acc(outputs, b.load(type, at.bias, 16));
  for (int64_t ky = 0; ky < p.KH; ++ky)
    for (int64_t kx = 0; kx < p.KW; ++kx) {
      Operand weights = dot.weights(b.at(at.weights, (ky * p.KW + kx) * padded * weightStep()), channels.lanes);
      for (int64_t o = 0; o < outputs; ++o) {
        const int64_t offset = (o * p.strideW + kx * p.dilationW) * p.in.pixel;
        Value pointer = atRow(b, at.input, ky * p.dilationH * p.in.row, offset);
        acc[o] = dot.multiplyAdd(acc[o], {b.load(type, pointer), {}}, weights);
      }
    }
  Multiplier multiplier;
  if (p.scaled)
    multiplier = epilogue.loadMultiplier(at.multipliers, channels.lanes);
  for (int64_t o = 0; o < outputs; ++o) {
    Value pointer = b.at(at.output, o * p.out.pixel);
    Value result = p.scaled ? epilogue.scale(acc[o], multiplier, Value()) : epilogue.clampFloat(acc[o]);
    b.storePart(result, channels.valid, pointer);
  }
}

std::string nibble::kernels::depthwiseTileName(const ConvParams &p, const ISA &isa) {
  const int64_t outputs = isa.registers >= 32 ? (isFloat(p) ? 8 : 4) : (isFloat(p) ? 6 : 2);
  return std::to_string(outputs) + "x" + std::to_string(isa.lanes() * tapsOf(p)) +
         (isFloat(p) ? "" : "c" + std::to_string(tapsOf(p)));
}

void nibble::kernels::emitDepthwise(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end) {
  if (isFloat(params))
    FloatDepthwise(b, params).emit(args, begin, end);
  else
    IntDepthwise(b, params).emit(args, begin, end);
}
