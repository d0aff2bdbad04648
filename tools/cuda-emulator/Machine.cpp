// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warps and their blocks.
#include "Machine.h"
#include "Shadow.h"

#include <algorithm>

using namespace ptx;

static std::string coordinates(uint32_t x, uint32_t y, uint32_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

const Instruction *ptx::fault(Warp &w, const Instruction *i, FaultKind kind, const std::string &what, unsigned lane) {
  Block &block = *w.block;
  if (block.fault)
    return nullptr;
  uint32_t thread = w.index * lanes + lane;
  Extent size = block.launch.block;
  block.fault.kind = kind;
  block.fault.message = "kernel '" + block.kernel.name + "', PTX line " + std::to_string(i->line) + ", block " +
                        coordinates(block.x, block.y, block.z) + ", thread " +
                        coordinates(thread % size.x, thread / size.x % size.y, thread / (size.x * size.y)) + ": " +
                        what;
  return nullptr;
}

const Instruction *ptx::select(Warp &w, uint32_t pc) {
  for (unsigned l = 0; l < lanes; ++l)
    if (w.active >> l & 1)
      w.pcs[l] = pc;
  uint32_t least = noIndex;
  for (unsigned l = 0; l < lanes; ++l)
    if (w.live >> l & 1)
      least = std::min(least, w.pcs[l]);
  w.active = 0;
  w.nextPc = noIndex;
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(w.live >> l & 1))
      continue;
    if (w.pcs[l] == least)
      w.active |= 1u << l;
    else
      w.nextPc = std::min(w.nextPc, w.pcs[l]);
  }
  if (w.active)
    return w.code + least;
  w.state = WarpState::Ended;
  return nullptr;
}

std::string Shadow::describe(uint32_t tag) const {
  if (tag == pendingTag)
    return "a cp.async that is not waited for";
  if ((tag | severalWarps) != several)
    return "another block";
  uint32_t warp = tag & severalWarps;
  return warp == severalWarps ? "several warps of the block, with no barrier between"
                              : "warp " + std::to_string(warp) + " of the block, with no barrier between";
}

static void fill(Warp &w, uint32_t slot, uint32_t bytes, uint64_t bits) {
  switch (bytes) {
  case 0:
    w.predicate(slot) = uint32_t(bits);
    return;
  case 2:
    std::fill_n(w.lanesOf<uint16_t>(slot), lanes, uint16_t(bits));
    return;
  case 4:
    std::fill_n(w.lanesOf<uint32_t>(slot), lanes, uint32_t(bits));
    return;
  default:
    std::fill_n(w.lanesOf<uint64_t>(slot), lanes, bits);
  }
}

static uint32_t specialValue(const Block &block, const Warp &w, Special which, uint32_t lane) {
  uint32_t thread = w.index * lanes + lane;
  Extent size = block.launch.block, grid = block.launch.grid;
  switch (which) {
  case Special::TidX:
    return thread % size.x;
  case Special::TidY:
    return thread / size.x % size.y;
  case Special::TidZ:
    return thread / (size.x * size.y);
  case Special::NtidX:
    return size.x;
  case Special::NtidY:
    return size.y;
  case Special::NtidZ:
    return size.z;
  case Special::CtaidX:
    return block.x;
  case Special::CtaidY:
    return block.y;
  case Special::CtaidZ:
    return block.z;
  case Special::NctaidX:
    return grid.x;
  case Special::NctaidY:
    return grid.y;
  case Special::NctaidZ:
    return grid.z;
  case Special::LaneId:
    return lane;
  case Special::WarpId:
    return w.index;
  case Special::NwarpId:
    return uint32_t(block.warps.size());
  case Special::LaneMaskEq:
    return 1u << lane;
  case Special::LaneMaskLt:
    return (1u << lane) - 1;
  case Special::LaneMaskLe:
    return (2u << lane) - 1;
  case Special::LaneMaskGt:
    return ~((2u << lane) - 1);
  case Special::LaneMaskGe:
    return ~((1u << lane) - 1);
  case Special::DynamicShared:
    return block.launch.dynamicShared;
  case Special::TotalShared:
    return uint32_t(block.shared.size());
  }
  return 0;
}

static void fillSpecial(const Block &block, Warp &w, const SpecialSlot &special) {
  for (uint32_t l = 0; l < lanes; ++l) {
    uint32_t value = specialValue(block, w, special.which, l);
    if (special.bytes == 8)
      w.lanesOf<uint64_t>(special.slot)[l] = value;
    else
      w.lanesOf<uint32_t>(special.slot)[l] = value;
  }
}

Block::Block(Launch &launch, uint32_t worker)
    : launch(launch), kernel(launch.kernel), races(launch.settings.races), profiled(launch.settings.profile) {
  uint64_t threads = launch.block.count();
  warps.resize((threads + lanes - 1) / lanes);
  storage.resize(warps.size());
  shared.resize(launch.dynamicShared ? kernel.dynamicOffset + launch.dynamicShared : kernel.sharedBytes);
  if (races) {
    sharedWritten.resize(shared.size());
    sharedRead.resize(shared.size());
  }
  workerBits = worker << warpBits;
  workerMask = ((1u << launch.workerShift) - 1) & ~severalWarps;
  intervalTag = launch.firstTag;
  executed.resize(profiled ? kernel.code.size() : 0);
  uint64_t registerBytes = (uint64_t(kernel.registerBytes) + 63) / 64 * 64;
  for (uint32_t index = 0; index < warps.size(); ++index) {
    Warp &w = warps[index];
    storage[index].resize(64 + registerBytes + uint64_t(lanes) * kernel.localBytes);
    uint64_t base = (reinterpret_cast<uint64_t>(storage[index].data()) + 63) / 64 * 64;
    w.registers = reinterpret_cast<uint8_t *>(base);
    w.local = w.registers + registerBytes;
    w.block = this;
    w.index = index;
    w.code = kernel.code.data();
    for (const Constant &constant : kernel.constants)
      fill(w, constant.slot, constant.bytes, constant.bits + (constant.dynamicShared ? kernel.dynamicOffset : 0));
    for (const SpecialSlot &special : kernel.specials)
      fillSpecial(*this, w, special);
  }
}

/// Registers keep what the block before left in them: a program that reads what it has not written is wrong anyway.
void Block::prepare(uint64_t index) {
  x = uint32_t(index % launch.grid.x);
  y = uint32_t(index / launch.grid.x % launch.grid.y);
  z = uint32_t(index / launch.grid.x / launch.grid.y);
  std::fill(shared.begin(), shared.end(), uint8_t(0xA5));
  uint64_t threads = launch.block.count();
  for (Warp &w : warps) {
    uint64_t rest = threads - uint64_t(w.index) * lanes;
    w.active = w.live = rest >= lanes ? fullMask : (1u << rest) - 1;
    w.nextPc = noIndex;
    w.state = WarpState::Ready;
    w.resume = 0;
    if (!w.pending.empty()) // never waited for
      std::fill(sharedWritten.begin(), sharedWritten.end(), 0u);
    w.pending.clear();
    std::fill(std::begin(w.groups), std::end(w.groups), 0u);
    std::fill_n(w.local, uint64_t(lanes) * kernel.localBytes, uint8_t(0xA5));
    for (const SpecialSlot &special : kernel.specials)
      if (special.which >= Special::CtaidX && special.which <= Special::CtaidZ)
        fillSpecial(*this, w, special);
  }
  nextInterval();
  blockTag = intervalTag;
}

/// No tags are left after some ten million intervals of one launch: the rest of it is not checked.
void Block::nextInterval() {
  uint32_t step = 1u << launch.workerShift;
  if (intervalTag > pendingTag - 2 * step)
    races = false;
  else
    intervalTag += step;
}

void Block::runWarp(Warp &w) {
  const Instruction *i = w.code + w.resume;
  if (!profiled) {
    while (i)
      i = i->run(w, i);
    return;
  }
  while (i) {
    executed[size_t(i - w.code)] += uint64_t(__builtin_popcount(w.mask(i)));
    ++profile.warpInstructions;
    i = i->run(w, i);
  }
}

/// All warps wait or have ended: releases those that wait. False where they cannot go on together.
bool Block::passBarrier() {
  const Warp *first = nullptr;
  for (Warp &w : warps) {
    if (w.state != WarpState::AtBarrier)
      continue;
    if (first && first->barrier != w.barrier) {
      ptx::fault(w, w.code + w.resume - 1, FaultKind::Barrier,
                 "waits at barrier " + std::to_string(w.barrier) + " and warp " + std::to_string(first->index) +
                     " at barrier " + std::to_string(first->barrier) + ", so both wait for ever",
                 unsigned(__builtin_ctz(w.active)));
      return false;
    }
    first = first ? first : &w;
    w.state = WarpState::Ready;
  }
  nextInterval();
  return true;
}

void Block::run(uint64_t linearIndex) {
  prepare(linearIndex);
  for (bool waiting = true; waiting;) {
    waiting = false;
    for (Warp &w : warps) {
      if (w.state != WarpState::Ready)
        continue;
      runWarp(w);
      if (fault)
        return;
      waiting |= w.state == WarpState::AtBarrier;
    }
    if (waiting && !passBarrier())
      return;
  }
}
