// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a dense convolution is cut: into tiles, and tiles into register tiles.

#ifndef NIBBLE_LIB_KERNELS_PLAN_H
#define NIBBLE_LIB_KERNELS_PLAN_H

#include "nibble/Kernels/Conv.h"
#include "llvm/ADT/SmallVector.h"

namespace nibble {
namespace kernels {

/// Columns (output channels) that lie together in packed weights, biases and multipliers.
constexpr int64_t kBlock = 16;

/// `count` pieces of `size`, the last of them `last` long.
struct Split {
  int64_t size = 1;
  Extent count = 1, last = 1;
};

/// Pieces that differ by one at most: `count` of `size` from `first` on.
struct Part {
  int64_t first, size, count;
};
llvm::SmallVector<Part, 2> splitEvenly(int64_t total, int64_t largest);

bool isDepthwise(const ConvParams &params);

/// Bytes of input that a step takes.
inline int64_t inputStepBytes(const ConvParams &params) { return params.pairedSteps ? 8 : 4; }
inline int64_t channelsPerStep(const ConvParams &params) { return inputStepBytes(params) / bytesOf(params.input); }

/// What does not depend on the ISA.
struct DensePlan {
  explicit DensePlan(const ConvParams &params);

  ConvParams params; ///< in canonical form
  int64_t channels;  ///< input channels of a group
  int64_t columns;   ///< output channels of a group
  int64_t tapSteps;  ///< steps (inputStepBytes) of one tap
  Split x, n;        ///< tiles: pixels of a row, columns of a group; of columns all extents are known

  int64_t steps() const { return params.KH * params.KW * tapSteps; }
  int64_t blocks() const { return (columns + kBlock - 1) / kBlock; }
  /// Of a step's weights for a block of columns: one of a byte for each element of the input, or one of 4 bytes.
  int64_t stepBytes() const {
    const bool floatWeights = params.input == ElementKind::F32 && !params.scaled;
    return kBlock * (floatWeights ? 4 : channelsPerStep(params));
  }
  /// Of a block's biases: where there are two, the plain ones come first.
  int64_t biasBytes() const { return kBlock * (params.pairedSteps ? 8 : 4); }
  /// Weights of fewer than 8 bits: as many steps lie in one step's bytes, the first one in the lowest bits.
  int64_t stepsPerByte() const { return 8 / params.weightBits; }
  /// Steps of a tap with those that fill its last bytes.
  int64_t storedSteps() const { return (tapSteps + stepsPerByte() - 1) / stepsPerByte() * stepsPerByte(); }
  int64_t tapBytes() const { return storedSteps() / stepsPerByte() * stepBytes(); }
  /// Groups of weights with a factor of their own: steps of one, groups of a tap, and where a block's factors begin,
  /// a byte for each group and column.
  int64_t groupSteps() const { return params.weightGroup / channelsPerStep(params); }
  int64_t tapGroups() const { return params.weightGroup ? (tapSteps + groupSteps() - 1) / groupSteps() : 0; }
  int64_t factorsOffset() const { return params.KH * params.KW * tapBytes(); }
  int64_t factorBytes() const { return (params.KH * params.KW * tapGroups() * kBlock + 63) / 64 * 64; }
  int64_t blockBytes() const { return factorsOffset() + factorBytes(); }
  int64_t groupBytes() const { return blocks() * blockBytes(); }
  Extent tiles() const { return params.H * x.count * n.count; }
};

/// A register tile: mr pixels by nr blocks of columns.
struct RegisterTile {
  int64_t mr = 1, blocks = 1;
};
RegisterTile chooseRegisterTile(const DensePlan &plan, const ISA &isa);

/// A plan of which each thread of a GPU takes a tile, which is one of its register tiles.
DensePlan planForThreads(const ConvParams &params);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_PLAN_H
