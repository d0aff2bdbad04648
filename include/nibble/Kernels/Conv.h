// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolution kernels: dense, depthwise and grouped; integer and float. A matrix product with a constant right-hand
// side is a 1x1 convolution over a row of pixels (`matmulParams`).

#ifndef NIBBLE_KERNELS_CONV_H
#define NIBBLE_KERNELS_CONV_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "nibble/Kernels/ISA.h"
#include "nibble/Support/Extent.h"
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace nibble {
namespace kernels {

/// What an operand's elements are: stored values of 8 or 16 bits, or floats.
enum class ElementKind { U8, S8, F32, S16 };

/// `u8`, `s8`, `s16`, `f32`.
llvm::StringRef spelling(ElementKind kind);
inline int64_t bytesOf(ElementKind kind) { return kind == ElementKind::F32 ? 4 : kind == ElementKind::S16 ? 2 : 1; }

/// Arithmetic of a requantization; `dialects/Nibble/README.md` has the equations.
enum class Requant { Float, Fixed };

/// Where the pixels of an image lie, in bytes.
struct ImagePitch {
  Extent row = 0;
  int64_t pixel = 0;
};

/// A residual addition behind the requantization: the semantics of `#nibble.residual`. The addend has the result's
/// shape and element kind.
struct Residual {
  float scale = 1, addendScale = 1;
  int32_t addendZeroPoint = 0, zeroPoint = 0, min = 0, max = 255;
  ImagePitch addend;
  bool addendFirst = false; ///< the addend is the addition's first operand
};

/// A convolution of one image, or of several. The generated code depends on nothing else.
///
/// The input must already be padded; it and the addend must be readable for `kInputSlack` bytes beyond their last
/// pixel.
struct ConvParams {
  ElementKind input = ElementKind::U8; ///< F32 makes everything f32, but for weights where `scaled`; S16 has s8 weights
  ElementKind output = ElementKind::U8; ///< F32 with an integer input where `scaled` or `sums` only
  int64_t C = 0;                        ///< input channels, of all groups
  int64_t N = 0;                        ///< output channels, of all groups
  Extent H = 0, W = 0;                  ///< of the output; dynamic ones may turn out 0
  Extent images = 1;
  /// Of several images: bytes from one to the next; of scales of whole images, of which each has its own, too.
  Extent inImage = 0, outImage = 0, addendImage = 0, rowScaleImage = 0;
  int64_t KH = 1, KW = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t dilationH = 1, dilationW = 1;
  int64_t groups = 1;
  ImagePitch in, out;
  /// Of weights that multiply bytes, dense or grouped: 8, 4 or 2. What fewer bits than 8 save, whyNotNarrow allows.
  int64_t weightBits = 8;
  /// Of fewer than 8 bits: as many consecutive weights of a window (ky, kx, c) are a factor, 1 to 127, times values of
  /// `weightBits`; 0: all are such values themselves.
  int64_t weightGroup = 0;
  /// Of bytes, dense or grouped: a step of the packed weights takes 8 bytes of input instead of 4, as instructions for
  /// two rows at a time do. Each block of columns has two biases then, the plain one and that of `DotInput`.
  bool pairedSteps = false;

  Requant requant = Requant::Float;
  int32_t outputZeroPoint = 0;
  int32_t clampMin = 0, clampMax = 255; ///< in stored values
  /// All multipliers are below 1, so that no requantized value leaves i32: the kernel may clamp by saturation.
  bool multipliersBelowOne = false;
  std::optional<Residual> residual;

  /// `nibble.scaled_conv`: s8 weights and an f32 result, fl32(fl32(acc * scale) + bias); of an integer input, acc * the
  /// row's scale * the column's.
  bool scaled = false;
  /// `nibble.sum_conv`: s8 weights and the sums of a byte input as they are, i32 (the kind F32 has their size).
  bool sums = false;
  /// Of sums: the input's zero point is found at run time.
  bool encoded = false;
  /// Bytes from the row scale of one pixel to the next one's; 0 where the whole image has one.
  int64_t rowScalePitch = 0;

  /// Float results only: y = min(max(acc, floatMin), floatMax), where finite.
  float floatMin = -std::numeric_limits<float>::infinity();
  float floatMax = std::numeric_limits<float>::infinity();
};

/// How far a kernel may read behind the last pixel of its input or addend.
constexpr int64_t kInputSlack = 64;

/// a (M x K, rows `lhsPitch` bytes apart) times a constant (K x N).
ConvParams matmulParams(const Extent &M, int64_t K, int64_t N, int64_t lhsPitch, int64_t resultPitch);

/// Why there is no kernel of this sort for `isa`; empty if there is one.
std::string whyNoConv(const ConvParams &params, const ISA &isa);

/// Says the signature: `u8_s8pc_u8_conv_6x64c4_avx512vnni`. Different shapes may share it.
std::string convKernelName(const ConvParams &params, const ISA &isa);

/// Two kernels are the same code exactly when their keys are equal. Independent of the ISA.
std::string convKernelKey(const ConvParams &params);

/// Emits `func.func @symbol(%args: !llvm.ptr, %begin: i64, %end: i64)` at the builder's insertion point, in the
/// dialects arith, func, llvm, math, scf and vector. Fused multiply-adds are `math.fma`: `vector.fma` may be split.
///
/// C signature: `void kernel(void *const *args, int64_t tile_begin, int64_t tile_end)`, args being
///   0 the input, at the first tap of the first output pixel
///   1 the weights, by packConvWeights (64-byte aligned, as 2 and 3)
///   2 the bias, by packConvBias
///   3 the multipliers, by packConvMultipliers (unused by float kernels, may be null)
///   4 the output, at its first pixel
///   5 the addend, at its first pixel, if there is a residual; the row scales, if the kernel is `scaled` and its input
///     integer; the encoding (scale and zero point, f32), if it is `encoded`
/// and last the kernel's table, if it has one (kernelTable). args[-1] is the model's dynamic dimensions, an array of
/// int64_t, where an extent is dynamic.
/// The tiles of [0, convTileCount) may run in any order, at the same time, with the same result.
mlir::func::FuncOp emitConv(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const ConvParams &params, const ISA &isa);

/// Why the weights (as packConvWeights takes them) cannot be packed in `params.weightBits` bits; empty if they can.
/// Some instruction sets sum 2^(8 - bits) times the products, which has to fit 32 bits. `bias` as in packConvBias.
std::string whyNotNarrow(const ConvParams &params, llvm::ArrayRef<int8_t> weights, llvm::ArrayRef<int32_t> bias,
                         DotInput dotInput);

/// Whether steps in pairs serve these weights: bytes, enough of them for a pair, no group of them in one half of it.
bool canPairSteps(const ConvParams &params);

/// Number of tiles; the same for every ISA, so that variants of a library share one schedule.
Extent convTileCount(const ConvParams &params);

/// Weights O, KH, KW, C/groups, one layout for every ISA that may share a library.
std::vector<char> packConvWeights(const ConvParams &params, llvm::ArrayRef<int8_t> weights,
                                  DotInput dotInput = DotInput::U8);
std::vector<char> packConvWeights(const ConvParams &params, llvm::ArrayRef<float> weights);

/// `bias` as in `nibble.int_conv` (input zero point folded in). `weights` are needed where the input is not what dot
/// products take: the kernel adds or subtracts 128, which the bias takes back.
std::vector<char> packConvBias(const ConvParams &params, llvm::ArrayRef<int32_t> bias, llvm::ArrayRef<int8_t> weights,
                               DotInput dotInput);
std::vector<char> packConvBias(const ConvParams &params, llvm::ArrayRef<float> bias);

/// One f32 multiplier for each output channel; turned into their fixed-point form where `requant` is Fixed (all must
/// have one).
std::vector<char> packConvMultipliers(const ConvParams &params, llvm::ArrayRef<float> multipliers,
                                      DotInput dotInput = DotInput::U8);

/// In place of multipliers where `encoded`: what a zero point of 1 takes from each output channel's sum.
std::vector<char> packConvWeightSums(const ConvParams &params, llvm::ArrayRef<int32_t> sums);

/// In place of multipliers where `scaled`: one scale and one bias for each output channel. The kernel's own bias, where
/// its sums start, is then that of zeros.
std::vector<char> packConvScales(const ConvParams &params, llvm::ArrayRef<float> scales, llvm::ArrayRef<float> biases);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_CONV_H
