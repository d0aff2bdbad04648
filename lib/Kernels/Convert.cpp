// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Images from planes to pixels and back.

#include "nibble/Kernels/Convert.h"
#include "ByteArith.h"
#include "ConvertLanes.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isQuantize(const ConvertParams &params) {
  return params.input == ElementKind::F32 && params.output != ElementKind::F32;
}

static bool isDequantize(const ConvertParams &params) {
  return params.input != ElementKind::F32 && params.output == ElementKind::F32;
}

std::string nibble::kernels::whyNoConvert(const ConvertParams &params, const ISA &isa) {
  if (isQuantize(params) || isDequantize(params))
    return whyNotScale(params.scale, params.range, isQuantize(params) ? params.output : params.input);
  return params.input == params.output ? "" : "bytes of another sign";
}

static bool fromPlanes(const ConvertParams &params) { return params.inputLayout == ImageLayout::Planes; }

static std::string signature(const ConvertParams &params) {
  StringRef verb = isQuantize(params) ? "quantize" : isDequantize(params) ? "dequantize" : "layout";
  return (spelling(params.input) + "_" + spelling(params.output) + "_" + verb +
          (fromPlanes(params) ? "_planes_pixels" : "_pixels_planes"))
      .str();
}

std::string nibble::kernels::convertKernelName(const ConvertParams &params, const ISA &isa) {
  return signature(params) + "_" + isa.name.str();
}

std::string nibble::kernels::convertKernelKey(const ConvertParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "convert " << spelling(params.input) << ' ' << spelling(params.output) << (fromPlanes(params) ? " to" : " from")
     << " pixels " << spelling(Extents{params.C, params.H, params.W}) << " by "
     << spelling(Extents{params.pixels.row, params.pixels.pixel}) << " scale " << spelling(params.scale) << ' '
     << spelling(params.range);
  return key;
}

Extent nibble::kernels::convertTileCount(const ConvertParams &params) {
  return params.W == 0 || params.C == 0 ? Extent(0) : params.H;
}

Value nibble::kernels::convertLanes(KernelBuilder &b, const ConvertParams &params, Value lanes) {
  VectorArith a(b, b.lanesOf(lanes));
  if (isQuantize(params))
    return quantize(b, lanes, params.scale, params.range);
  if (!isDequantize(params))
    return lanes;
  const int unused = 32 - 8 * bytesOf(params.input);
  Value value = params.input == ElementKind::U8 ? a.iand(lanes, a.i32(255)) : a.ashr(a.shl(lanes, unused), unused);
  return dequantize(b, value, params.scale, params.range.zeroPoint);
}

func::FuncOp nibble::kernels::emitConvert(OpBuilder &builder, Location loc, StringRef symbol,
                                          const ConvertParams &params, const ISA &isa) {
  assert(whyNoConvert(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, convertTileCount(params) * convertPieceCount(params, isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (convertTileCount(params) == 0)
                          return;
                        Value in = b.argument(args, 0), out = b.argument(args, 1);
                        const Extent planeRow = params.W * bytesOf(fromPlanes(params) ? params.input : params.output);
                        b.loop(begin, end, [&](Value y) {
                          const ConvertPiece piece = takeConvertPiece(b, params, y);
                          Value planes = b.mul(y, b.constant(planeRow)),
                                pixels = b.mul(y, b.constant(params.pixels.row));
                          if (fromPlanes(params))
                            emitPlanesToPixels(b, params, piece, b.at(in, planes), b.at(out, pixels));
                          else
                            emitPixelsToPlanes(b, params, piece, b.at(in, pixels), b.at(out, planes));
                        });
                      });
}
