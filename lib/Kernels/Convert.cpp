// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantize, dequantize and changes of layout.

#include "nibble/Kernels/Convert.h"
#include "ByteArith.h"
#include "ConvertLanes.h"
#include "VectorArith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

ConvertParams nibble::kernels::flatConvert(ElementKind input, ElementKind output, int64_t count) {
  ConvertParams params;
  params.input = input;
  params.output = output;
  params.W = count;
  params.in = {count * bytesOf(input), bytesOf(input)};
  params.out = {count * bytesOf(output), bytesOf(output)};
  params.outputChannels = 1;
  return params;
}

static bool isQuantize(const ConvertParams &params) {
  return params.input == ElementKind::F32 && params.output != ElementKind::F32;
}

static bool isDequantize(const ConvertParams &params) {
  return params.input != ElementKind::F32 && params.output == ElementKind::F32;
}

static int64_t extraChannels(const ConvertParams &params) {
  return params.outputLayout == ImageLayout::Pixels ? std::max<int64_t>(params.outputChannels - params.C, 0) : 0;
}

/// Strides of H, W, C.
static Extents imageStrides(const ConvertParams &params, ImageLayout layout, ImagePitch pitch, int64_t bytes) {
  if (layout == ImageLayout::Planes)
    return {params.W * bytes, bytes, params.H * params.W * bytes};
  return {pitch.row, pitch.pixel, bytes};
}

static Box imageBox(const ConvertParams &params) {
  const int64_t inBytes = bytesOf(params.input), outBytes = bytesOf(params.output);
  Box box{{params.H, params.W, params.C},
          {{inBytes, imageStrides(params, params.inputLayout, params.in, inBytes)},
           {outBytes, imageStrides(params, params.outputLayout, params.out, outBytes)}}};
  return box;
}

/// The whole image as one box, if that makes good rows.
static std::optional<Box> asBox(const ConvertParams &params) {
  if (extraChannels(params) > 0)
    return std::nullopt;
  Box box = imageBox(params);
  if (params.inputLayout == ImageLayout::Planes && params.outputLayout == ImageLayout::Planes) {
    std::rotate(box.shape.begin(), box.shape.begin() + 2, box.shape.end());
    for (BoxOperand &operand : box.operands)
      std::rotate(operand.strides.begin(), operand.strides.begin() + 2, operand.strides.end());
  }
  box = mergeDimensions(box);
  if (box.isVectorizable() || params.inputLayout == params.outputLayout || box.empty())
    return box;
  return std::nullopt;
}

std::string nibble::kernels::whyNoConvert(const ConvertParams &params, const ISA &isa) {
  if (isQuantize(params) || isDequantize(params)) {
    if (!numerics::isScale(params.scale))
      return "the scale is not a positive normal number";
    if (std::string why = whyNotRange(params.range, isQuantize(params) ? params.output : params.input); !why.empty())
      return why;
  }
  return "";
}

static StringRef layoutName(ImageLayout layout) { return layout == ImageLayout::Planes ? "planes" : "pixels"; }

static std::string signature(const ConvertParams &params) {
  StringRef verb = isQuantize(params) ? "quantize" : isDequantize(params) ? "dequantize" : "layout";
  std::string name = (spelling(params.input) + "_" + spelling(params.output) + "_" + verb).str();
  if (params.inputLayout != params.outputLayout)
    name += ("_" + layoutName(params.inputLayout) + "_" + layoutName(params.outputLayout)).str();
  return name;
}

std::string nibble::kernels::convertKernelName(const ConvertParams &params, const ISA &isa) {
  return signature(params) + "_" + isa.name.str();
}

std::string nibble::kernels::convertKernelKey(const ConvertParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "convert " << spelling(params.input) << ' ' << spelling(params.output) << ' ' << layoutName(params.inputLayout)
     << ' ' << layoutName(params.outputLayout) << ' ' << params.C << 'x' << params.H << 'x' << params.W << " in "
     << params.in.row << ',' << params.in.pixel << " out " << params.out.row << ',' << params.out.pixel << " fill "
     << extraChannels(params) << ',' << spelling(float(params.fill)) << " scale " << spelling(params.scale) << ' '
     << spelling(params.range);
  return key;
}

int64_t nibble::kernels::convertTileCount(const ConvertParams &params) {
  if (std::optional<Box> box = asBox(params))
    return boxTileCount(*box);
  return params.W == 0 ? 0 : params.H;
}

Value nibble::kernels::convertLanes(KernelBuilder &b, const ConvertParams &params, Value lanes) {
  VectorArith a(b, b.lanesOf(lanes));
  if (isQuantize(params))
    return roundClamp(b, a.div(lanes, a.f32(params.scale)), params.range, /*mayBeNaN=*/true);
  if (!isDequantize(params))
    return lanes;
  Value value = params.input == ElementKind::U8 ? a.iand(lanes, a.i32(255)) : a.ashr(a.shl(lanes, 24), 24);
  return a.mul(centered(b, value, params.range.zeroPoint), a.f32(params.scale));
}

/// Elements from one box to another.
static void emitRow(KernelBuilder &b, const ConvertParams &params, const Box &box, ArrayRef<Value> pointers,
                    int64_t length) {
  const bool move = !isQuantize(params) && !isDequantize(params);
  // As many elements as bytes, or f32 of a move, fill a register.
  const int64_t full = b.isa.vectorBits / (params.output == ElementKind::F32 && move ? 32 : 8);
  emitVectors(b, length, box.isVectorizable() ? full : 1, [&](int64_t lanes, Value first) {
    Value value = loadRow(b, box, 0, elementType(b, params.input), pointers[0], first, lanes);
    if (isDequantize(params))
      value = widen(b, value, params.input);
    value = convertLanes(b, params, value);
    if (isQuantize(params))
      value = narrow(b, value);
    storeRow(b, box, 1, value, pointers[1], first);
  });
}

/// The image row at the pointers.
static void emitImageRow(KernelBuilder &b, const ConvertParams &params, Value in, Value out) {
  ConvertParams row = params;
  row.H = 1;
  Box box = imageBox(row);
  box.operands[0].strides = imageStrides(params, params.inputLayout, params.in, bytesOf(params.input));
  box.operands[1].strides = imageStrides(params, params.outputLayout, params.out, bytesOf(params.output));
  box = mergeDimensions(box);
  if (params.inputLayout == params.outputLayout)
    emitWholeBox(b, box, {in, out}, [&](ArrayRef<Value> p, int64_t length) { emitRow(b, params, box, p, length); });
  else if (params.outputLayout == ImageLayout::Pixels)
    emitPlanesToPixels(b, params, in, out);
  else
    emitPixelsToPlanes(b, params, in, out);
  const int64_t extra = extraChannels(params), bytes = bytesOf(params.output);
  // What planes become pixels of bytes already comes in groups of four channels.
  const int64_t done =
      params.inputLayout == params.outputLayout || bytes > 1 ? 0 : std::min(extra, (4 - params.C % 4) % 4);
  if (extra == done)
    return;
  Box fill{{params.W, extra - done}, {{bytes, {params.out.pixel, bytes}}}};
  emitFillBox(b, mergeDimensions(fill), b.at(out, (params.C + done) * bytes),
              storedValue(b, params.output, params.fill));
}

func::FuncOp nibble::kernels::emitConvert(OpBuilder &builder, Location loc, StringRef symbol,
                                          const ConvertParams &params, const ISA &isa) {
  assert(whyNoConvert(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    SmallVector<Value> pointers = loadArguments(b, args, 2);
    if (std::optional<Box> box = asBox(params))
      return emitBox(b, *box, pointers, begin, end,
                     [&](ArrayRef<Value> p, int64_t length) { emitRow(b, params, *box, p, length); });
    if (params.W == 0)
      return;
    Box image = imageBox(params);
    b.loop(begin, end, [&](Value y) {
      Value in = b.at(pointers[0], b.mul(y, b.constant(image.operands[0].strides[0])));
      Value out = b.at(pointers[1], b.mul(y, b.constant(image.operands[1].strides[0])));
      emitImageRow(b, params, in, out);
    });
  });
}
