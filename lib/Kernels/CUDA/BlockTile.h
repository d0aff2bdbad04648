// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a block of threads shares a dense convolution of bytes: a tile of pixels by columns, cut into warps' tiles.

#ifndef NIBBLE_LIB_KERNELS_CUDA_BLOCKTILE_H
#define NIBBLE_LIB_KERNELS_CUDA_BLOCKTILE_H

#include "nibble/Kernels/Conv.h"
#include <optional>

namespace nibble {
namespace kernels {

/// Bytes of the sum's dimension that a stage of copies brings, and steps of four bytes.
constexpr int64_t kStageBytes = 64;
constexpr int64_t kStageSteps = kStageBytes / 4;

struct BlockTile {
  int64_t m, n;           ///< pixels and columns of a block
  int64_t warpsM, warpsN; ///< warps beside each other
  int64_t stages = 1;     ///< copies under way, and what is computed with

  int64_t warpM() const { return m / warpsM; }
  int64_t warpN() const { return n / warpsN; }
  int64_t threads() const { return 32 * warpsM * warpsN; }
  /// Memory of a stage: the rows, then the columns.
  int64_t rowBytes() const { return m * kStageBytes; }
  int64_t stageBytes() const { return (m + n) * kStageBytes; }
  int64_t sharedBytes() const { return stages * stageBytes(); }
};

/// The tile of the tensor cores' kernel, if that one serves: whatever the addresses are multiples of.
std::optional<BlockTile> chooseBlockTile(const ConvParams &params, const ISA &isa);

/// `mma_128x128x64`
std::string blockTileName(const BlockTile &tile);

/// Blocks of threads, one an item.
int64_t blockCount(const ConvParams &params, const BlockTile &tile);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_BLOCKTILE_H
