// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface of the convolution kernels: which family serves, under which name.

#include "nibble/Kernels/Conv.h"
#include "CUDA/BlockProduct.h"
#include "Families.h"
#include "Plan.h"
#include "Small.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

ConvParams nibble::kernels::matmulParams(const Extent &M, int64_t K, int64_t N, int64_t lhsPitch, int64_t resultPitch) {
  ConvParams params;
  params.C = K;
  params.N = N;
  params.H = 1;
  params.W = M;
  params.in = {M * lhsPitch, lhsPitch};
  params.out = {M * resultPitch, resultPitch};
  return params;
}

std::string nibble::kernels::whyNoConv(const ConvParams &p, const ISA &isa) {
  if (p.weightBits != 8 && p.weightBits != 4 && p.weightBits != 2)
    return "weights of " + std::to_string(p.weightBits) + " bits";
  if (p.weightBits != 8 && (isDepthwise(p) || (p.input != ElementKind::U8 && p.input != ElementKind::S8)))
    return "weights of fewer than 8 bits multiply bytes, and not by channel";
  if (p.weightGroup && (p.weightBits == 8 || p.weightGroup % (channelsPerStep(p) * 8 / p.weightBits)))
    return "weights of " + std::to_string(p.weightBits) + " bits in groups of " + std::to_string(p.weightGroup);
  if (p.pairedSteps && (isDepthwise(p) || bytesOf(p.input) != 1 || isa.isBareMetal()))
    return "pairs of steps where bytes are not summed by four";
  if (p.scaled && p.input == ElementKind::S16)
    return "a scaled product of 16-bit values";
  if (p.scaled && (p.output != ElementKind::F32 || p.residual || p.requant == Requant::Fixed))
    return "a scaled result is float and nothing is added to it";
  if (p.sums && (p.scaled || p.input == ElementKind::F32 || p.input == ElementKind::S16 ||
                 p.output != ElementKind::F32 || p.residual || p.requant == Requant::Fixed))
    return "sums are those of bytes, as they are";
  if (p.encoded && !p.sums)
    return "a zero point found at run time without sums";
  if (p.rowScalePitch && p.H != 1)
    return "the pixels of an image share one row scale";
  if (!p.scaled && !p.sums && (p.input == ElementKind::F32) != (p.output == ElementKind::F32))
    return "the input and the result must both be float or both be integers";
  // Of dynamic rows and pixels there may be none.
  for (const Extent &extent : std::initializer_list<Extent>{p.C, p.N, p.H, p.W, p.KH, p.KW, p.groups})
    if (extent.getStaticOr(1) < 1)
      return "an extent of " + extent.str();
  // Offsets within a window and within a tile's weights are immediate operands, but for rows of a dynamic pitch.
  const double window = double(p.KH) * p.dilationH * p.in.row.getStaticOr(0) +
                        (double(p.KW) + 128) * p.dilationW * p.strideW * p.in.pixel;
  const double weights = double(p.KH) * p.KW * (p.C / p.groups + 4) * (p.input == ElementKind::F32 ? 64 : 16) * 8;
  if (std::max(window, weights) >= 0x1p30)
    return "a window that spans more than 1 GiB";
  return isa.isBareMetal() ? whyNoSmallConv(p) : "";
}

static std::string tileName(const ConvParams &params, const ISA &isa) {
  if (isa.isBareMetal())
    return smallConvTileName(params, isa);
  if (isDepthwise(params))
    return depthwiseTileName(params, isa);
  if (const auto tile = chooseBlockTile(params, isa))
    return blockTileName(*tile);
  const RegisterTile tile = chooseRegisterTile(DensePlan(params), isa);
  const std::string name = std::to_string(tile.mr) + "x" + std::to_string(tile.blocks * kBlock);
  return params.input == ElementKind::F32 ? name : name + "c" + std::to_string(channelsPerStep(params));
}

std::string nibble::kernels::convKernelName(const ConvParams &p, const ISA &isa) {
  const bool isMatMul = p.KH == 1 && p.KW == 1 && p.groups == 1 && p.strideH == 1 && p.strideW == 1;
  std::string name;
  llvm::raw_string_ostream os(name);
  const std::string weights =
      "_s" + std::to_string(p.weightBits) + (p.weightGroup ? "g" + std::to_string(p.weightGroup) : "pc") + "_";
  os << spelling(p.input) << (p.input == ElementKind::F32 && !p.scaled ? "_f32_" : weights)
     << (p.sums ? "i32" : spelling(p.output))
     << (isDepthwise(p) ? "_dwconv_" : (isMatMul ? "_gemm_" : (p.groups > 1 ? "_gconv_" : "_conv_")))
     << tileName(p, isa);
  if (p.requant == Requant::Fixed)
    os << "_fixed";
  if (p.residual)
    os << "_add";
  if (p.encoded)
    os << "_encoded";
  os << '_' << isa.name;
  return name;
}

std::string nibble::kernels::convKernelKey(const ConvParams &p) {
  std::string key;
  llvm::raw_string_ostream os(key);
  const std::initializer_list<Extent> numbers = {int64_t(p.input),
                                                 int64_t(p.output),
                                                 p.C,
                                                 p.N,
                                                 p.H,
                                                 p.W,
                                                 p.KH,
                                                 p.KW,
                                                 p.strideH,
                                                 p.strideW,
                                                 p.dilationH,
                                                 p.dilationW,
                                                 p.groups,
                                                 p.weightBits,
                                                 p.weightGroup,
                                                 int64_t(p.pairedSteps),
                                                 p.in.row,
                                                 p.in.pixel,
                                                 p.out.row,
                                                 p.out.pixel,
                                                 int64_t(p.requant),
                                                 int64_t(p.outputZeroPoint),
                                                 int64_t(p.clampMin),
                                                 int64_t(p.clampMax),
                                                 int64_t(p.multipliersBelowOne),
                                                 int64_t(p.scaled),
                                                 int64_t(p.sums),
                                                 int64_t(p.encoded),
                                                 p.rowScalePitch};
  for (const Extent &value : numbers)
    os << value << ',';
  for (float value : {p.floatMin, p.floatMax})
    os << llvm::bit_cast<uint32_t>(value) << ',';
  if (p.images != 1)
    os << "images " << p.images << " by " << p.inImage << ',' << p.outImage << ',' << p.addendImage << ','
       << p.rowScaleImage << ',';
  if (!p.residual)
    return key;
  const Residual &r = *p.residual;
  os << llvm::bit_cast<uint32_t>(r.scale) << ',' << llvm::bit_cast<uint32_t>(r.addendScale);
  for (const Extent &value :
       std::initializer_list<Extent>{r.addendZeroPoint, r.zeroPoint, r.min, r.max, r.addend.row, r.addend.pixel})
    os << ',' << value;
  os << ',' << r.addendFirst;
  return key;
}

bool nibble::kernels::canPairSteps(const ConvParams &params) {
  ConvParams paired = params;
  paired.pairedSteps = true;
  const int64_t together = channelsPerStep(paired) * 8 / params.weightBits;
  return bytesOf(params.input) == 1 && !isDepthwise(params) && DensePlan(params).channels > channelsPerStep(params) &&
         params.weightGroup % together == 0;
}

/// Of one image.
static Extent imageTileCount(const ConvParams &params) {
  return isDepthwise(params) ? depthwiseTileCount(params) : DensePlan(params).tiles();
}

/// Tiles, or the items of a GPU.
static Extent imageTileCount(const ConvParams &params, const ISA &isa) {
  if (!isa.isGPU())
    return imageTileCount(params);
  return isDepthwise(params) ? depthwiseItemCount(params, isa) : planForThreads(params).tiles();
}

Extent nibble::kernels::convTileCount(const ConvParams &params) { return params.images * imageTileCount(params); }

/// Tiles [begin, end) of one image.
static void emitImage(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end) {
  if (b.isa.isBareMetal())
    emitSmallConv(b, params, args);
  else if (isDepthwise(params))
    emitDepthwise(b, params, args, begin, end);
  else
    emitDense(b, params, args, begin, end);
}

/// Tiles [begin, end) of several images, image by image: each has arguments of its own, in memory.
static void emitImages(KernelBuilder &b, const ConvParams &params, Value args, Value begin, Value end) {
  SmallVector<Extent> steps = {params.inImage, 0, 0, 0, params.outImage};
  if (params.residual)
    steps.push_back(params.addendImage);
  else if (params.encoded || (params.scaled && params.input != ElementKind::F32))
    steps.push_back(params.rowScaleImage);
  if (b.isa.isBareMetal())
    steps.push_back(0); // the table
  const int64_t pointerBytes = b.isa.pointerBits() / 8;
  Value own = b.stackMemory(steps.size() * pointerBytes), tiles = b.constant(max(imageTileCount(params, b.isa), 1));
  Value last = b.create<arith::DivUIOp>(b.add(end, b.create<arith::SubIOp>(tiles, b.constant(1))), tiles);
  b.loop(b.create<arith::DivUIOp>(begin, tiles), last, [&](Value image) {
    for (auto [i, step] : llvm::enumerate(steps)) {
      Value pointer = b.argument(args, i);
      if (step != 0)
        pointer = b.at(pointer, b.mul(image, b.constant(step)));
      b.store(pointer, b.at(own, i * pointerBytes));
    }
    Value first = b.mul(image, tiles);
    emitImage(b, params, own, b.create<arith::MaxSIOp>(b.create<arith::SubIOp>(begin, first), b.constant(0)),
              b.create<arith::MinSIOp>(b.create<arith::SubIOp>(end, first), tiles));
  });
}

func::FuncOp nibble::kernels::emitConv(OpBuilder &builder, Location loc, StringRef symbol, const ConvParams &params,
                                       const ISA &isa) {
  assert(whyNoConv(params, isa).empty() && "ask first");
  if (const auto tile = chooseBlockTile(params, isa))
    return defineKernel(builder, loc, symbol, isa, blockCount(params, *tile),
                        [&](KernelBuilder &b, Value args, Value, Value) { emitBlockConv(b, params, *tile, args); });
  return defineKernel(builder, loc, symbol, isa, params.images * imageTileCount(params, isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (params.images == 1)
                          emitImage(b, params, args, begin, end);
                        else
                          emitImages(b, params, args, begin, end);
                      });
}
