// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scales of rows, and bytes by them.

#include "nibble/Kernels/Dynamic.h"
#include "Box.h"
#include "ByteArith.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Element `index` of pieces of `bytes` bytes.
static Value advance(KernelBuilder &b, Value pointer, Value index, int64_t bytes) {
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
  return p.rows > 0 && p.lines > 0 && p.length > 0 ? "" : "an extent of 0";
}

std::string nibble::kernels::whyNoRowScale(const RowScaleParams &p, const ISA &) { return whyNotRows(p); }
std::string nibble::kernels::rowScaleKernelName(const RowScaleParams &, const ISA &isa) {
  return "f32_f32_row_scale_" + isa.name.str();
}
std::string nibble::kernels::rowScaleKernelKey(const RowScaleParams &p) {
  return "row_scale " + shapeKey(p) + " levels " + std::to_string(p.levels);
}
int64_t nibble::kernels::rowScaleTileCount(const RowScaleParams &p) { return p.rows; }

namespace {
/// The largest magnitude of a row, as bits: in several vectors, and in a scalar for lines shorter than one.
class RowMaximum {
public:
  RowMaximum(KernelBuilder &b, const RowsParams &params) : b(b), p(params) {}

  Value emit(Value row) {
    const int32_t least = llvm::bit_cast<int32_t>(numerics::leastRowMagnitude);
    Values start(kVectors, b.splat(b.vec(lanes(), b.i32()), int64_t(least)));
    start.push_back(b.splat(b.i32(), int64_t(least)));
    Values found = b.loop(p.lines, start, [&](Value line, ValueRange found) {
      return emitLine(advance(b, row, line, p.linePitch), found);
    });
    Value widest = found[0];
    for (Value other : ArrayRef(found).slice(1, kVectors - 1))
      widest = max(widest, other);
    return max(found.back(), vector::ReductionOp::create(b, vector::CombiningKind::MAXSI, widest));
  }

private:
  static constexpr int64_t kVectors = 4;

  int64_t lanes() const { return b.isa.lanes(); }
  Value max(Value x, Value y) { return b.create<arith::MaxSIOp>(x, y); }

  /// Of the vector, or the scalar, at `pointer`.
  Value maximum(Value found, Value pointer) {
    Value bits = b.load(found.getType(), pointer, 1);
    return max(found, b.create<arith::AndIOp>(bits, b.splat(found.getType(), int64_t(0x7fffffff))));
  }

  Values emitLine(Value line, ValueRange before) {
    Values found(before);
    const int64_t width = lanes(), trip = kVectors * width, trips = p.length / trip;
    found = b.loop(trips, found, [&](Value i, ValueRange carried) {
      Values next(carried);
      for (int64_t v = 0; v < kVectors; ++v)
        next[v] = maximum(next[v], b.at(advance(b, line, i, trip * 4), v * width * 4));
      return next;
    });
    int64_t done = trips * trip;
    for (int64_t v = 0; done + width <= p.length; ++v, done += width)
      found[v] = maximum(found[v], b.at(line, done * 4));
    // A vector that overlaps the ones before it finds the same maximum.
    if (done < p.length && p.length >= width)
      found[kVectors - 1] = maximum(found[kVectors - 1], b.at(line, (p.length - width) * 4));
    else
      for (; done < p.length; ++done)
        found.back() = maximum(found.back(), b.at(line, done * 4));
    return found;
  }

  KernelBuilder &b;
  const RowsParams &p;
};
} // namespace

func::FuncOp nibble::kernels::emitRowScale(OpBuilder &builder, Location loc, StringRef symbol,
                                           const RowScaleParams &params, const ISA &isa) {
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    SmallVector<Value> pointers = loadArguments(b, args, 2);
    b.loop(begin, end, [&](Value row) {
      Value bits = RowMaximum(b, params).emit(advance(b, pointers[0], row, params.rowPitch));
      Value largest = b.create<arith::BitcastOp>(b.f32(), bits);
      Value scale = b.create<arith::DivFOp>(largest, b.splat(b.f32(), float(params.levels)));
      Value isFinite = b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, bits, b.splat(b.i32(), int64_t(0x7f800000)));
      Value poisoned = b.splat(b.f32(), std::numeric_limits<float>::quiet_NaN());
      b.store(b.create<arith::SelectOp>(isFinite, scale, poisoned), advance(b, pointers[1], row, 4));
    });
  });
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

std::string nibble::kernels::whyNoRowQuantize(const RowQuantizeParams &p, const ISA &) { return whyNotRows(p); }
std::string nibble::kernels::rowQuantizeKernelName(const RowQuantizeParams &p, const ISA &isa) {
  return "f32_" + spelling(p.output).str() + "_row_quantize_" + isa.name.str();
}
std::string nibble::kernels::rowQuantizeKernelKey(const RowQuantizeParams &p) {
  std::string key = "row_quantize " + shapeKey(p);
  llvm::raw_string_ostream(key) << ' ' << spelling(p.output) << " out " << p.outputRowPitch << ',' << p.outputLinePitch;
  return key;
}
int64_t nibble::kernels::rowQuantizeTileCount(const RowQuantizeParams &p) { return p.rows * p.lines; }

static void emitBytes(KernelBuilder &b, const RowQuantizeParams &p, Value reciprocal, Value from, Value to) {
  const StoredRange range = p.output == ElementKind::S8 ? StoredRange{0, -127, 127} : StoredRange{0, 0, 255};
  emitVectors(b, p.length, b.isa.vectorBits / 8, [&](int64_t lanes, Value first) {
    Value factor = vector::BroadcastOp::create(b, b.vec(lanes, b.f32()), reciprocal);
    Value x = b.load(b.vec(lanes, b.f32()), advance(b, from, first, 4));
    Value q = roundClamp(b, b.create<arith::MulFOp>(x, factor), range, /*mayBeNaN=*/true);
    b.store(narrow(b, q, p.output), b.at(to, first));
  });
}

func::FuncOp nibble::kernels::emitRowQuantize(OpBuilder &builder, Location loc, StringRef symbol,
                                              const RowQuantizeParams &params, const ISA &isa) {
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    SmallVector<Value> pointers = loadArguments(b, args, 3);
    b.loop(begin, end, [&](Value tile) {
      Value lines = b.constant(params.lines);
      Value row = b.create<arith::DivUIOp>(tile, lines), line = b.create<arith::RemUIOp>(tile, lines);
      Value scale = b.load(b.f32(), advance(b, pointers[1], row, 4));
      Value reciprocal = b.create<arith::DivFOp>(b.splat(b.f32(), 1.0f), scale);
      emitBytes(b, params, reciprocal,
                advance(b, advance(b, pointers[0], row, params.rowPitch), line, params.linePitch),
                advance(b, advance(b, pointers[2], row, params.outputRowPitch), line, params.outputLinePitch));
    });
  });
}
