// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a block of threads shares a dense product: a tile of pixels by columns, cut into warps' tiles.

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKTILE_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKTILE_H

#include "nibble/Kernels/Conv.h"
#include <optional>

namespace nibble {
namespace kernels {

/// Bytes of the sum's dimension that a stage of copies brings, and steps of four bytes.
constexpr int64_t kStageBytes = 64;
constexpr int64_t kStageSteps = kStageBytes / 4;

/// What multiplies: tensor cores, or each thread four bytes or a float at a time.
enum class BlockUnit { Mma, Dp4a, Fma };

struct BlockTile {
  int64_t m, n;           ///< pixels and columns of a block
  int64_t warpsM, warpsN; ///< warps beside each other
  BlockUnit unit = BlockUnit::Mma;
  int64_t stages = 1; ///< copies under way, and what is computed with

  int64_t warpM() const { return m / warpsM; }
  int64_t warpN() const { return n / warpsN; }
  int64_t threads() const { return 32 * warpsM * warpsN; }
  /// Memory of a stage: the rows, then the columns.
  int64_t rowBytes() const { return m * kStageBytes; }
  int64_t stageBytes() const { return (m + n) * kStageBytes; }
  int64_t sharedBytes() const { return stages * stageBytes(); }

  /// Blocks of 16 columns that are multiplied together, so that a thread ends with more neighbouring columns: where
  /// these are of fewer than 4 bytes, they fill whole sectors of memory.
  int64_t together(ElementKind output) const {
    return unit == BlockUnit::Mma && output != ElementKind::F32 && warpN() % 32 == 0 ? 2 : 1;
  }
  /// Neighbouring columns of a thread's results.
  int64_t width(ElementKind output) const { return 4 * together(output); }
};

/// The tile for one of `copies` such products, if they are for blocks; whatever the addresses are multiples of.
std::optional<BlockTile> chooseBlockTile(const ConvParams &params, const ISA &isa, int64_t copies = 1);

/// `mma_128x128x64`: the last is what a stage takes of the sum's dimension.
std::string blockTileName(const BlockTile &tile);

/// Blocks of threads, one an item.
int64_t blockCount(const ConvParams &params, const BlockTile &tile);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKTILE_H
