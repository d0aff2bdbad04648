// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transposed convolutions: output channels in vectors, taps in the order ky, kx, c.

#include "nibble/Kernels/ConvTranspose.h"
#include "Box.h"
#include "ByteArith.h"
#include "RowTiles.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isFloat(const ConvTransposeParams &params) { return params.input == ElementKind::F32; }

std::string nibble::kernels::whyNoConvTranspose(const ConvTransposeParams &params, const ISA &isa) {
  if (isFloat(params) != (params.output == ElementKind::F32))
    return "the input and the result must both be float or both be integers";
  if (params.C % params.groups != 0 || params.N % params.groups != 0)
    return "groups that do not divide the channels";
  return isFloat(params) ? "" : whyNotRange(params.range, params.output);
}

std::string nibble::kernels::convTransposeKernelName(const ConvTransposeParams &params, const ISA &isa) {
  return (spelling(params.input) + (isFloat(params) ? "_f32_" : "_s8pc_") + spelling(params.output) +
          "_conv_transpose_" + isa.name)
      .str();
}

std::string nibble::kernels::convTransposeKernelKey(const ConvTransposeParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "conv_transpose " << spelling(params.input) << ' ' << spelling(params.output) << ' '
     << spelling(Extents{params.C, params.H, params.W}) << " to "
     << spelling(Extents{params.N, params.outputH, params.outputW}) << " kernel "
     << spelling(Extents{params.KH, params.KW}) << " stride " << spelling(Extents{params.strideH, params.strideW})
     << " dilation " << spelling(Extents{params.dilationH, params.dilationW}) << " pad "
     << spelling(Extents{params.padTop, params.padLeft}) << " groups " << params.groups << " in "
     << spelling(Extents{params.in.row, params.in.pixel}) << " out "
     << spelling(Extents{params.out.row, params.out.pixel}) << " images "
     << spelling(Extents{params.images, params.inImage, params.outImage});
  if (isFloat(params))
    os << (params.bias ? " bias" : "");
  else
    os << (params.requant == Requant::Float ? " float " : " fixed ") << params.inputZeroPoint << ' '
       << spelling(params.range);
  return key;
}

Extent nibble::kernels::convTransposeTileCount(const ConvTransposeParams &params) {
  return params.images * params.outputH;
}

/// Of the columns of a group.
static RowPieces piecesOf(const ConvTransposeParams &params, const ISA &isa) {
  return RowPieces(isa, params.N / params.groups, isa.lanes());
}

template <typename T>
static std::vector<char> pack(const ConvTransposeParams &p, llvm::ArrayRef<T> weights) {
  // Groups, KH, KW, channels of a group, columns of a group.
  const int64_t channels = p.C / p.groups, columns = p.N / p.groups, taps = p.KH * p.KW;
  std::vector<T> packed(weights.size());
  for (int64_t o = 0; o < p.N; ++o)
    for (int64_t i = 0; i < taps * channels; ++i)
      packed[(o / columns * taps * channels + i) * columns + o % columns] = weights[o * taps * channels + i];
  const char *bytes = reinterpret_cast<const char *>(packed.data());
  return std::vector<char>(bytes, bytes + packed.size() * sizeof(T));
}

std::vector<char> nibble::kernels::packConvTransposeWeights(const ConvTransposeParams &params,
                                                            llvm::ArrayRef<int8_t> weights) {
  return pack(params, weights);
}

std::vector<char> nibble::kernels::packConvTransposeWeights(const ConvTransposeParams &params,
                                                            llvm::ArrayRef<float> weights) {
  return pack(params, weights);
}

namespace {

/// Where one dimension's taps read: tap k of output o at (o + pad - k * dilation) / stride, where that is whole and
/// inside the image.
struct Axis {
  Extent extent;
  int64_t kernel, stride, dilation, pad;
};

class TransposeEmitter {
public:
  TransposeEmitter(KernelBuilder &b, const ConvTransposeParams &params, Value args)
      : b(b), p(params), bytes(bytesOf(params.input)), weightBytes(isFloat(params) ? 4 : 1),
        channels(params.C / params.groups), columns(params.N / params.groups),
        rows{params.H, params.KH, params.strideH, params.dilationH, params.padTop},
        pixels{params.W, params.KW, params.strideW, params.dilationW, params.padLeft}, weights(b.argument(args, 1)) {
    if (!isFloat(p) || p.bias)
      bias = b.argument(args, 3);
    if (!isFloat(p))
      multipliers = b.argument(args, 4);
  }

  /// The output row at `out`, number `oy`, of the image at `in`.
  void emitRow(Value in, Value out, Value oy);
  /// The columns of a group, or a piece of them, of pixel `ox` of that row.
  void emitGroup(Value in, Value out, Value oy, Value ox, Value group, Value piece);

private:
  /// Folds `body` over the taps of `axis` that output `o` has.
  Value forTaps(const Axis &axis, Value o, Value acc,
                llvm::function_ref<Value(Value tap, Value index, Value acc)> body);
  Value sumChannels(Value pixel, Value taps, Value acc);
  Value window(Value image, Value oy, Value ox, Value group, Value column, int64_t lanes);
  Value start(Value column, int64_t lanes);
  Value offset(Value pointer, Value index, const Extent &step) { return b.at(pointer, b.mul(index, b.constant(step))); }

  KernelBuilder &b;
  const ConvTransposeParams &p;
  int64_t bytes, weightBytes, channels, columns;
  Axis rows, pixels;
  Value weights, bias, multipliers;
};

} // namespace

Value TransposeEmitter::forTaps(const Axis &axis, Value o, Value acc,
                                llvm::function_ref<Value(Value, Value, Value)> body) {
  Value first = b.add(o, b.constant(axis.pad));
  return b.loop(axis.kernel, acc, [&](Value tap, ValueRange carried) {
    Value at = b.create<arith::SubIOp>(first, b.mul(tap, b.constant(axis.dilation)));
    Value index = at, hit;
    if (axis.stride > 1) {
      // Of a negative position the quotient does not matter.
      index = b.create<arith::DivUIOp>(at, b.constant(axis.stride));
      Value whole = b.mul(index, b.constant(axis.stride));
      hit = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, whole, at);
    }
    Value inside = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, index, b.constant(axis.extent));
    hit = hit ? b.create<arith::AndIOp>(hit, inside) : inside;
    auto branch = scf::IfOp::create(b, TypeRange{acc.getType()}, hit, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, body(tap, index, carried[0]));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, carried[0]);
    return Values{branch.getResult(0)};
  })[0];
}

Value TransposeEmitter::sumChannels(Value pixel, Value taps, Value acc) {
  const int64_t lanes = b.lanesOf(acc);
  VectorArith a(b, lanes);
  return b.loop(channels, acc, [&](Value c, ValueRange carried) {
    Value input = b.load(elementType(b, p.input), offset(pixel, c, bytes));
    Value weight = b.load(b.vec(lanes, isFloat(p) ? b.f32() : b.i8()), offset(taps, c, columns * weightBytes));
    if (isFloat(p))
      return Values{a.fma(b.create<vector::BroadcastOp>(b.vec(lanes, b.f32()), input), weight, carried[0])};
    Value wide = p.input == ElementKind::U8 ? b.create<arith::ExtUIOp>(b.i32(), input)
                                            : b.create<arith::ExtSIOp>(b.i32(), input);
    wide = b.create<arith::SubIOp>(wide, b.splat(b.i32(), int64_t(p.inputZeroPoint)));
    Value all = b.create<vector::BroadcastOp>(b.vec(lanes, b.i32()), wide);
    return Values{a.iadd(carried[0], b.mul(all, widen(b, weight, ElementKind::S8)))};
  })[0];
}

Value TransposeEmitter::start(Value column, int64_t lanes) {
  if (bias)
    return b.load(b.vec(lanes, isFloat(p) ? b.f32() : b.i32()), offset(bias, column, 4));
  return b.splat(b.vec(lanes, b.f32()), 0.0f);
}

/// `column`: of the group.
Value TransposeEmitter::window(Value image, Value oy, Value ox, Value group, Value column, int64_t lanes) {
  const int64_t tapBytes = channels * columns * weightBytes;
  Value taps = offset(offset(weights, group, p.KH * p.KW * tapBytes), column, weightBytes);
  Value first = offset(image, group, channels * bytes);
  Value acc = start(b.addMul(column, group, columns), lanes);
  return forTaps(rows, oy, acc, [&](Value ky, Value iy, Value acc) {
    Value row = offset(first, iy, p.in.row), tapRow = offset(taps, ky, p.KW * tapBytes);
    return forTaps(pixels, ox, acc, [&](Value kx, Value ix, Value acc) {
      return sumChannels(offset(row, ix, p.in.pixel), offset(tapRow, kx, tapBytes), acc);
    });
  });
}

void TransposeEmitter::emitGroup(Value in, Value out, Value oy, Value ox, Value group, Value piece) {
  Value pixel = offset(out, ox, p.out.pixel);
  // Four registers of sums hide the latency of each.
  piecesOf(p, b.isa).emit(b, piece, 4 * b.isa.lanes(), [&](int64_t lanes, Value column) {
    Value acc = window(in, oy, ox, group, column, lanes), n = b.addMul(column, group, columns);
    if (!isFloat(p))
      acc = requantizeColumns(b, acc, multipliers, n, p.N, p.requant, p.range, p.output);
    b.store(acc, offset(pixel, n, bytesOf(p.output)));
  });
}

void TransposeEmitter::emitRow(Value in, Value out, Value oy) {
  b.loop(p.outputW,
         [&](Value ox) { b.loop(p.groups, [&](Value group) { emitGroup(in, out, oy, ox, group, Value()); }); });
}

/// A GPU's items are pieces of the columns of a group of a pixel.
static func::FuncOp emitThreadConvTranspose(OpBuilder &builder, Location loc, StringRef symbol,
                                            const ConvTransposeParams &p, const ISA &isa) {
  const RowPieces pieces = piecesOf(p, isa);
  const Extent items = convTransposeTileCount(p) * p.outputW * p.groups * pieces.count();
  return defineKernel(builder, loc, symbol, isa, items, [&](KernelBuilder &b, Value args, Value item, Value) {
    Value piece = pieces.take(b, item), group = b.takeDigit(item, p.groups), ox = b.takeDigit(item, p.outputW),
          oy = b.takeDigit(item, p.outputH);
    Value in = b.at(b.argument(args, 0), b.mul(item, b.constant(p.inImage)));
    Value out = b.at(b.argument(args, 2), b.mul(item, b.constant(p.outImage)));
    TransposeEmitter(b, p, args).emitGroup(in, b.at(out, b.mul(oy, b.constant(p.out.row))), oy, ox, group, piece);
  });
}

func::FuncOp nibble::kernels::emitConvTranspose(OpBuilder &builder, Location loc, StringRef symbol,
                                                const ConvTransposeParams &params, const ISA &isa) {
  assert(whyNoConvTranspose(params, isa).empty());
  if (isa.isGPU())
    return emitThreadConvTranspose(builder, loc, symbol, params, isa);
  return defineKernel(builder, loc, symbol, isa, convTransposeTileCount(params),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        TransposeEmitter emitter(b, params, args);
                        Value in = b.argument(args, 0), out = b.argument(args, 2);
                        forEachImageRow(b, begin, end, params.images, params.outputH, [&](Value image, Value oy) {
                          Value target = b.at(b.at(out, b.mul(image, b.constant(params.outImage))),
                                              b.mul(oy, b.constant(params.out.row)));
                          emitter.emitRow(b.at(in, b.mul(image, b.constant(params.inImage))), target, oy);
                        });
                      });
}
