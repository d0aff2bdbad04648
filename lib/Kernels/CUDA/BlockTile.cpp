// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tile the blocks of a dense convolution take: a model of a device's time.

#include "BlockTile.h"
#include "../Plan.h"
#include "PixelMap.h"
#include "llvm/Support/Debug.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "nibble-kernels"

using namespace nibble;
using namespace nibble::kernels;

/// A warp's tile of 64x64 reads least of the shared memory for what it multiplies; smaller blocks keep more
/// multiprocessors busy.
static constexpr BlockTile tiles[] = {{128, 128, 2, 2}, {128, 96, 2, 2}, {128, 64, 2, 2}, {64, 128, 2, 2},
                                      {64, 96, 2, 2},   {64, 64, 2, 2},  {128, 32, 4, 1}, {64, 32, 2, 2},
                                      {32, 64, 1, 4},   {32, 32, 2, 2},  {16, 64, 1, 4},  {64, 16, 4, 1}};

/// Of a usual device, an A100 or one about as large: multiprocessors, and of each the bytes of shared memory,
/// registers, and bytes a cycle from its own memory and from the cache of all.
static constexpr int64_t processors = 108, memory = 160 << 10, registers = 1 << 16;
static constexpr double ownBytes = 128, cacheBytes = 40;

static std::optional<BlockUnit> unitOf(const ConvParams &p, const ISA &isa) {
  if (!isa.isGPU() || p.weightBits != 8 || p.groups != 1 || p.pairedSteps || p.input == ElementKind::S16)
    return std::nullopt;
  if (!canMapPixels(p) || DensePlan(p).groupBytes() >= (int64_t(1) << 31))
    return std::nullopt;
  if (p.input == ElementKind::F32)
    return p.scaled ? std::nullopt : std::optional(BlockUnit::Fma);
  return isa.dot == DotKind::Mma ? BlockUnit::Mma : BlockUnit::Dp4a;
}

/// Blocks that a multiprocessor holds at once.
static int64_t residents(const BlockTile &tile) {
  const int64_t perThread = tile.m * tile.n / tile.threads() + 72; // the sums, fragments and addresses
  return std::min({memory / (4 * tile.stageBytes()), registers / (perThread * tile.threads()), int64_t(16)});
}

/// Cycles, as far as the choice goes: blocks take turns on the multiprocessors. A stage takes the tensor cores' time,
/// or that of the shared memory, or of the cache, or, where few blocks are there to hide it, the latency of its copies.
static double deviceCycles(const DensePlan &plan, int64_t pixels, int64_t copies, const BlockTile &tile) {
  const int64_t stages = llvm::divideCeil(plan.steps(), kStageSteps);
  const int64_t blocks = copies * llvm::divideCeil(pixels, tile.m) * llvm::divideCeil(plan.columns, tile.n);
  const bool isMma = tile.unit == BlockUnit::Mma; // else 64 lanes a cycle multiply
  const double products = tile.m * tile.n * kStageBytes / (isMma ? 2048.0 : 256.0);
  // A thread alone reads 16 bytes of a row, which lanes share, at once, and four columns.
  const double reads =
      tile.threads() / 32 * kStageBytes * (isMma ? tile.warpM() + tile.warpN() : tile.warpM() + 2 * tile.warpN());
  const double stage = std::max({products, (reads + tile.stageBytes()) / ownBytes, tile.stageBytes() / cacheBytes});
  const int64_t turns = llvm::divideCeil(blocks, processors), waves = llvm::divideCeil(turns, residents(tile));
  constexpr double latency = 200, start = 1500; // of a stage, and of a block's first one and its results
  const double results = tile.m * tile.n / 16.0;
  return std::max(turns * stages * stage, waves * stages * latency) + turns * results + waves * start;
}

static int64_t pixelCount(const ConvParams &p) { return (p.images * p.H * p.W).getStatic(); }

/// The sums and what they are made of do not leave registers.
static bool fitsRegisters(const BlockTile &tile) {
  return tile.unit == BlockUnit::Mma || tile.warpM() * tile.warpN() <= 64 * 32;
}

std::optional<BlockTile> nibble::kernels::chooseBlockTile(const ConvParams &params, const ISA &isa, int64_t copies) {
  const std::optional<BlockUnit> unit = unitOf(params, isa);
  if (!unit)
    return std::nullopt;
  const DensePlan plan(params);
  std::optional<BlockTile> best;
  double bestCycles = 0;
  for (BlockTile tile : tiles) {
    tile.unit = *unit;
    if (!fitsRegisters(tile))
      continue;
    const double cycles = deviceCycles(plan, pixelCount(params), copies, tile);
    LLVM_DEBUG(llvm::dbgs() << isa.name << ' ' << blockTileName(tile) << ": " << cycles << " cycles\n");
    if (best && cycles >= bestCycles)
      continue;
    best = tile;
    bestCycles = cycles;
  }
  const int64_t most = isa.hasAsyncCopies() ? 4 : 2;
  best->stages = std::min<int64_t>(most, llvm::divideCeil(plan.steps(), kStageSteps) + 1);
  return best;
}

std::string nibble::kernels::blockTileName(const BlockTile &tile) {
  const bool isFloat = tile.unit == BlockUnit::Fma;
  const char *unit = isFloat ? "fma_" : tile.unit == BlockUnit::Mma ? "mma_" : "dp4a_";
  return unit + std::to_string(tile.m) + "x" + std::to_string(tile.n) + "x" +
         std::to_string(isFloat ? kStageSteps : kStageBytes);
}

int64_t nibble::kernels::blockCount(const ConvParams &params, const BlockTile &tile) {
  return llvm::divideCeil(pixelCount(params), tile.m) * llvm::divideCeil(params.N, tile.n);
}
