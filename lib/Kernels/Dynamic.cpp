// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scales of rows, and bytes by them.

#include "nibble/Kernels/Dynamic.h"
#include "Box.h"
#include "ByteArith.h"
#include "CUDA/Device.h"
#include "RowTiles.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Element `index` of pieces of `bytes` bytes.
static Value advance(KernelBuilder &b, Value pointer, Value index, const Extent &bytes) {
  return b.at(pointer, b.mul(index, b.constant(bytes)));
}

static std::string shapeKey(const RowsParams &p) {
  std::string key;
  llvm::raw_string_ostream(key) << p.rows << 'x' << p.lines << 'x' << p.length << " in " << p.rowPitch << ','
                                << p.linePitch;
  return key;
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

static std::string whyNotRows(const RowsParams &p) {
  const bool isEmpty = llvm::is_contained({p.rows, p.lines, p.length}, Extent(0));
  return isEmpty ? "an extent of 0" : "";
}

std::string nibble::kernels::whyNoRowScale(const RowScaleParams &p, const ISA &) {
  if (p.affine && (p.rows != 1 || p.lines != 1))
    return "an encoding is that of one row of one line";
  return whyNotRows(p);
}
std::string nibble::kernels::rowScaleKernelName(const RowScaleParams &p, const ISA &isa) {
  return (p.affine ? "f32_f32_encoding_" : "f32_f32_row_scale_") + isa.name.str();
}
std::string nibble::kernels::rowScaleKernelKey(const RowScaleParams &p) {
  return (p.affine ? "encoding " : "row_scale ") + shapeKey(p) + " levels " + std::to_string(p.levels);
}
Extent nibble::kernels::rowScaleTileCount(const RowScaleParams &p) { return p.rows; }

namespace {
/// The largest magnitude of a row, as bits: in several vectors, and in a scalar for lines shorter than one.
class RowMaximum {
public:
  RowMaximum(KernelBuilder &b, const RowsParams &params) : b(b), p(params) {}

  Value emit(Value row) { return b.isa.isGPU() ? emitByThreads(row) : emitByVectors(row); }

private:
  static constexpr int64_t kVectors = 4;

  int64_t lanes() const { return b.isa.lanes(); }
  Value max(Value x, Value y) { return b.create<arith::MaxSIOp>(x, y); }
  Value leastLanes(Type type) { return b.splat(type, int64_t(llvm::bit_cast<int32_t>(numerics::leastRowMagnitude))); }

  Value emitByThreads(Value row) {
    const bool dense = p.linePitch == p.length * 4;
    Values found = b.loop(dense ? Extent(1) : p.lines, leastLanes(b.i32()), [&](Value line, ValueRange found) {
      Value from = advance(b, row, line, p.linePitch);
      return carryOwn(b, dense ? p.lines * p.length : p.length, found,
                      [&](Value i, ValueRange found) { return Values{maximum(found[0], advance(b, from, i, 4))}; });
    });
    return combineThreads(b, found[0], [&](Value x, Value y) { return max(x, y); });
  }

  Value emitByVectors(Value row) {
    Values start(kVectors, leastLanes(b.vec(lanes(), b.i32())));
    start.push_back(leastLanes(b.i32()));
    Values found = b.loop(p.lines, start, [&](Value line, ValueRange found) {
      return emitLine(advance(b, row, line, p.linePitch), found);
    });
    Value widest = found[0];
    for (Value other : ArrayRef(found).slice(1, kVectors - 1))
      widest = max(widest, other);
    return max(found.back(), vector::ReductionOp::create(b, vector::CombiningKind::MAXSI, widest));
  }

  /// Of the vector, or the scalar, at `pointer`.
  Value maximum(Value found, Value pointer) {
    Value bits = b.load(found.getType(), pointer, 1);
    return max(found, b.create<arith::AndIOp>(bits, b.splat(found.getType(), int64_t(0x7fffffff))));
  }

  /// What a line of a dynamic length has behind `done` elements: vectors, then scalars.
  Values emitRest(Value line, Values found, const Extent &done) {
    const int64_t width = lanes();
    const Extent vectors = floorDiv(p.length - done, width);
    line = b.at(line, done * 4);
    found[0] = b.loop(vectors, found[0], [&](Value i, ValueRange carried) {
      return Values{maximum(carried[0], advance(b, line, i, width * 4))};
    })[0];
    line = b.at(line, vectors * (width * 4));
    found.back() = b.loop(mod(p.length, width), found.back(), [&](Value i, ValueRange carried) {
      return Values{maximum(carried[0], advance(b, line, i, 4))};
    })[0];
    return found;
  }

  Values emitLine(Value line, ValueRange before) {
    Values found(before);
    const int64_t width = lanes(), trip = kVectors * width;
    const Extent trips = floorDiv(p.length, trip);
    found = b.loop(trips, found, [&](Value i, ValueRange carried) {
      Values next(carried);
      for (int64_t v = 0; v < kVectors; ++v)
        next[v] = maximum(next[v], b.at(advance(b, line, i, trip * 4), v * width * 4));
      return next;
    });
    if (!p.length.isStatic())
      return emitRest(line, std::move(found), trips * trip);
    const int64_t length = p.length.getStatic();
    int64_t done = trips.getStatic() * trip;
    for (int64_t v = 0; done + width <= length; ++v, done += width)
      found[v] = maximum(found[v], b.at(line, done * 4));
    // A vector that overlaps the ones before it finds the same maximum.
    if (done < length && length >= width)
      found[kVectors - 1] = maximum(found[kVectors - 1], b.at(line, (length - width) * 4));
    else
      for (; done < length; ++done)
        found.back() = maximum(found.back(), b.at(line, done * 4));
    return found;
  }

  KernelBuilder &b;
  const RowsParams &p;
};
} // namespace

namespace {
/// The least and the largest of a row and 0, and the largest magnitude's bits, which those of infinity and NaN exceed.
class RowRange {
public:
  struct Range {
    Value low, high, magnitude;
  };

  RowRange(KernelBuilder &b, const Extent &length) : b(b), length(length) {}

  Range emit(Value row) {
    Values found = b.isa.isGPU() ? carryByThreads(row) : carryByVectors(row);
    return {reduced(found[0], [&](Value x, Value y) { return b.minFloat(x, y); }),
            reduced(found[1], [&](Value x, Value y) { return b.maxFloat(x, y); }),
            reduced(found[2], [&](Value x, Value y) { return b.create<arith::MaxSIOp>(x, y); })};
  }

private:
  Values start(int64_t width) {
    Value zero = b.splat(b.vec(width, b.f32()), 0.0f);
    return {zero, zero, b.splat(b.vec(width, b.i32()), int64_t(0))};
  }

  Values carryByThreads(Value row) {
    return carryOwn(b, length, start(1), [&](Value i, ValueRange carried) {
      return widened(carried, b.load(b.vec(1, b.f32()), advance(b, row, i, 4), 4));
    });
  }

  Values carryByVectors(Value row) {
    const int64_t lanes = b.isa.lanes();
    const int64_t width = std::min<int64_t>(lanes, llvm::bit_floor(uint64_t(length.getStaticOr(lanes))));
    const Extent trips = floorDiv(length, width);
    VectorType floats = b.vec(width, b.f32());
    Values found = b.loop(trips, start(width), [&](Value i, ValueRange carried) {
      return widened(carried, b.load(floats, advance(b, row, i, 4 * width), 4));
    });
    // A vector that overlaps the ones before it changes nothing; of a dynamic length there may be none before.
    if (!length.isStatic())
      found = b.loop(mod(length, width), found, [&](Value i, ValueRange carried) {
        return widened(carried, b.broadcastLoad(floats, advance(b, b.at(row, trips * (4 * width)), i, 4)));
      });
    else if (length.getStatic() % width != 0)
      found = widened(found, b.load(floats, b.at(row, (length - width) * 4), 4));
    return found;
  }

  Values widened(ValueRange found, Value x) {
    VectorArith a(b, b.lanesOf(x));
    Value magnitude = a.iand(a.bits(x), a.i32(0x7fffffff));
    return {b.minFloat(found[0], x), b.maxFloat(found[1], x), b.create<arith::MaxSIOp>(found[2], magnitude)};
  }

  Value reduced(Value vector, llvm::function_ref<Value(Value, Value)> combine) {
    for (int64_t width = b.lanesOf(vector) / 2; width >= 1; width /= 2)
      vector = combine(b.slice(vector, 0, width), b.slice(vector, width, width));
    return combineThreads(b, vector, combine);
  }

  KernelBuilder &b;
  Extent length;
};
} // namespace

/// numerics::dynamicEncoding
static void emitEncoding(KernelBuilder &b, const Extent &length, Value row, Value encoding) {
  RowRange::Range found = RowRange(b, length).emit(row);
  VectorArith a(b, 1);
  Value range = a.sub(found.high, found.low);
  Value scale = a.div(range, a.f32(255.0f));
  scale = a.select(a.eq(scale, a.f32(0.0f)), a.f32(1.0f), scale);
  Value zero = a.sub(a.f32(0.0f), a.div(found.low, scale));
  zero = a.toF32(roundClamp(b, zero, {0, 0, 255}, /*mayBeNaN=*/true));
  Value isFinite =
      a.band(a.ilt(found.magnitude, a.i32(0x7f800000)), a.lt(range, a.f32(std::numeric_limits<float>::infinity())));
  emitShared(b, 1, 1, [&](int64_t, Value) {
    b.store(a.select(isFinite, scale, a.f32(std::numeric_limits<float>::quiet_NaN())), encoding);
    b.store(a.select(isFinite, zero, a.f32(0.0f)), b.at(encoding, 4));
  });
}

/// As many threads of a GPU as a row is worth: half a warp, one, or a block.
static void shareRow(KernelBuilder &b, const RowsParams &p) {
  const int64_t elements = (p.lines * p.length).getStatic();
  b.launch.itemThreads = elements <= 512 ? 16 : elements <= 2048 ? 32 : elements <= 8192 ? 256 : 1024;
  b.launch.block = std::max(b.launch.block, b.launch.itemThreads);
}

func::FuncOp nibble::kernels::emitRowScale(OpBuilder &builder, Location loc, StringRef symbol,
                                           const RowScaleParams &params, const ISA &isa) {
  return defineKernel(
      builder, loc, symbol, isa, rowScaleTileCount(params), [&](KernelBuilder &b, Value args, Value begin, Value end) {
        SmallVector<Value> pointers = loadArguments(b, args, 2);
        if (isa.isGPU())
          shareRow(b, params);
        if (params.affine)
          return b.loop(begin, end, [&](Value) { emitEncoding(b, params.length, pointers[0], pointers[1]); });
        b.loop(begin, end, [&](Value row) {
          Value bits = RowMaximum(b, params).emit(advance(b, pointers[0], row, params.rowPitch));
          Value largest = b.create<arith::BitcastOp>(b.f32(), bits);
          Value scale = b.create<arith::DivFOp>(largest, b.splat(b.f32(), float(params.levels)));
          Value isFinite =
              b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, bits, b.splat(b.i32(), int64_t(0x7f800000)));
          Value poisoned = b.splat(b.f32(), std::numeric_limits<float>::quiet_NaN());
          emitShared(b, 1, 1, [&](int64_t, Value) {
            b.store(b.create<arith::SelectOp>(isFinite, scale, poisoned), advance(b, pointers[1], row, 4));
          });
        });
      });
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

std::string nibble::kernels::whyNoRowQuantize(const RowQuantizeParams &p, const ISA &) {
  if (p.affine && (p.rows != 1 || p.output != ElementKind::U8))
    return "an encoding is that of one row, and of u8";
  if (p.centered && p.output != ElementKind::U8)
    return "a zero point of 128 is one of u8";
  return whyNotRows(p);
}
std::string nibble::kernels::rowQuantizeKernelName(const RowQuantizeParams &p, const ISA &isa) {
  return "f32_" + spelling(p.output).str() + (p.affine ? "_encode_" : "_row_quantize_") + isa.name.str();
}
std::string nibble::kernels::rowQuantizeKernelKey(const RowQuantizeParams &p) {
  std::string key = (p.affine ? "encode " : "row_quantize ") + shapeKey(p);
  llvm::raw_string_ostream(key) << ' ' << spelling(p.output) << " out " << p.outputRowPitch << ',' << p.outputLinePitch
                                << (p.centered ? " centered" : "");
  return key;
}
Extent nibble::kernels::rowQuantizeTileCount(const RowQuantizeParams &p) { return p.rows * p.lines; }

static StoredRange getRange(const RowQuantizeParams &p) {
  if (p.centered)
    return {128, 1, 255};
  return p.output == ElementKind::S8 ? StoredRange{0, -127, 127} : StoredRange{0, 0, 255};
}

static RowPieces piecesOf(const RowQuantizeParams &p, const ISA &isa) { return RowPieces(isa, p.length, isa.lanes()); }

static void emitBytes(KernelBuilder &b, const RowQuantizeParams &p, Value reciprocal, Value piece, Value from,
                      Value to) {
  const StoredRange range = getRange(p);
  piecesOf(p, b.isa).emit(b, piece, b.isa.vectorBits / 8, [&](int64_t lanes, Value first) {
    Value factor = vector::BroadcastOp::create(b, b.vec(lanes, b.f32()), reciprocal);
    Value x = b.load(b.vec(lanes, b.f32()), advance(b, from, first, 4));
    Value q = roundClamp(b, b.create<arith::MulFOp>(x, factor), range, /*mayBeNaN=*/true);
    b.store(narrow(b, q, p.output), b.at(to, first));
  });
}

/// numerics::quantize with the encoding's scale and zero point.
static void emitEncoded(KernelBuilder &b, const RowQuantizeParams &p, Value encoding, Value piece, Value from,
                        Value to) {
  Value scale = b.load(b.f32(), encoding, 4), zero = b.load(b.f32(), b.at(encoding, 4), 4);
  piecesOf(p, b.isa).emit(b, piece, b.isa.vectorBits / 8, [&](int64_t lanes, Value first) {
    VectorArith a(b, lanes);
    auto repeat = [&](Value one) { return b.create<vector::BroadcastOp>(b.vec(lanes, b.f32()), one); };
    Value v = a.div(b.load(b.vec(lanes, b.f32()), advance(b, from, first, 4)), repeat(scale));
    v = a.select(a.isNaN(v), a.f32(0.0f), v);
    v = b.maxFloat(v, a.sub(a.f32(0.0f), repeat(zero)));
    v = b.minFloat(v, a.sub(a.f32(255.0f), repeat(zero)));
    // As roundClamp: rounded by adding 1.5 * 2^23, the integer in the low bits; the zero point is exact there.
    Value rounded = a.add(a.add(v, a.f32(0x1.8p23f)), repeat(zero));
    b.store(narrow(b, a.bits(rounded), p.output), b.at(to, first));
  });
}

func::FuncOp nibble::kernels::emitRowQuantize(OpBuilder &builder, Location loc, StringRef symbol,
                                              const RowQuantizeParams &params, const ISA &isa) {
  return defineKernel(
      builder, loc, symbol, isa, rowQuantizeTileCount(params) * piecesOf(params, isa).count(),
      [&](KernelBuilder &b, Value args, Value begin, Value end) {
        SmallVector<Value> pointers = loadArguments(b, args, 3);
        b.loop(begin, end, [&](Value tile) {
          Value piece = piecesOf(params, isa).take(b, tile);
          Value lines = b.constant(params.lines);
          Value row = b.create<arith::DivUIOp>(tile, lines), line = b.create<arith::RemUIOp>(tile, lines);
          if (params.affine)
            return emitEncoded(b, params, pointers[1], piece, advance(b, pointers[0], line, params.linePitch),
                               advance(b, pointers[2], line, params.outputLinePitch));
          Value scale = b.load(b.f32(), advance(b, pointers[1], row, 4));
          Value reciprocal = b.create<arith::DivFOp>(b.splat(b.f32(), 1.0f), scale);
          emitBytes(b, params, reciprocal, piece,
                    advance(b, advance(b, pointers[0], row, params.rowPitch), line, params.linePitch),
                    advance(b, advance(b, pointers[2], row, params.outputRowPitch), line, params.outputLinePitch));
        });
      });
}
