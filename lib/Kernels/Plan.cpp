// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Plan.h"
#include "Dot.h"
#include "llvm/Support/Debug.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

#define DEBUG_TYPE "nibble-kernels"

using namespace nibble;
using namespace nibble::kernels;

llvm::SmallVector<Part, 2> nibble::kernels::splitEvenly(int64_t total, int64_t largest) {
  const int64_t pieces = llvm::divideCeil(total, largest);
  const int64_t small = total / pieces, large = total % pieces;
  llvm::SmallVector<Part, 2> parts;
  if (large)
    parts.push_back({0, small + 1, large});
  parts.push_back({large * (small + 1), small, pieces - large});
  return parts;
}

bool nibble::kernels::isDepthwise(const ConvParams &p) { return p.groups > 1 && p.groups == p.C && p.N == p.C; }

/// A 1x1 convolution over rows that follow each other without a gap is one row.
static void flattenRows(ConvParams &p) {
  bool dense = p.KH == 1 && p.KW == 1 && p.strideH == 1 && p.strideW == 1 && p.in.row == p.W * p.in.pixel &&
               p.out.row == p.W * p.out.pixel;
  if (p.residual)
    dense &= p.residual->addend.row == p.W * p.residual->addend.pixel;
  if (!dense)
    return;
  p.W *= p.H;
  p.H = 1;
}

/// The taps of a filter row that follow each other in memory are one tap with more channels: fewer loops, and less
/// padding to whole steps where there are few channels.
static void mergeTaps(ConvParams &p) {
  if (p.groups != 1 || p.dilationW != 1 || p.in.pixel != p.C * bytesOf(p.input))
    return;
  p.C *= p.KW;
  p.KW = 1;
}

/// Pixels of a usual tile.
static constexpr int64_t kTilePixels = 96;

/// Pieces of about 96 pixels, of equal length where `pixels` has a suitable divisor.
static Split splitKnownRow(int64_t pixels) {
  if (pixels <= 128)
    return {pixels, 1, pixels};
  int64_t best = 0;
  for (int64_t size = 48; size <= 128; ++size)
    if (pixels % size == 0 && (!best || std::abs(size - kTilePixels) <= std::abs(best - kTilePixels)))
      best = size;
  if (!best)
    best = kTilePixels;
  const int64_t count = llvm::divideCeil(pixels, best);
  return {best, count, pixels - best * (count - 1)};
}

/// Of a dynamic row there may be no piece; else the last one has a pixel at least.
static Split splitRow(const Extent &pixels) {
  if (pixels.isStatic())
    return splitKnownRow(pixels.getStatic());
  const Extent count = ceilDiv(pixels, kTilePixels);
  return {kTilePixels, count, pixels - (count - 1) * kTilePixels};
}

/// All columns, unless there are too few pixels to keep several threads busy; a dynamic number is taken for enough.
static Split splitColumns(int64_t columns, const Extent &pixelTiles) {
  if (!pixelTiles.isStatic())
    return {columns, 1, columns};
  const int64_t wanted = llvm::divideCeil(8, pixelTiles.getStatic()), quantum = 4 * kBlock;
  const int64_t size = llvm::alignTo(llvm::divideCeil(columns, wanted), quantum);
  if (wanted == 1 || size >= columns)
    return {columns, 1, columns};
  const int64_t count = llvm::divideCeil(columns, size);
  return {size, count, columns - size * (count - 1)};
}

DensePlan::DensePlan(const ConvParams &given) : params(given) {
  flattenRows(params);
  mergeTaps(params);
  channels = params.C / params.groups;
  columns = params.N / params.groups;
  tapSteps = llvm::divideCeil(channels, channelsPerStep(params));
  x = splitRow(params.W);
  n = params.groups == 1 ? splitColumns(columns, params.H * x.count) : Split{columns, 1, columns};
}

/// Rows that fall into the same set of the first cache evict each other, and the weights that stream past.
static bool rowsCollide(const DensePlan &plan, int64_t mr) {
  constexpr int64_t wayBytes = 4096, usableWays = 4;
  const int64_t pitch = plan.params.strideW * plan.params.in.pixel;
  const int64_t places = wayBytes / std::gcd(pitch, wayBytes);
  return plan.channels >= 64 && llvm::divideCeil(mr, places) > usableWays;
}

/// Cycles of one register tile, as far as the choice among them goes: the steps, or the latency of their sums; then the
/// epilogue, which handles four vectors at a time and stores each pixel's columns apart.
static double tileCycles(const DensePlan &plan, const ISA &isa, int64_t mr, int64_t nr) {
  const double step = std::max(4.5, Dot::stepCycles(isa, plan.params, mr, nr));
  const bool aligned = mr * nr % 4 == 0 && (nr % 4 == 0 || 4 % nr == 0);
  const int64_t pieces = aligned ? mr * std::max<int64_t>(1, nr / 4) : mr * (nr / 4 + 2);
  return plan.steps() * step * (rowsCollide(plan, mr) ? 2 : 1) + 3.5 * mr * nr + 2 * pieces + 20;
}

static double planCycles(const DensePlan &plan, const ISA &isa, RegisterTile tile) {
  const int64_t vectors = kBlock / isa.lanes();
  double cycles = 0;
  for (Part m : splitEvenly(plan.x.size, tile.mr))
    for (Part n : splitEvenly(llvm::divideCeil(plan.n.size, kBlock), tile.blocks))
      cycles += m.count * n.count * tileCycles(plan, isa, m.size, n.size * vectors);
  return cycles;
}

/// Of a thread, which has many neighbours and few registers.
static constexpr RegisterTile threadTile = {4, 1};

static Split splitBy(int64_t size, int64_t total) {
  size = std::min(size, total);
  const int64_t count = llvm::divideCeil(total, size);
  return {size, count, total - size * (count - 1)};
}

DensePlan nibble::kernels::planForThreads(const ConvParams &params) {
  DensePlan plan(params);
  plan.x = splitBy(threadTile.mr, plan.params.W.getStatic());
  plan.n = splitBy(threadTile.blocks * kBlock, plan.columns);
  return plan;
}

RegisterTile nibble::kernels::chooseRegisterTile(const DensePlan &plan, const ISA &isa) {
  if (isa.isGPU())
    return threadTile;
  const int64_t vectors = kBlock / isa.lanes();
  const auto fits = [&](int64_t mr, int64_t blocks) {
    return Dot::registers(isa, plan.params, mr, blocks * vectors) <= isa.registers;
  };
  RegisterTile best;
  double bestCycles = planCycles(plan, isa, best);
  for (int64_t blocks = 1; fits(1, blocks); ++blocks)
    for (int64_t mr = 1; fits(mr, blocks); ++mr) {
      const double cycles = planCycles(plan, isa, {mr, blocks});
      LLVM_DEBUG(llvm::dbgs() << isa.name << ' ' << mr << 'x' << blocks * kBlock << ": " << cycles << " cycles\n");
      if (cycles < bestCycles) {
        bestCycles = cycles;
        best = {mr, blocks};
      }
    }
  return best;
}
