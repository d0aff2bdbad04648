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

static bool isServed(const ConvParams &p, const ISA &isa) {
  const bool bytes = p.input == ElementKind::U8 || p.input == ElementKind::S8;
  if (isa.dot != DotKind::Mma || !bytes || p.weightBits != 8 || p.groups != 1 || p.pairedSteps)
    return false;
  return canMapPixels(p) && DensePlan(p).groupBytes() < (int64_t(1) << 31);
}

/// Blocks that a multiprocessor holds at once.
static int64_t residents(const BlockTile &tile) {
  const int64_t perThread = tile.m * tile.n / tile.threads() + 72; // the sums, fragments and addresses
  return std::min({memory / (4 * tile.stageBytes()), registers / (perThread * tile.threads()), int64_t(16)});
}

/// Cycles, as far as the choice goes: blocks take turns on the multiprocessors. A stage takes the tensor cores' time,
/// or that of the shared memory, or of the cache, or, where few blocks are there to hide it, the latency of its copies.
static double deviceCycles(const DensePlan &plan, int64_t pixels, const BlockTile &tile) {
  const int64_t stages = llvm::divideCeil(plan.steps(), kStageSteps);
  const int64_t blocks = llvm::divideCeil(pixels, tile.m) * llvm::divideCeil(plan.columns, tile.n);
  const double products = tile.m * tile.n * kStageBytes / 2048.0;
  const double reads = double(tile.warpsM * tile.warpsN * (tile.warpM() + tile.warpN()) * kStageBytes);
  const double stage = std::max({products, (reads + tile.stageBytes()) / ownBytes, tile.stageBytes() / cacheBytes});
  const int64_t turns = llvm::divideCeil(blocks, processors), waves = llvm::divideCeil(turns, residents(tile));
  constexpr double latency = 200, start = 1500; // of a stage, and of a block's first one and its results
  const double results = tile.m * tile.n / 16.0;
  return std::max(turns * stages * stage, waves * stages * latency) + turns * results + waves * start;
}

static int64_t pixelCount(const ConvParams &p) { return (p.images * p.H * p.W).getStatic(); }

std::optional<BlockTile> nibble::kernels::chooseBlockTile(const ConvParams &params, const ISA &isa) {
  if (!isServed(params, isa))
    return std::nullopt;
  const DensePlan plan(params);
  const int64_t pixels = pixelCount(params);
  std::optional<BlockTile> best;
  double bestCycles = 0;
  for (const BlockTile &tile : tiles) {
    const double cycles = deviceCycles(plan, pixels, tile);
    LLVM_DEBUG(llvm::dbgs() << isa.name << ' ' << blockTileName(tile) << ": " << cycles << " cycles\n");
    if (best && cycles >= bestCycles)
      continue;
    best = tile;
    bestCycles = cycles;
  }
  best->stages = std::min<int64_t>(4, llvm::divideCeil(plan.steps(), kStageSteps) + 1);
  return best;
}

std::string nibble::kernels::blockTileName(const BlockTile &tile) {
  return "mma_" + std::to_string(tile.m) + "x" + std::to_string(tile.n) + "x" + std::to_string(kStageBytes);
}

int64_t nibble::kernels::blockCount(const ConvParams &params, const BlockTile &tile) {
  return llvm::divideCeil(pixelCount(params), tile.m) * llvm::divideCeil(params.N, tile.n);
}
