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
static constexpr BlockTile tiles[] = {{128, 256, 2, 4}, {256, 128, 4, 2}, {128, 128, 2, 2}, {128, 96, 2, 2},
                                      {128, 64, 2, 2},  {64, 128, 2, 2},  {64, 96, 2, 2},   {64, 64, 2, 2},
                                      {128, 32, 4, 1},  {64, 32, 2, 2},   {32, 64, 1, 4},   {32, 32, 2, 2},
                                      {16, 64, 1, 4},   {64, 16, 4, 1}};

namespace {
/// A usual device of a kind: multiprocessors, and the shared memory of each.
struct Device {
  llvm::StringRef isa;
  int64_t processors, memory;
};
} // namespace
static constexpr Device devices[] = {{"sm_75", 40, 64 << 10},
                                     {"sm_80", 108, 164 << 10},
                                     {"sm_86", 82, 100 << 10},
                                     {"sm_89", 128, 100 << 10},
                                     {"sm_90", 132, 228 << 10}};

/// Of a kind that is not there the latest.
static const Device &deviceOf(const ISA &isa) {
  const Device *found = llvm::find_if(devices, [&](const Device &device) { return device.isa == isa.name; });
  return found == std::end(devices) ? *std::prev(found) : *found;
}

/// Of a multiprocessor: registers, and bytes a cycle from its own memory and from the cache of all.
static constexpr int64_t registers = 1 << 16;
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
static int64_t residents(const BlockTile &tile, const Device &device) {
  const int64_t perThread = tile.m * tile.n / tile.threads() + 72; // the sums, fragments and addresses
  return std::min({device.memory / (tile.sharedBytes() + 1024), registers / (perThread * tile.threads()), int64_t(16)});
}

/// Cycles, as far as the choice goes: blocks take turns on the multiprocessors. A stage takes the tensor cores' time,
/// or that of the shared memory, or of the cache, or, where few blocks are there to hide it, the latency of its copies.
static double deviceCycles(const DensePlan &plan, int64_t pixels, int64_t copies, const BlockTile &tile,
                           const Device &device) {
  const int64_t stages = llvm::divideCeil(plan.steps(), kStageSteps);
  const int64_t blocks = copies * llvm::divideCeil(pixels, tile.m) * llvm::divideCeil(plan.columns, tile.n);
  const bool isMma = tile.unit == BlockUnit::Mma; // else 64 lanes a cycle multiply
  const double products = tile.m * tile.n * kStageBytes / (isMma ? 2048.0 : 256.0);
  // A thread alone reads 16 bytes of a row, which lanes share, at once, and four columns.
  const double reads =
      tile.threads() / 32 * kStageBytes * (isMma ? tile.warpM() + tile.warpN() : tile.warpM() + 2 * tile.warpN());
  // They overlap, though not wholly.
  const double own = (reads + tile.stageBytes()) / ownBytes, cache = tile.stageBytes() / cacheBytes;
  const double stage = 0.8 * std::max({products, own, cache}) + 0.2 * (products + own + cache);
  const int64_t turns = llvm::divideCeil(blocks, device.processors);
  const int64_t waves = llvm::divideCeil(turns, residents(tile, device));
  constexpr double start = 1500; // of a block's first stage, and of its results
  const double latency = 600.0 / std::max<int64_t>(tile.stages - 1, 1), results = tile.m * tile.n / 16.0;
  return std::max(turns * stages * stage, waves * stages * latency) + turns * results + waves * start;
}

static int64_t pixelCount(const ConvParams &p) { return (p.images * p.H * p.W).getStatic(); }

/// Whether a block runs at all, and the sums and what they are made of do not leave registers.
static bool fits(const BlockTile &tile, const Device &device) {
  return (tile.unit == BlockUnit::Mma || tile.warpM() * tile.warpN() <= 64 * 32) && residents(tile, device) > 0;
}

std::optional<BlockTile> nibble::kernels::chooseBlockTile(const ConvParams &params, const ISA &isa, int64_t copies) {
  const std::optional<BlockUnit> unit = unitOf(params, isa);
  if (!unit)
    return std::nullopt;
  const DensePlan plan(params);
  const Device &device = deviceOf(isa);
  const int64_t stages = llvm::divideCeil(plan.steps(), kStageSteps);
  std::optional<BlockTile> best;
  double bestCycles = 0;
  for (BlockTile tile : tiles)
    for (int64_t ahead :
         isa.hasAsyncCopies() ? std::initializer_list<int64_t>{3, 2} : std::initializer_list<int64_t>{1}) {
      tile.unit = *unit;
      tile.stages = 1 + std::min(ahead, stages);
      if (!fits(tile, device))
        continue;
      const double cycles = deviceCycles(plan, pixelCount(params), copies, tile, device);
      LLVM_DEBUG(llvm::dbgs() << isa.name << ' ' << blockTileName(tile) << ", " << tile.stages << " stages: " << cycles
                              << " cycles\n");
      if (best && cycles >= bestCycles)
        continue;
      best = tile;
      bestCycles = cycles;
    }
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
