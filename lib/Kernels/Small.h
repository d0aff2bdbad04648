// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions for microcontrollers: code that many layers share, as it reads their extents from a table.
//
// A tile is one or two pixels by one, two or four columns, whose sums stay in general registers. The last tile of a row
// of columns reaches back over the one before it, so that nothing is ever cut off: its weights are there twice.
// Operands:
//   weights      [group][block of columns][tap][step][column][bytes of a step], depthwise [tap][channel]
//   bias         [column]
//   multipliers  a word that is not 0 if one of them is 1/4 or more; then m and r of each column, r being the shift
//                less 33: side by side for words, one array behind the other for vectors
//   table        the extents (Field)

#ifndef NIBBLE_LIB_KERNELS_SMALL_H
#define NIBBLE_LIB_KERNELS_SMALL_H

#include "KernelBuilder.h"
#include "nibble/Kernels/Conv.h"

namespace nibble {
namespace kernels {

/// Numbers of a table.
enum class Field {
  // Loops.
  Rows,
  Trips,
  LastPixel,
  Blocks,
  LastBlock,
  TapRows,
  TapColumns,
  Steps,
  Groups,
  // Bytes from one to the next.
  RowInput,
  PixelInput,
  TapRowInput,
  TapColumnInput,
  GroupInput,
  GroupWeights,
  GroupOutput,
  RowOutput,
  PixelOutput,
  TapWeights,
  // Requantization: 1 + 2 * zero point, the clamp, and where the shifts begin behind the multipliers.
  Bias,
  Low,
  High,
  Shifts,
  // Of a residual.
  AddendRow,
  AddendPixel,
  AddendZero,
  Scale,
  AddendScale,
  ScaleUp,
  ScaleDown,
  SumBias,
  SumLow,
  SumHigh,
  Count
};

/// How a convolution is cut.
struct SmallPlan {
  SmallPlan(const ConvParams &params, DotInput order);

  ConvParams params; ///< in canonical form
  bool depthwise;
  int64_t tapBytes;    ///< of input that follow each other
  int64_t stepBytes;   ///< 4 or 16
  int64_t steps;       ///< of a tap
  int64_t unroll;      ///< steps of a trip
  int64_t columns;     ///< of a group
  int64_t tileColumns; ///< 4, 2 or 1
  int64_t tilePixels;  ///< 2 or 1

  /// Columns that are computed twice may have been written over their own addend: the first result stays.
  bool storesOnce() const { return params.residual && columns % tileColumns != 0; }
  int64_t blocks() const { return (columns + tileColumns - 1) / tileColumns; }
  /// First column of a block.
  int64_t columnOf(int64_t block) const { return std::min(block * tileColumns, columns - tileColumns); }
  int64_t taps() const { return params.KH * params.KW; }
  int64_t blockBytes() const { return taps() * steps * tileColumns * stepBytes; }
};

std::string whyNoSmallConv(const ConvParams &params);
std::string smallConvTileName(const ConvParams &params, const ISA &isa);
/// What a kernel's code depends on.
std::string smallConvKey(const ConvParams &params, const ISA &isa);
std::vector<int32_t> smallConvTable(const ConvParams &params, const ISA &isa);
void emitSmallConv(KernelBuilder &b, const ConvParams &params, Value args);

std::vector<char> packSmallWeights(const ConvParams &params, llvm::ArrayRef<int8_t> weights, DotInput order);
std::vector<char> packSmallBias(const ConvParams &params, llvm::ArrayRef<int32_t> bias, llvm::ArrayRef<int8_t> weights,
                                DotInput order);
std::vector<char> packSmallMultipliers(const ConvParams &params, llvm::ArrayRef<float> multipliers, DotInput order);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_SMALL_H
