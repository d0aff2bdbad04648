// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling, vectorized over the channels.

#include "nibble/Kernels/Pool.h"
#include "Box.h"
#include "ByteArith.h"
#include "CUDA/Device.h"
#include "RowTiles.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isMax(const PoolParams &params) { return params.kind == PoolKind::Max; }
static bool isFloat(const PoolParams &params) { return params.input == ElementKind::F32; }

/// Whether a window can reach beyond the image along one dimension, or is not known to stay inside.
static bool isClipped(const Extent &extent, const Extent &outputs, int64_t kernel, int64_t stride, int64_t dilation,
                      int64_t pad) {
  if (pad > 0)
    return true;
  const int64_t window = (kernel - 1) * dilation + 1;
  // As many outputs as windows that fit; `isAtLeast` sees through no quotients.
  if (pad == 0 && outputs == floorDiv(extent - window, stride) + 1)
    return false;
  return !isAtLeast(extent, (outputs - 1) * stride + window - pad);
}

static bool isClippedH(const PoolParams &p) {
  return isClipped(p.H, p.outputH, p.KH, p.strideH, p.dilationH, p.padTop);
}

static bool isClippedW(const PoolParams &p) {
  return isClipped(p.W, p.outputW, p.KW, p.strideW, p.dilationW, p.padLeft);
}

/// The number of taps that an average divides by, if all windows have the same.
static std::optional<int64_t> constantTaps(const PoolParams &params) {
  if (params.countIncludePad || (!isClippedH(params) && !isClippedW(params)))
    return params.KH * params.KW;
  return std::nullopt;
}

static std::string whyNoAverage(const PoolParams &params) {
  if (isFloat(params))
    return "";
  if (std::string why = whyNotRange(params.range, params.output); !why.empty())
    return why;
  if (!std::isfinite(params.scale))
    return "the multiplier is not finite";
  if (params.requant == Requant::Float)
    return "";
  // All counts have a fixed-point form if the smallest and the largest do.
  const int64_t all = params.KH * params.KW, least = constantTaps(params) ? all : 1;
  for (int64_t taps : {least, all})
    if (std::string why = whyNotMultiplier(numerics::averageMultiplier(params.scale, taps), params.requant);
        !why.empty())
      return why;
  return "";
}

std::string nibble::kernels::whyNoPool(const PoolParams &params, const ISA &isa) {
  if ((isMax(params) || isFloat(params)) && params.input != params.output)
    return "input and output of different kinds";
  if (params.output == ElementKind::F32 && !isFloat(params))
    return "an average of bytes that is float";
  return isMax(params) ? "" : whyNoAverage(params);
}

std::string nibble::kernels::poolKernelName(const PoolParams &params, const ISA &isa) {
  std::string name = (spelling(params.input) + "_" + spelling(params.output) + (isMax(params) ? "_max" : "_avg")).str();
  return name + "_pool_" + std::to_string(params.KH) + "x" + std::to_string(params.KW) + "_" + isa.name.str();
}

std::string nibble::kernels::poolKernelKey(const PoolParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << (isMax(params) ? "max_pool " : "avg_pool ") << spelling(params.input) << ' ' << spelling(params.output) << ' '
     << spelling(Extents{params.C, params.H, params.W}) << " to " << spelling(Extents{params.outputH, params.outputW})
     << " kernel " << spelling(Extents{params.KH, params.KW}) << " stride "
     << spelling(Extents{params.strideH, params.strideW}) << " dilation "
     << spelling(Extents{params.dilationH, params.dilationW}) << " pad "
     << spelling(Extents{params.padTop, params.padLeft}) << " in " << spelling(Extents{params.in.row, params.in.pixel})
     << " out " << spelling(Extents{params.out.row, params.out.pixel}) << " images "
     << spelling(Extents{params.images, params.inImage, params.outImage});
  if (isMax(params))
    return key;
  os << (params.countIncludePad ? " all" : "");
  if (!isFloat(params))
    os << (params.requant == Requant::Float ? " float " : " fixed ") << spelling(params.scale) << ' '
       << params.inputZeroPoint << ' ' << spelling(params.range);
  return key;
}

Extent nibble::kernels::poolTileCount(const PoolParams &params) {
  return params.C == 0 || params.outputW == 0 ? Extent(0) : params.images * params.outputH;
}

namespace {

/// The taps of a window along one dimension, as far as they lie inside the image.
struct Taps {
  Value begin, end; ///< of the tap's index; null where all of them are inside
  int64_t count;    ///< of the kernel
  Value origin;     ///< coordinate of tap 0
};

class PoolEmitter {
public:
  PoolEmitter(KernelBuilder &b, const PoolParams &params, Value in, Value out) : b(b), p(params), in(in), out(out) {}

  void emitRow(Value oy);
  /// The piece `piece` of the channels of a pixel.
  void emitPiece(Value oy, Value ox, Value piece);

private:
  Taps clipH(Value oy) { return clip(oy, p.H, p.KH, p.strideH, p.dilationH, p.padTop, isClippedH(p)); }
  Taps clipW(Value ox) { return clip(ox, p.W, p.KW, p.strideW, p.dilationW, p.padLeft, isClippedW(p)); }
  Taps clip(Value o, const Extent &extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad, bool clipped);
  Value reduceTaps(const Taps &taps, Value start, llvm::function_ref<Value(Value tap, Value acc)> body);
  /// Combines the taps of a window for the channels from `c` on.
  Value sumUp(const Taps &ys, const Taps &xs, Value c, int64_t lanes);
  Value sumUpByThreads(const Taps &ys, const Taps &xs, Value c, int64_t lanes);
  /// The result of one window for the channels from `c` on, as they lie in memory.
  Value window(const Taps &ys, const Taps &xs, Value c, int64_t lanes);
  Value start(int64_t lanes);
  Value combine(Value acc, Value value);
  Value average(const Taps &ys, const Taps &xs, Value acc);
  Value requantizeByTaps(Value acc, Value taps);
  /// i32: how many taps of a window count.
  Value countTaps(const Taps &ys, const Taps &xs);

  KernelBuilder &b;
  const PoolParams &p;
  Value in, out;
};

} // namespace

Taps PoolEmitter::clip(Value o, const Extent &extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad,
                       bool clipped) {
  Value origin = b.create<arith::SubIOp>(b.mul(o, b.constant(stride)), b.constant(pad));
  if (!clipped)
    return {Value(), Value(), kernel, origin};
  // Taps k with 0 <= origin + k * dilation < extent.
  auto firstTapFrom = [&](const Extent &coordinate) {
    Value distance = b.create<arith::SubIOp>(b.constant(coordinate), origin);
    distance = b.create<arith::MaxSIOp>(distance, b.constant(0));
    if (dilation > 1)
      distance = b.create<arith::DivUIOp>(b.add(distance, b.constant(dilation - 1)), b.constant(dilation));
    return b.create<arith::MinSIOp>(distance, b.constant(kernel));
  };
  Value begin = firstTapFrom(0), end = firstTapFrom(extent);
  return {begin, end, kernel, origin};
}

Value PoolEmitter::reduceTaps(const Taps &taps, Value start, llvm::function_ref<Value(Value, Value)> body) {
  if (!taps.begin)
    return b.loop(taps.count, start, [&](Value tap, ValueRange carried) { return Values{body(tap, carried[0])}; })[0];
  auto op = scf::ForOp::create(b, taps.begin, taps.end, b.constant(1), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  scf::YieldOp::create(b, body(op.getInductionVar(), op.getRegionIterArgs()[0]));
  return op.getResult(0);
}

Value PoolEmitter::start(int64_t lanes) {
  if (!isMax(p))
    return isFloat(p) ? b.splat(b.vec(lanes, b.f32()), 0.0f) : b.splat(b.vec(lanes, b.i32()), int64_t(0));
  if (isFloat(p))
    return b.splat(b.vec(lanes, b.f32()), -std::numeric_limits<float>::infinity());
  const int64_t least = p.input == ElementKind::U8 ? 0 : p.input == ElementKind::S8 ? -128 : -32768;
  return b.splat(b.vec(lanes, elementType(b, p.input)), least);
}

Value PoolEmitter::combine(Value acc, Value value) {
  if (!isMax(p))
    return isFloat(p) ? b.create<arith::AddFOp>(acc, value) : b.create<arith::AddIOp>(acc, widen(b, value, p.input));
  if (isFloat(p))
    return b.create<arith::MaximumFOp>(acc, value);
  return p.input == ElementKind::U8 ? b.create<arith::MaxUIOp>(acc, value) : b.create<arith::MaxSIOp>(acc, value);
}

Value PoolEmitter::countTaps(const Taps &ys, const Taps &xs) {
  if (std::optional<int64_t> taps = constantTaps(p))
    return b.splat(b.i32(), *taps);
  auto count = [&](const Taps &taps) {
    return taps.begin ? b.create<arith::SubIOp>(taps.end, taps.begin) : b.constant(taps.count);
  };
  return b.create<arith::TruncIOp>(b.i32(), b.mul(count(ys), count(xs)));
}

/// R(acc, fl32(scale / taps)) with a count known at run time only.
Value PoolEmitter::requantizeByTaps(Value acc, Value taps) {
  const int64_t lanes = b.lanesOf(acc);
  VectorArith a(b, lanes);
  // A window without taps has acc 0: any finite multiplier does.
  Value divisor = b.create<arith::MaxSIOp>(taps, b.splat(b.i32(), int64_t(1)));
  Value count = a.toF32(b.create<vector::BroadcastOp>(b.vec(lanes, b.i32()), divisor));
  Value multiplier = a.div(a.f32(p.scale), count);
  if (p.requant == Requant::Float)
    return requantizeFloat(b, acc, multiplier, p.range);
  // numerics::toFixedMultiplier
  VectorType wide = b.vec(lanes, b.i64());
  Value bits = b.create<arith::ExtUIOp>(wide, a.bits(multiplier));
  Value fraction = b.create<arith::OrIOp>(a.iand(bits, a.i64(0x7fffff)), a.i64(0x800000));
  Value shift = a.isub(a.i64(30 + 127), a.ashr(bits, 23));
  return requantizeFixed(b, acc, a.shl(fraction, 7), shift, p.range);
}

Value PoolEmitter::average(const Taps &ys, const Taps &xs, Value acc) {
  VectorArith a(b, b.lanesOf(acc));
  Value taps = countTaps(ys, xs);
  if (isFloat(p)) {
    Value count = b.create<vector::BroadcastOp>(b.vec(b.lanesOf(acc), b.i32()), taps);
    return a.div(acc, a.toF32(count));
  }
  // The zero point counts for each tap inside the image, also where the padding is divided by.
  Value inside = taps;
  if (p.countIncludePad && (ys.begin || xs.begin)) {
    auto count = [&](const Taps &t) { return t.begin ? b.create<arith::SubIOp>(t.end, t.begin) : b.constant(t.count); };
    inside = b.create<arith::TruncIOp>(b.i32(), b.mul(count(ys), count(xs)));
  }
  Value zero = b.mul(inside, b.splat(b.i32(), int64_t(p.inputZeroPoint)));
  acc = a.isub(acc, b.create<vector::BroadcastOp>(b.vec(b.lanesOf(acc), b.i32()), zero));
  if (std::optional<int64_t> constant = constantTaps(p))
    return requantize(b, acc, numerics::averageMultiplier(p.scale, *constant), p.requant, p.range);
  return requantizeByTaps(acc, taps);
}

Value PoolEmitter::sumUp(const Taps &ys, const Taps &xs, Value c, int64_t lanes) {
  VectorType type = b.vec(lanes, elementType(b, p.input));
  Value first = b.at(in, b.mul(c, b.constant(bytesOf(p.input))));
  return reduceTaps(ys, start(lanes), [&](Value ky, Value acc) {
    Value y = b.addMul(ys.origin, ky, p.dilationH);
    Value row = b.at(first, b.mul(y, b.constant(p.in.row)));
    return reduceTaps(xs, acc, [&](Value kx, Value acc) {
      Value x = b.addMul(xs.origin, kx, p.dilationW);
      return combine(acc, b.load(type, b.at(row, b.mul(x, b.constant(p.in.pixel)))));
    });
  });
}

/// Each thread of the item adds up some of the taps.
Value PoolEmitter::sumUpByThreads(const Taps &ys, const Taps &xs, Value c, int64_t lanes) {
  VectorType type = b.vec(lanes, elementType(b, p.input));
  Value first = b.at(in, b.mul(c, b.constant(bytesOf(p.input))));
  const Values sums = carryOwn(b, p.KH * p.KW, start(lanes), [&](Value tap, ValueRange acc) {
    Value kx = b.takeDigit(tap, p.KW);
    Value y = b.addMul(ys.origin, tap, p.dilationH), x = b.addMul(xs.origin, kx, p.dilationW);
    Value pixel = b.at(b.at(first, b.mul(y, b.constant(p.in.row))), b.mul(x, b.constant(p.in.pixel)));
    return Values{combine(acc[0], b.load(type, pixel))};
  });
  return combineThreads(b, sums[0], [&](Value x, Value y) { return b.add(x, y); });
}

Value PoolEmitter::window(const Taps &ys, const Taps &xs, Value c, int64_t lanes) {
  Value acc = b.launch.itemThreads > 1 ? sumUpByThreads(ys, xs, c, lanes) : sumUp(ys, xs, c, lanes);
  if (isMax(p))
    return acc;
  acc = average(ys, xs, acc);
  return isFloat(p) ? acc : narrow(b, acc, p.output);
}

void PoolEmitter::emitRow(Value oy) {
  // Two registers of floats, or of the i32 that averages of integers are; one of stored values.
  const int64_t full = isMax(p) && !isFloat(p) ? b.isa.vectorBits / 8 / bytesOf(p.input) : 2 * b.isa.lanes();
  const Taps ys = clipH(oy);
  Value outRow = b.at(out, b.mul(oy, b.constant(p.out.row)));
  b.loop(p.outputW, [&](Value ox) {
    const Taps xs = clipW(ox);
    Value pixel = b.at(outRow, b.mul(ox, b.constant(p.out.pixel)));
    emitVectors(b, p.C, full, [&](int64_t lanes, Value c) {
      Value result = window(ys, xs, c, lanes);
      b.store(result, b.at(pixel, b.mul(c, b.constant(bytesOf(p.output)))));
    });
  });
}

/// Of the channels of a pixel: an item of a GPU.
static RowPieces piecesOf(const PoolParams &params, const ISA &isa) { return RowPieces(isa, params.C, isa.lanes()); }

void PoolEmitter::emitPiece(Value oy, Value ox, Value piece) {
  const Taps ys = clipH(oy), xs = clipW(ox);
  Value pixel = b.at(b.at(out, b.mul(oy, b.constant(p.out.row))), b.mul(ox, b.constant(p.out.pixel)));
  piecesOf(p, b.isa).emit(b, piece, b.isa.lanes(), [&](int64_t lanes, Value c) {
    Value result = window(ys, xs, c, lanes), target = b.at(pixel, b.mul(c, b.constant(bytesOf(p.output))));
    emitShared(b, 1, 1, [&](int64_t, Value) { b.store(result, target); });
  });
}

/// Threads of a GPU that share a window. Sums of integers are the same in any order.
static int64_t threadsOf(const PoolParams &params) {
  constexpr int64_t manyTaps = 32;
  const bool shares = !isMax(params) && !isFloat(params) && params.KH * params.KW >= manyTaps && !isClippedH(params) &&
                      !isClippedW(params);
  return shares ? 8 : 1;
}

static func::FuncOp emitThreadPool(OpBuilder &builder, Location loc, StringRef symbol, const PoolParams &params,
                                   const ISA &isa) {
  const RowPieces pieces = piecesOf(params, isa);
  const Extent items = poolTileCount(params) * params.outputW * pieces.count();
  return defineKernel(builder, loc, symbol, isa, items, [&](KernelBuilder &b, Value args, Value item, Value) {
    if (items == 0)
      return;
    b.launch.itemThreads = threadsOf(params);
    Value piece = pieces.take(b, item), ox = b.takeDigit(item, params.outputW), oy = b.takeDigit(item, params.outputH);
    Value in = b.at(b.argument(args, 0), b.mul(item, b.constant(params.inImage)));
    Value out = b.at(b.argument(args, 1), b.mul(item, b.constant(params.outImage)));
    PoolEmitter(b, params, in, out).emitPiece(oy, ox, piece);
  });
}

func::FuncOp nibble::kernels::emitPool(OpBuilder &builder, Location loc, StringRef symbol, const PoolParams &params,
                                       const ISA &isa) {
  assert(whyNoPool(params, isa).empty());
  if (isa.isGPU())
    return emitThreadPool(builder, loc, symbol, params, isa);
  return defineKernel(builder, loc, symbol, isa, poolTileCount(params),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (poolTileCount(params) == 0)
                          return;
                        Value in = b.argument(args, 0), out = b.argument(args, 1);
                        forEachImageRow(b, begin, end, params.images, params.outputH, [&](Value image, Value oy) {
                          PoolEmitter emitter(b, params, b.at(in, b.mul(image, b.constant(params.inImage))),
                                              b.at(out, b.mul(image, b.constant(params.outImage))));
                          emitter.emitRow(oy);
                        });
                      });
}
