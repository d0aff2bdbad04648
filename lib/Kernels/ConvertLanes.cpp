// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Image rows from planes to pixels and back. Stored values move in groups of four channels (two of 16 bits), which are
// one i32 lane a pixel.

#include "ConvertLanes.h"
#include "RowTiles.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static ElementKind pixelKind(const ConvertParams &params) {
  return params.inputLayout == ImageLayout::Pixels ? params.input : params.output;
}

/// Threads of a GPU have several pixels where these are whole dwords, else one: neighbours fill the same dwords.
static RowPieces piecesOf(const ConvertParams &params, const ISA &isa) {
  const bool wholeWords = params.pixels.pixel % 4 == 0 && params.C * bytesOf(pixelKind(params)) % 4 == 0;
  return RowPieces(isa, params.W, wholeWords ? isa.lanes() : 1);
}

static int64_t groupCount(const ConvertParams &params) {
  return llvm::divideCeil(params.C, 4 / bytesOf(pixelKind(params)));
}

namespace {

/// Some channels of a pixel that move together.
struct Group {
  Value first; ///< index of the first channel
  int64_t size;
};

/// One image row on the way between planes and pixels.
class RowEmitter {
public:
  RowEmitter(KernelBuilder &b, const ConvertParams &params, ElementKind pixels, ElementKind planes, Value pixelRow,
             Value planeRow)
      : b(b), params(params), pixelPitch(params.pixels.pixel), pixelBytes(bytesOf(pixels)), planes(planes),
        pixelRow(pixelRow), planeRow(planeRow) {}

  void toPixels(int64_t lanes, Value x, Group group);
  void toPlanes(int64_t lanes, Value x, Group group);

  /// Emits `body` for all pixels and groups of channels, or those of a piece.
  void forEach(ConvertPiece piece, llvm::function_ref<void(int64_t lanes, Value x, Group group)> body);

private:
  Value plane(Group group, int64_t channel, Value x) {
    const int64_t bytes = bytesOf(planes);
    Value at = b.addMul(b.mul(x, b.constant(bytes)), group.first, params.H * params.W * bytes);
    return b.at(b.at(planeRow, at), channel * params.H * params.W * bytes);
  }
  Value pixel(Group group, Value x) {
    return b.at(pixelRow, b.addMul(b.mul(x, b.constant(pixelPitch)), group.first, pixelBytes));
  }
  bool isWholePixel(Group group) { return pixelBytes < 4 && pixelPitch == 4 && group.size * pixelBytes == 4; }

  /// i32 lanes of the group's channels, or f32 lanes of its only one.
  Value joinChannels(ArrayRef<Value> channels);
  void storeBytes(Value scalar, int64_t size, Value pointer);
  Value loadBytes(int64_t size, Value pointer);

  KernelBuilder &b;
  const ConvertParams &params;
  int64_t pixelPitch, pixelBytes;
  ElementKind planes;
  Value pixelRow, planeRow;
};

} // namespace

void RowEmitter::forEach(ConvertPiece piece, llvm::function_ref<void(int64_t, Value, Group)> body) {
  const int64_t size = 4 / pixelBytes, full = params.C / size, rest = params.C % size;
  piecesOf(params, b.isa).emit(b, piece.pixels, b.isa.lanes(), [&](int64_t lanes, Value x) {
    if (piece.group)
      return emitRowTile(b, params.C, size, piece.group,
                         [&](Value first, int64_t count) { body(lanes, x, Group{first, count}); });
    if (full > 0)
      b.loop(full, [&](Value iv) { body(lanes, x, Group{b.mul(iv, b.constant(size)), size}); });
    if (rest > 0)
      body(lanes, x, Group{b.constant(full * size), rest});
  });
}

Value RowEmitter::joinChannels(ArrayRef<Value> channels) {
  if (pixelBytes == 4)
    return channels.front();
  VectorArith a(b, b.lanesOf(channels.front()));
  Value joined;
  for (auto [i, channel] : llvm::enumerate(channels)) {
    const int64_t bits = 8 * pixelBytes;
    Value stored = a.shl(a.iand(channel, a.i32((1 << bits) - 1)), bits * i);
    joined = joined ? b.create<arith::OrIOp>(joined, stored) : stored;
  }
  return joined;
}

void RowEmitter::storeBytes(Value scalar, int64_t size, Value pointer) {
  if (size == 4)
    return b.store(scalar, pointer);
  int64_t done = 0;
  for (int64_t part : {2, 1})
    if (size & part) {
      Value shifted = b.create<arith::ShRUIOp>(scalar, b.splat(b.i32(), 8 * done));
      b.store(b.create<arith::TruncIOp>(b.getIntegerType(8 * part), shifted), b.at(pointer, done));
      done += part;
    }
}

Value RowEmitter::loadBytes(int64_t size, Value pointer) {
  if (size == 4)
    return b.load(b.i32(), pointer);
  Value joined = b.splat(b.i32(), int64_t(0));
  int64_t done = 0;
  for (int64_t part : {2, 1})
    if (size & part) {
      Value value = b.create<arith::ExtUIOp>(b.i32(), b.load(b.getIntegerType(8 * part), b.at(pointer, done)));
      joined = b.create<arith::OrIOp>(joined, b.create<arith::ShLIOp>(value, b.splat(b.i32(), 8 * done)));
      done += part;
    }
  return joined;
}

void RowEmitter::toPixels(int64_t lanes, Value x, Group group) {
  SmallVector<Value, 4> channels;
  for (int64_t c = 0; c < group.size; ++c) {
    Value value = b.load(b.vec(lanes, elementType(b, planes)), plane(group, c, x));
    if (planes != ElementKind::F32)
      value = b.create<arith::ExtUIOp>(b.vec(lanes, b.i32()), value);
    channels.push_back(convertLanes(b, params, value));
  }
  Value joined = joinChannels(channels), target = pixel(group, x);
  if (isWholePixel(group))
    return b.store(joined, target);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Value scalar = vector::ExtractOp::create(b, joined, lane);
    storeBytes(scalar, group.size * pixelBytes, b.at(target, lane * pixelPitch));
  }
}

void RowEmitter::toPlanes(int64_t lanes, Value x, Group group) {
  Value joined, source = pixel(group, x);
  if (isWholePixel(group)) {
    joined = b.load(b.vec(lanes, b.i32()), source);
  } else {
    SmallVector<Value, 16> scalars;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value pointer = b.at(source, lane * pixelPitch);
      scalars.push_back(pixelBytes == 4 ? b.load(b.f32(), pointer) : loadBytes(group.size * pixelBytes, pointer));
    }
    joined = vector::FromElementsOp::create(b, b.vec(lanes, scalars.front().getType()), scalars);
  }
  VectorArith a(b, lanes);
  for (int64_t c = 0; c < group.size; ++c) {
    Value channel = c == 0 ? joined : b.create<arith::ShRUIOp>(joined, a.i32(8 * pixelBytes * c));
    Value value = convertLanes(b, params, channel);
    if (planes != ElementKind::F32)
      value = b.create<arith::TruncIOp>(b.vec(lanes, elementType(b, planes)), value);
    b.store(value, plane(group, c, x));
  }
}

Extent nibble::kernels::convertPieceCount(const ConvertParams &params, const ISA &isa) {
  return isa.isGPU() ? piecesOf(params, isa).count() * groupCount(params) : Extent(1);
}

ConvertPiece nibble::kernels::takeConvertPiece(KernelBuilder &b, const ConvertParams &params, Value &item) {
  if (!b.isa.isGPU())
    return {};
  Value pixels = piecesOf(params, b.isa).take(b, item);
  return {pixels, b.takeDigit(item, groupCount(params))};
}

void nibble::kernels::emitPlanesToPixels(KernelBuilder &b, const ConvertParams &params, ConvertPiece piece, Value in,
                                         Value out) {
  RowEmitter emitter(b, params, params.output, params.input, out, in);
  emitter.forEach(piece, [&](int64_t lanes, Value x, Group group) { emitter.toPixels(lanes, x, group); });
}

void nibble::kernels::emitPixelsToPlanes(KernelBuilder &b, const ConvertParams &params, ConvertPiece piece, Value in,
                                         Value out) {
  RowEmitter emitter(b, params, params.input, params.output, in, out);
  emitter.forEach(piece, [&](int64_t lanes, Value x, Group group) { emitter.toPlanes(lanes, x, group); });
}
