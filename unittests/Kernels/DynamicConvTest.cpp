// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of images whose extents are found at run time: one kernel for every size gives the bytes that the definition
// (convolutions), or the kernel of each size (all others), gives.

#include "ConvCase.h"
#include "KernelRunner.h"
#include "nibble/Kernels/ConvTranspose.h"
#include "nibble/Kernels/Pool.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// Dimensions d0 and d1 of a run: none, fewer than a window or a register tile has, a tile of 96 pixels and more.
constexpr int64_t sizes[][2] = {{0, 0}, {0, 5},  {5, 0},  {1, 1},  {2, 2},  {3, 3},   {7, 1},
                                {1, 5}, {2, 16}, {5, 31}, {1, 96}, {2, 97}, {1, 192}, {1, 200}};

const Extent d0 = Extent::dim(0), d1 = Extent::dim(1);

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// With the extents of an image, its rows and pixels without gaps.
ConvParams ofSize(ConvParams p, const Extent &H, const Extent &W) {
  p.H = H, p.W = W;
  p.in.pixel = p.C * bytesOf(p.input);
  p.in.row = ((W - 1) * p.strideW + (p.KW - 1) * p.dilationW + 1) * p.in.pixel;
  p.out.pixel = p.N * bytesOf(p.output);
  p.out.row = W * p.out.pixel;
  if (p.residual)
    p.residual->addend = p.out;
  return p;
}

/// H, W: of d0 and d1.
void checkConv(const ConvParams &params, const Extent &H = d0, const Extent &W = d1) {
  const ConvParams dynamic = ofSize(params, H, W);
  for (const ISA *isa : hostISAs()) {
    SCOPED_TRACE(convKernelName(dynamic, *isa) + " " + convKernelKey(dynamic));
    ASSERT_EQ(whyNoConv(dynamic, *isa), "");
    KernelJit jit(*isa, [&](mlir::OpBuilder &b, mlir::Location loc) { emitConv(b, loc, "kernel", dynamic, *isa); });
    for (const int64_t (&dims)[2] : sizes) {
      const ConvCase test(ofSize(params, H.evaluate(dims), W.evaluate(dims)));
      EXPECT_TRUE(test.computed(jit.get(), dynamic, dims) == test.expected()) << dims[0] << ", " << dims[1];
    }
  }
}

ConvParams conv(int64_t C, int64_t N, int64_t kernel = 1, int64_t stride = 1, ElementKind kind = ElementKind::U8) {
  ConvParams p;
  p.input = p.output = kind;
  p.C = C, p.N = N;
  p.KH = p.KW = kernel;
  p.strideH = p.strideW = stride;
  if (kind == ElementKind::U8)
    p.outputZeroPoint = 100;
  if (kind == ElementKind::S16)
    p.clampMin = -32767, p.clampMax = 32767;
  return p;
}

ConvParams depthwise(int64_t C, int64_t kernel, int64_t stride = 1, ElementKind kind = ElementKind::U8) {
  ConvParams p = conv(C, C, kernel, stride, kind);
  p.groups = C;
  return p;
}

ConvParams withResidual(ConvParams p) {
  Residual r;
  r.scale = 0.7f, r.addendScale = 0.4f;
  r.addendZeroPoint = 120, r.zeroPoint = 90, r.min = 10, r.max = 250;
  p.residual = r;
  return p;
}

TEST(DynamicConv, Windows) {
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32, ElementKind::S16})
    for (int64_t stride : {1, 2})
      checkConv(conv(6, 40, 3, stride, kind));
  ConvParams p = conv(5, 20, 3);
  p.dilationH = p.dilationW = 2;
  checkConv(p);
}

TEST(DynamicConv, OneExtentIsKnown) {
  checkConv(conv(5, 24, 3), 3, d0);
  checkConv(conv(5, 24, 3), d0, 14);
  checkConv(conv(5, 24), d0, 14); // one row of 14 * d0 pixels
  checkConv(depthwise(20, 3), d0, 14);
  checkConv(depthwise(20, 3), 3, d0);
}

TEST(DynamicConv, RowsOfMatrices) {
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32}) {
    checkConv(conv(33, 200, 1, 1, kind), 1, d1);
    checkConv(conv(8, 20, 1, 1, kind), 1, d0 * d1);
    checkConv(conv(8, 20, 1, 1, kind), 1, d0 * 96); // whole tiles alone
    checkConv(conv(8, 20, 1, 1, kind));
  }
}

TEST(DynamicConv, RowScales) {
  ConvParams p = conv(33, 20);
  p.output = ElementKind::F32;
  p.scaled = true;
  p.rowScalePitch = 4;
  checkConv(p, 1, d1);
}

TEST(DynamicConv, Groups) {
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32}) {
    ConvParams p = conv(15, 21, 3, 1, kind);
    p.groups = 3;
    checkConv(p);
  }
}

TEST(DynamicConv, Residual) {
  checkConv(withResidual(conv(8, 33, 3)));
  checkConv(withResidual(conv(8, 33)));
  checkConv(withResidual(depthwise(40, 3)));
}

TEST(DynamicConv, NarrowWeightsAndPairs) {
  ConvParams p = conv(24, 33, 3);
  p.weightBits = 4;
  checkConv(p);
  p.pairedSteps = true;
  checkConv(p);
}

TEST(DynamicConv, Depthwise) {
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32, ElementKind::S16})
    for (int64_t kernel : {3, 5})
      for (int64_t stride : {1, 2})
        checkConv(depthwise(70, kernel, stride, kind));
  checkConv(depthwise(5, 3));
}

TEST(DynamicConv, Gaps) {
  // Pitches of padded images, which are those of a larger width.
  ConvParams p = ofSize(conv(6, 21, 3), d0, d1);
  p.in.row = (d1 + 9) * p.in.pixel;
  p.out.row = (d1 + 1) * p.out.pixel;
  for (const ISA *isa : hostISAs()) {
    KernelJit jit(*isa, [&](mlir::OpBuilder &b, mlir::Location loc) { emitConv(b, loc, "kernel", p, *isa); });
    for (const int64_t (&dims)[2] : sizes) {
      ConvParams known = p;
      for (Extent *extent : {&known.H, &known.W, &known.in.row, &known.out.row})
        *extent = extent->evaluate(dims);
      const ConvCase test(known);
      EXPECT_TRUE(test.computed(jit.get(), p, dims) == test.expected()) << dims[0] << ", " << dims[1];
    }
  }
}

TEST(DynamicConv, MicrocontrollersHaveNone) {
  ConvParams p = ofSize(conv(6, 21, 3), d0, d1);
  p.requant = Requant::Fixed;
  for (const ISA &isa : getISAs())
    if (isa.isBareMetal()) {
      EXPECT_EQ(whyNoConv(p, isa), "dynamic extents on a microcontroller");
      EXPECT_EQ(whyNoConv(ofSize(p, 3, 4), isa), "");
    }
}

TEST(DynamicConv, TileCounts) {
  EXPECT_EQ(convTileCount(ofSize(conv(8, 20), 1, d0)), ceilDiv(d0, 96));
  EXPECT_EQ(convTileCount(ofSize(conv(8, 20, 3), d0, 14)), d0);
  EXPECT_EQ(convTileCount(ofSize(depthwise(8, 3), d0, d1)), d0);
}

//===----------------------------------------------------------------------===//
// Other kernels
//===----------------------------------------------------------------------===//

/// As above; fewer, since each is a kernel of its own.
constexpr int64_t imageSizes[][2] = {{0, 0}, {0, 5}, {5, 0}, {1, 1}, {2, 2}, {7, 3}, {1, 16}, {3, 31}, {2, 97}};

using Arguments = llvm::ArrayRef<void *>;
/// Runs a kernel with the arguments.
using Call = llvm::function_ref<void(Arguments)>;

/// What one family of kernels does. `run` makes operands for known extents, and gives the result.
template <typename Params>
struct Family {
  mlir::func::FuncOp (*emit)(mlir::OpBuilder &, mlir::Location, llvm::StringRef, const Params &, const ISA &);
  Extent (*tileCount)(const Params &);
  std::vector<char> (*run)(const Params &, Call);
};

/// Parameters of an image, or of as many images as a third dimension says.
template <typename Params>
using Make = llvm::function_ref<Params(const Extent &H, const Extent &W, const Extent &images)>;

template <typename Params>
void checkImages(const Family<Params> &family, Make<Params> make) {
  constexpr int64_t images = 2;
  const Params dynamic = make(d0, d1, Extent::dim(2));
  const auto compile = [&](const Params &p, const ISA &isa) {
    return CompiledKernel(isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return family.emit(builder, loc, symbol, p, isa);
    });
  };
  std::vector<CompiledKernel> kernels;
  for (const ISA *isa : hostISAs())
    kernels.push_back(compile(dynamic, *isa));
  for (const int64_t (&size)[2] : imageSizes) {
    const Params sized = make(size[0], size[1], images);
    const CompiledKernel known = compile(sized, *hostISAs().front());
    const std::vector<char> want = family.run(
        sized, [&](Arguments args) { known.run(args, std::max<int64_t>(0, family.tileCount(sized).getStatic())); });
    int64_t dims[] = {size[0], size[1], images};
    const int64_t tiles = std::max<int64_t>(0, family.tileCount(dynamic).evaluate(dims));
    for (size_t i = 0; i < kernels.size(); ++i) {
      const std::vector<char> got = family.run(sized, [&](Arguments args) {
        llvm::SmallVector<void *> all = {dims};
        llvm::append_range(all, args);
        kernels[i].run(Arguments(all).drop_front(), tiles);
      });
      EXPECT_TRUE(got == want) << hostISAs()[i]->name.str() << " " << size[0] << ", " << size[1];
    }
  }
}

struct Window {
  int64_t kernel, stride, pad, groups = 1;
};

/// `count` elements: floats that are finite, or any bytes.
std::vector<char> elements(ElementKind kind, int64_t count) {
  count = std::max<int64_t>(0, count);
  std::vector<char> result(count * bytesOf(kind));
  if (kind == ElementKind::F32)
    copyBytes(result.data(), randomFloats(count, 2, /*extremes=*/false));
  else
    copyBytes(result.data(), randomBytes(int64_t(result.size())));
  return result;
}

/// A result before anything is written, `bytes` of it between canaries, and where it begins.
struct Result {
  static constexpr int64_t guard = 256;
  std::vector<char> bytes;

  explicit Result(int64_t size) : bytes(std::max<int64_t>(0, size) + 2 * guard, canary) {}
  char *data() { return bytes.data() + guard; }
};

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

std::vector<char> runPool(const PoolParams &p, Call call) {
  std::vector<char> in = elements(p.input, (p.images * p.inImage).getStatic() / bytesOf(p.input));
  Result out((p.images * p.outImage).getStatic());
  call({in.data(), out.data()});
  return out.bytes;
}

PoolParams pool(PoolKind kind, ElementKind element, const Window &window, const Extent &H, const Extent &W,
                const Extent &images) {
  const int64_t kernel = window.kernel, stride = window.stride, pad = window.pad;
  PoolParams p;
  p.kind = kind;
  p.input = p.output = element;
  p.C = 19, p.H = H, p.W = W, p.images = images;
  p.KH = p.KW = kernel;
  p.strideH = p.strideW = stride;
  p.padTop = p.padLeft = pad;
  p.outputH = floorDiv(H + 2 * pad - kernel, stride) + 1;
  p.outputW = floorDiv(W + 2 * pad - kernel, stride) + 1;
  p.in.pixel = (p.C + 3) * bytesOf(element), p.in.row = (W + 1) * p.in.pixel;
  p.out.pixel = (p.C + 1) * bytesOf(element), p.out.row = max(p.outputW + 2, 0) * p.out.pixel;
  p.inImage = (H + 1) * p.in.row;
  p.outImage = p.outputH * p.out.row;
  p.scale = 0.9f;
  p.range = element == ElementKind::S16 ? StoredRange{-7, -30000, 32767} : StoredRange{255, 0, 255};
  p.inputZeroPoint = element == ElementKind::S16 ? 0 : 3;
  return p;
}

TEST(DynamicPool, AllKinds) {
  const Family<PoolParams> family{emitPool, poolTileCount, runPool};
  for (PoolKind kind : {PoolKind::Max, PoolKind::Average})
    for (ElementKind element : {ElementKind::U8, ElementKind::S16, ElementKind::F32})
      for (const Window &window : {Window{2, 2, 0}, Window{3, 1, 0}, Window{3, 2, 1}}) {
        const auto make = [&](const Extent &H, const Extent &W, const Extent &images) {
          return pool(kind, element, window, H, W, images);
        };
        checkImages<PoolParams>(family, make);
      }
}

TEST(DynamicPool, Averages) {
  const Family<PoolParams> family{emitPool, poolTileCount, runPool};
  for (bool all : {false, true}) {
    const auto make = [&](const Extent &H, const Extent &W, const Extent &images) {
      PoolParams p = pool(PoolKind::Average, ElementKind::U8, Window{3, 2, 1}, H, W, images);
      p.requant = Requant::Fixed;
      p.countIncludePad = all;
      return p;
    };
    checkImages<PoolParams>(family, make);
  }
}

//===----------------------------------------------------------------------===//
// Borders and layouts
//===----------------------------------------------------------------------===//

struct Sides {
  int64_t top, left, bottom, right;
};

std::vector<char> runHalo(const HaloParams &p, Call call) {
  Result out((p.images * p.imagePitch).getStatic());
  call({out.data() + p.top * p.pitch.row.getStatic() + p.left * p.pitch.pixel});
  return out.bytes;
}

TEST(DynamicHalo, AllSides) {
  const Family<HaloParams> family{emitHalo, haloTileCount, runHalo};
  for (ElementKind element : {ElementKind::S16, ElementKind::F32})
    for (const Sides &sides : {Sides{1, 1, 1, 1}, Sides{0, 0, 2, 3}, Sides{0, 1, 0, 0}, Sides{0, 0, 0, 0}})
      for (int64_t gap : {0, 1}) {
        const auto make = [&](const Extent &H, const Extent &W, const Extent &images) {
          HaloParams p;
          p.element = element;
          p.images = images;
          p.C = 3, p.H = H, p.W = W;
          p.top = sides.top, p.left = sides.left, p.bottom = sides.bottom, p.right = sides.right;
          p.pitch.pixel = (p.C + gap) * bytesOf(element);
          p.pitch.row = (sides.left + W + sides.right + 1) * p.pitch.pixel;
          p.imagePitch = (sides.top + H + sides.bottom) * p.pitch.row;
          p.value = 100;
          return p;
        };
        checkImages<HaloParams>(family, make);
      }
}

std::vector<char> runConvert(const ConvertParams &p, Call call) {
  const bool fromPlanes = p.inputLayout == ImageLayout::Planes;
  const int64_t planes = (p.H * p.W).getStatic() * p.C;
  const int64_t pixelBytes = (p.H * p.pixels.row).getStatic();
  std::vector<char> in = elements(p.input, fromPlanes ? planes : pixelBytes / bytesOf(p.input));
  Result out(fromPlanes ? pixelBytes : planes * bytesOf(p.output));
  call({in.data(), out.data()});
  return out.bytes;
}

/// Of the two sides.
struct Kinds {
  ElementKind pixels, other;
};
struct Channels {
  int64_t count, pitch;
};

TEST(DynamicConvert, BothWays) {
  const Family<ConvertParams> family{emitConvert, convertTileCount, runConvert};
  const ElementKind u8 = ElementKind::U8, f32 = ElementKind::F32, s16 = ElementKind::S16;
  for (const Kinds &kinds : {Kinds{u8, f32}, Kinds{s16, s16}, Kinds{f32, f32}})
    for (const Channels &channels : {Channels{1, 1}, Channels{4, 4}, Channels{6, 9}})
      for (bool fromPlanes : {true, false}) {
        const auto make = [&](const Extent &H, const Extent &W, const Extent &) {
          ConvertParams p;
          p.input = fromPlanes ? kinds.other : kinds.pixels;
          p.output = fromPlanes ? kinds.pixels : kinds.other;
          p.inputLayout = fromPlanes ? ImageLayout::Planes : ImageLayout::Pixels;
          p.C = channels.count, p.H = H, p.W = W;
          p.pixels.pixel = channels.pitch * bytesOf(kinds.pixels);
          p.pixels.row = (W + 2) * p.pixels.pixel;
          p.scale = 0.02f;
          p.range = {120, 0, 255};
          return p;
        };
        checkImages<ConvertParams>(family, make);
      }
}

//===----------------------------------------------------------------------===//
// Convolutions of several images
//===----------------------------------------------------------------------===//

/// With gaps behind images, and pitches of scales where each image has one.
ConvParams ofImages(const ConvParams &params, const Extent &H, const Extent &W, const Extent &images) {
  ConvParams p = ofSize(params, H, W);
  p.images = images;
  p.inImage = ((H - 1) * p.strideH + (p.KH - 1) * p.dilationH + 2) * p.in.row;
  p.outImage = (H + 1) * p.out.row;
  if (p.residual)
    p.addendImage = (H + 3) * p.residual->addend.row;
  if (p.scaled && p.input != ElementKind::F32)
    p.rowScaleImage = 4;
  return p;
}

/// The operands of several images, `p` of known extents.
struct ImageOperands {
  explicit ImageOperands(const ConvParams &p) : p(p) {
    const int64_t images = p.images.getStatic(), weightCount = p.N * p.KH * p.KW * p.C / p.groups;
    input = elements(p.input, (images * p.inImage.getStatic() + kInputSlack) / bytesOf(p.input));
    addend = elements(p.output, (images * p.addendImage.getStatic() + kInputSlack) / bytesOf(p.output));
    for (uint8_t byte : randomBytes(weightCount, 2))
      weights.push_back(std::max<int8_t>(-127, int8_t(byte)));
    floatWeights = randomFloats(weightCount, 1, /*extremes=*/false, 2);
    floatBias = randomFloats(p.N, 1, /*extremes=*/false, 3);
    for (int64_t o = 0; o < p.N; ++o) {
      bias.push_back(int32_t(o * 997 % 20000 - 10000));
      multipliers.push_back(0.0002f + 0.00001f * float(o));
    }
    for (int64_t i = 0; i < images; ++i)
      rowScales.push_back(0.25f * float(i + 1));
  }

  /// What `kernel`, made for `emitted`, gives; it computes the images [first, first + count) in each call.
  std::vector<char> run(const CompiledKernel &kernel, const ConvParams &emitted, int64_t *dims, int64_t count,
                        bool byTile) const {
    const bool isFloat = p.input == ElementKind::F32;
    std::vector<char> packed =
        isFloat && !p.scaled ? packConvWeights(emitted, floatWeights) : packConvWeights(emitted, weights);
    std::vector<char> start = isFloat ? packConvBias(emitted, p.scaled ? std::vector<float>(p.N, 0.0f) : floatBias)
                                      : packConvBias(emitted, bias, weights, DotInput::U8);
    std::vector<char> factors = p.scaled  ? packConvScales(emitted, multipliers, floatBias)
                                : isFloat ? std::vector<char>()
                                          : packConvMultipliers(emitted, multipliers);
    Aligned constants[] = {Aligned(packed), Aligned(start), Aligned(factors)};
    Result out(p.images.getStatic() * p.outImage.getStatic());
    for (int64_t first = 0; first < p.images.getStatic(); first += count) {
      void *last = p.residual
                       ? static_cast<void *>(const_cast<char *>(addend.data()) + first * p.addendImage.getStatic())
                       : const_cast<float *>(rowScales.data()) + first * (p.rowScaleImage.getStatic() / 4);
      void *const args[] = {dims,
                            const_cast<char *>(input.data()) + first * p.inImage.getStatic(),
                            constants[0].data,
                            constants[1].data,
                            constants[2].data,
                            out.data() + first * p.outImage.getStatic(),
                            last};
      const int64_t tiles = convTileCount(emitted).evaluate(llvm::ArrayRef(dims, 3)), third = (tiles + 2) / 3;
      // One tile at a time, or parts that begin and end within images; the last ones first.
      const int64_t step = byTile ? 1 : std::max<int64_t>(1, third);
      for (int64_t begin = tiles <= 0 ? -1 : (tiles - 1) / step * step; begin >= 0; begin -= step)
        kernel.run(llvm::ArrayRef(args).drop_front(), begin, std::min(begin + step, tiles));
    }
    return out.bytes;
  }

private:
  struct Aligned {
    explicit Aligned(const std::vector<char> &bytes) : storage(bytes.size() + 64) {
      data = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(storage.data()) + 63) / 64 * 64);
      copyBytes(data, bytes);
    }
    std::vector<char> storage;
    void *data;
  };

  const ConvParams &p;
  std::vector<char> input, addend;
  std::vector<int8_t> weights;
  std::vector<float> floatWeights, floatBias, multipliers, rowScales;
  std::vector<int32_t> bias;
};

/// A kernel of several images, their number and extents known or not, gives what that of one gives for each of them.
void checkConvImages(const ConvParams &params) {
  constexpr int64_t extents[][2] = {{3, 5}, {1, 100}};
  const Extent count = Extent::dim(2);
  const auto compile = [](const ConvParams &p, const ISA &isa) {
    return CompiledKernel(isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitConv(builder, loc, symbol, p, isa);
    });
  };
  for (const ISA *isa : hostISAs()) {
    const ConvParams ofAny = ofImages(params, d0, d1, count);
    SCOPED_TRACE(convKernelName(ofAny, *isa) + " " + convKernelKey(ofAny));
    ASSERT_EQ(whyNoConv(ofAny, *isa), "");
    const CompiledKernel any = compile(ofAny, *isa);
    for (const int64_t (&size)[2] : extents) {
      const ConvParams ofSome = ofImages(params, size[0], size[1], count);
      const ConvParams ofOne = ofImages(params, size[0], size[1], 1);
      const CompiledKernel some = compile(ofSome, *isa), one = compile(ofOne, *isa);
      for (int64_t images : {0, 1, 2, 5}) {
        const ConvParams known = ofImages(params, size[0], size[1], images);
        const ImageOperands operands(known);
        int64_t dims[] = {size[0], size[1], images};
        const std::vector<char> want = operands.run(one, ofOne, dims, 1, /*byTile=*/false);
        const std::optional<CompiledKernel> fixed = images == 2 ? std::optional(compile(known, *isa)) : std::nullopt;
        for (bool byTile : {false, true}) {
          SCOPED_TRACE(std::to_string(images) + " images of " + std::to_string(size[0]) + ", " +
                       std::to_string(size[1]) + (byTile ? " by tile" : ""));
          const int64_t all = std::max<int64_t>(1, images);
          EXPECT_TRUE(operands.run(any, ofAny, dims, all, byTile) == want) << "all extents dynamic";
          EXPECT_TRUE(operands.run(some, ofSome, dims, all, byTile) == want) << "their number dynamic";
          if (fixed)
            EXPECT_TRUE(operands.run(*fixed, known, dims, all, byTile) == want) << "nothing dynamic";
        }
      }
    }
  }
}

TEST(ConvImages, Dense) {
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32, ElementKind::S16})
    checkConvImages(conv(6, 40, 3, 2, kind));
  checkConvImages(conv(8, 20));
}

TEST(ConvImages, Groups) {
  ConvParams p = conv(15, 21, 3);
  p.groups = 3;
  checkConvImages(p);
}

TEST(ConvImages, Depthwise) {
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32})
    checkConvImages(depthwise(40, 3, 1, kind));
}

TEST(ConvImages, Residual) {
  checkConvImages(withResidual(conv(8, 33, 3)));
  checkConvImages(withResidual(depthwise(40, 3)));
}

/// Each image's bytes have a scale of their own.
TEST(ConvImages, Scales) {
  for (ConvParams p : {conv(9, 20, 3), conv(33, 20), depthwise(40, 3)}) {
    p.output = ElementKind::F32;
    p.outputZeroPoint = 0;
    p.scaled = true;
    checkConvImages(p);
  }
}

TEST(ConvImages, TileCountsAndKeys) {
  const ConvParams one = ofImages(conv(8, 20, 3), 4, 14, 1), several = ofImages(conv(8, 20, 3), 4, 14, 3);
  EXPECT_EQ(convTileCount(several), convTileCount(one) * 3);
  EXPECT_EQ(convTileCount(ofImages(conv(8, 20, 3), d0, 14, d1)), d0 * d1);
  EXPECT_NE(convKernelKey(several), convKernelKey(one));
  ConvParams apart = several;
  apart.outImage += 64;
  EXPECT_NE(convKernelKey(apart), convKernelKey(several));
}

//===----------------------------------------------------------------------===//
// Transposed convolutions
//===----------------------------------------------------------------------===//

std::vector<char> runTransposed(const ConvTransposeParams &p, Call call) {
  const bool isFloat = p.input == ElementKind::F32;
  const int64_t weightCount = p.N * p.KH * p.KW * p.C / p.groups;
  std::vector<char> in = elements(p.input, (p.images * p.inImage).getStatic() / bytesOf(p.input));
  std::vector<int8_t> weights;
  for (uint8_t byte : randomBytes(weightCount, 2))
    weights.push_back(int8_t(byte));
  std::vector<char> packed = isFloat ? packConvTransposeWeights(p, randomFloats(weightCount, 1, false, 2))
                                     : packConvTransposeWeights(p, weights);
  std::vector<char> bias = elements(isFloat ? ElementKind::F32 : ElementKind::U8, isFloat ? p.N : 4 * p.N);
  std::vector<char> multipliers = packMultipliers(std::vector<float>(p.N, 0.0003f), p.requant);
  Result out((p.images * p.outImage).getStatic());
  call({in.data(), packed.data(), out.data(), bias.data(), multipliers.data()});
  return out.bytes;
}

TEST(DynamicConvTranspose, BytesAndFloats) {
  const Family<ConvTransposeParams> family{emitConvTranspose, convTransposeTileCount, runTransposed};
  for (ElementKind kind : {ElementKind::U8, ElementKind::F32})
    for (const Window &window : {Window{2, 2, 0}, Window{3, 2, 1}, Window{3, 1, 1, 2}}) {
      const auto make = [&](const Extent &H, const Extent &W, const Extent &images) {
        const auto [kernel, stride, pad, groups] = window;
        ConvTransposeParams p;
        p.input = p.output = kind;
        p.images = images;
        p.C = 4, p.N = 10, p.H = H, p.W = W;
        p.KH = p.KW = kernel;
        p.strideH = p.strideW = stride;
        p.padTop = p.padLeft = pad;
        p.groups = groups;
        p.bias = kind == ElementKind::F32;
        p.outputH = (H - 1) * stride + kernel - 2 * pad;
        p.outputW = (W - 1) * stride + kernel - 2 * pad;
        p.in.pixel = (p.C + 2) * bytesOf(kind), p.in.row = (W + 1) * p.in.pixel;
        p.out.pixel = (p.N + 1) * bytesOf(kind), p.out.row = max(p.outputW + 1, 0) * p.out.pixel;
        p.inImage = (H + 1) * p.in.row;
        p.outImage = p.outputH * p.out.row;
        p.inputZeroPoint = 200;
        p.range = {100, 3, 250};
        return p;
      };
      checkImages<ConvTransposeParams>(family, make);
    }
}

} // namespace
