// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Depthwise convolution: vectors of channels.
//
// Integer: four rows of the window are interleaved to [channel][4 taps] by unpack instructions, which work in lanes of
// 128 bits; a dot product then takes a column of the window for all its channels. An interleaved column serves every
// output pixel that it belongs to. Weights, biases and multipliers are packed in the order that the unpacks produce,
// and the pack instructions of the epilogue undo it.

#include "Dot.h"
#include "Epilogue.h"
#include "Families.h"
#include "Plan.h"
#include <map>

using namespace mlir;
using namespace nibble::kernels;

/// Channels that lie together in packed operands.
static constexpr int64_t kChannelBlock = 64;

static bool isFloat(const ConvParams &p) { return p.input == ElementKind::F32; }

/// Rows of the window come in fours.
static int64_t rowQuads(const ConvParams &p) { return llvm::divideCeil(p.KH, 4); }

int64_t nibble::kernels::depthwiseTileCount(const ConvParams &params) { return params.H; }

/// Channel 16 l + 4 j + q of a block is value 16 j + 4 l + q: vector j of a register with any number of lanes l is
/// contiguous.
static int64_t laneOrder(int64_t channel) {
  const int64_t block = channel / kChannelBlock * kChannelBlock, c = channel % kChannelBlock;
  return block + c / 4 % 4 * 16 + c / 16 * 4 + c % 4;
}

PackedWeights nibble::kernels::depthwiseWeights(const ConvParams &p) {
  const int64_t padded = llvm::alignTo(p.C, kChannelBlock);
  if (isFloat(p))
    return {p.KH * p.KW * padded,
            [=](int64_t o, int64_t ky, int64_t kx, int64_t) { return (ky * p.KW + kx) * padded + o; }};
  const int64_t quads = rowQuads(p), columns = p.KW * quads;
  return {columns * padded * 4, [=](int64_t o, int64_t ky, int64_t kx, int64_t) {
            const int64_t block = o / kChannelBlock, column = kx * quads + ky / 4;
            return ((block * columns + column) * kChannelBlock + laneOrder(o % kChannelBlock)) * 4 + ky % 4;
          }};
}

PackedColumns nibble::kernels::depthwiseColumns(const ConvParams &p) {
  const bool inOrder = isFloat(p);
  return {1, int64_t(llvm::alignTo(p.C, kChannelBlock)), [=](int64_t o) { return inOrder ? o : laneOrder(o); }};
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

  static int64_t bytesOf(ElementKind kind) { return kind == ElementKind::F32 ? 4 : 1; }
  /// Of a weight that advances with its channel, and of what each channel has one of: packed integers have 4 values
  /// where the channels advance by 16.
  int64_t weightStep() const { return isFloat(p) && !p.scaled ? 4 : 1; }
  int64_t columnStep() const { return isFloat(p) ? 4 : 1; }
  Pointers moved(Pointers at, Value pixels);
  Pointers block(Pointers at, Value index);
  Pointers channelsWithin(Pointers at, Value channels);
  void emitRow(Pointers at);
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
  int64_t channelsPerLane() const override { return 4; }
  int64_t outputsAtOnce() const override { return b.isa.registers >= 32 ? 4 : 2; }
  int64_t weightBytesPerBlock() const override { return p.KW * rowQuads(p) * kChannelBlock * 4; }
  void emitOutputs(Pointers at, int64_t outputs, Channels channels) override;

  using Quads = std::array<Value, 4>;
  Quads interleave(Value column, int64_t quad, int64_t lanes);
  void storeOutput(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels);
  void storeScaled(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels);
  /// Byte offset of vector j in a packed block.
  static int64_t quadOffset(int64_t j) { return j * 64; }
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
  if (p.scaled && !isFloat(p))
    base.rows = b.argument(args, 5);
  b.loop(begin, end, [&](Value y) {
    Pointers at = base;
    at.input = b.at(at.input, b.mul(y, b.constant(p.strideH * p.in.row)));
    at.output = b.at(at.output, b.mul(y, b.constant(p.out.row)));
    if (p.residual)
      at.addend = b.at(at.addend, b.mul(y, b.constant(p.residual->addend.row)));
    emitRow(at);
  });
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
    at.addend = moved(at.addend, kChannelBlock);
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
    at.addend = moved(at.addend, 1);
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
  for (Part part : splitEvenly(p.W, outputsAtOnce()))
    b.loop(part.count, [&](Value i) {
      emitOutputs(moved(at, b.addMul(b.constant(part.first), i, part.size)), part.size, channels);
    });
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

/// Rows 4 * quad ... + 3 of the column of the window at `column`, as [channel][row].
IntDepthwise::Quads IntDepthwise::interleave(Value column, int64_t quad, int64_t lanes) {
  Type bytes = b.vec(4 * lanes, b.i8());
  std::array<Value, 4> rows;
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t ky = 4 * quad + i;
    rows[i] = ky < p.KH ? b.load(bytes, b.at(column, ky * p.dilationH * p.in.row)) : b.splat(bytes, int64_t(0));
  }
  const auto pairs = [&](bool upper, bool high) {
    return b.bitcast(unpack(b, rows[2 * upper], rows[2 * upper + 1], high), b.i16());
  };
  Quads quads;
  for (int64_t half = 0; half < 2; ++half) {
    Value first = pairs(false, half), second = pairs(true, half);
    quads[2 * half] = b.bitcast(unpack(b, first, second, false), b.i32());
    quads[2 * half + 1] = b.bitcast(unpack(b, first, second, true), b.i32());
  }
  return quads;
}

void IntDepthwise::emitOutputs(Pointers at, int64_t outputs, Channels channels) {
  const int64_t lanes = channels.lanes, quads = rowQuads(p);
  Type type = b.vec(lanes, b.i32());
  Values bias, acc;
  for (int64_t j = 0; j < 4; ++j)
    bias.push_back(dot.start(b.load(type, b.at(at.bias, quadOffset(j)), lanes * 4)));
  for (int64_t o = 0; o < outputs; ++o)
    llvm::append_range(acc, bias);
  // Which outputs want an input column, and at which place of their window.
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> uses;
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t kx = 0; kx < p.KW; ++kx)
      uses[o * p.strideW + kx * p.dilationW].push_back({o, kx});
  for (const auto &[column, users] : uses) {
    Value pointer = b.at(at.input, column * p.in.pixel);
    for (int64_t quad = 0; quad < quads; ++quad) {
      Quads bytes = interleave(pointer, quad, lanes);
      for (int64_t j = 0; j < 4; ++j) {
        Operand input = dot.input(bytes[j]);
        for (auto [o, kx] : users) {
          const int64_t offset = (kx * quads + quad) * kChannelBlock * 4 + quadOffset(j);
          Value &sum = acc[o * 4 + j];
          sum = dot.multiplyAdd(sum, input, dot.weights(b.at(at.weights, offset), lanes));
        }
      }
    }
  }
  for (int64_t o = 0; o < outputs; ++o)
    if (p.scaled)
      storeScaled(at, o, ArrayRef<Value>(acc).slice(4 * o, 4), channels);
    else
      storeOutput(at, o, ArrayRef<Value>(acc).slice(4 * o, 4), channels);
}

/// Vector `index` of the channels in order: lane k of 128 bits of vector j holds channels 16 k + 4 j and on.
static Value inChannelOrder(KernelBuilder &b, ArrayRef<Value> four, int64_t index) {
  const int64_t lanes = KernelBuilder::lanesOf(four[0]), quads = lanes / 4;
  const auto quad = [&](int64_t i) { return std::pair(i % 4, i / 4 * 4); }; // vector, first element
  Values halves;
  for (int64_t i = index * quads; i < (index + 1) * quads; i += 2) {
    const auto [first, from] = quad(i);
    if (quads == 1)
      return four[first];
    const auto [second, to] = quad(i + 1);
    halves.push_back(
        b.shuffle(four[first], four[second],
                  {from, from + 1, from + 2, from + 3, lanes + to, lanes + to + 1, lanes + to + 2, lanes + to + 3}));
  }
  return halves.size() == 1 ? halves[0] : b.shuffle(halves[0], halves[1], llvm::to_vector(llvm::seq<int64_t>(0, 16)));
}

void IntDepthwise::storeScaled(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels) {
  Value row = b.broadcastLoad(b.vec(channels.lanes, b.f32()), at.rows);
  Values four;
  for (int64_t j = 0; j < 4; ++j) {
    Multiplier multiplier = epilogue.loadMultiplier(b.at(at.multipliers, quadOffset(j)), channels.lanes);
    four.push_back(epilogue.scale(dot.finish(acc[j]), multiplier, row));
  }
  for (int64_t j = 0; j * channels.lanes < channels.valid; ++j) {
    Value pointer = b.at(at.output, output * p.out.pixel + j * channels.lanes * 4);
    b.storePart(inChannelOrder(b, four, j), std::min(channels.lanes, channels.valid - j * channels.lanes), pointer);
  }
}

void IntDepthwise::storeOutput(Pointers at, int64_t output, ArrayRef<Value> acc, Channels channels) {
  Value addends;
  if (p.residual) {
    Value pointer = b.at(at.addend, output * p.residual->addend.pixel);
    addends = epilogue.loadAddend(pointer, 4 * channels.lanes);
  }
  Values four;
  for (int64_t j = 0; j < 4; ++j) {
    Value addend;
    if (p.residual) {
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < channels.lanes; ++i)
        order.push_back(i / 4 * 16 + 4 * j + i % 4);
      addend = b.shuffle(addends, addends, order);
    }
    Multiplier multiplier = epilogue.loadMultiplier(b.at(at.multipliers, quadOffset(j)), channels.lanes);
    four.push_back(epilogue.requantize(dot.finish(acc[j]), multiplier, addend));
  }
  Value pointer = b.at(at.output, output * p.out.pixel);
  b.storePart(epilogue.packLanes(four), channels.valid, pointer);
}

void FloatDepthwise::emitOutputs(Pointers at, int64_t outputs, Channels channels) {
  const int64_t padded = llvm::alignTo(p.C, kChannelBlock);
  Type type = b.vec(channels.lanes, b.f32());
  Values acc(outputs, b.load(type, at.bias, 16));
  for (int64_t ky = 0; ky < p.KH; ++ky)
    for (int64_t kx = 0; kx < p.KW; ++kx) {
      Operand weights = dot.weights(b.at(at.weights, (ky * p.KW + kx) * padded * weightStep()), channels.lanes);
      for (int64_t o = 0; o < outputs; ++o) {
        const int64_t offset = ky * p.dilationH * p.in.row + (o * p.strideW + kx * p.dilationW) * p.in.pixel;
        acc[o] = dot.multiplyAdd(acc[o], {b.load(type, b.at(at.input, offset)), {}}, weights);
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
  return std::to_string(outputs) + "x" + std::to_string(isa.lanes() * (isFloat(p) ? 1 : 4)) + (isFloat(p) ? "" : "c4");
}

void nibble::kernels::emitDepthwise(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end) {
  if (isFloat(params))
    FloatDepthwise(b, params).emit(args, begin, end);
  else
    IntDepthwise(b, params).emit(args, begin, end);
}
