// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state in which instructions execute: a warp of 32 lanes, its block, the launch.

#ifndef PTX_MACHINE_H
#define PTX_MACHINE_H

#include "Instruction.h"

#include <atomic>
#include <cstring>

namespace ptx {

constexpr unsigned lanes = 32;
constexpr uint32_t fullMask = 0xFFFFFFFF;
constexpr uint32_t noIndex = 0xFFFFFFFF;

/// Generic addresses tell their state space by the highest byte; Memory::bias is that of global memory.
constexpr uint64_t sharedWindow = uint64_t(2) << 56, localWindow = uint64_t(3) << 56, paramWindow = uint64_t(4) << 56;
constexpr uint64_t windowMask = uint64_t(0xFF) << 56;

struct Launch {
  Launch(Kernel &kernel, Extent grid, Extent block, uint32_t dynamicShared, Memory &memory, const Settings &settings)
      : kernel(kernel), grid(grid), block(block), dynamicShared(dynamicShared), memory(memory), settings(settings) {}
  Kernel &kernel;
  Extent grid, block;
  uint32_t dynamicShared;
  std::vector<uint8_t> parameters;
  Memory &memory;
  Settings settings;
  uint32_t firstTag = 0, manyBlocks = 0; // tags of this launch (see Shadow.h)
  uint32_t workerShift = 0;              // bits of a tag below the interval's number
  std::atomic<uint64_t> nextBlock{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex; // guards what follows, and atomics of kernels where threads > 1
  Fault fault;
};

/// A cp.async that was issued and whose data nothing may read yet.
struct PendingCopy {
  uint32_t destination; // in shared memory
  uint8_t bytes;
  uint8_t lane;
  uint32_t group;
  uint8_t data[16];
};

struct Block;

enum class WarpState : uint8_t { Ready, AtBarrier, Ended };

struct Warp {
  uint8_t *registers = nullptr;
  uint8_t *local = nullptr; // lane by lane
  Block *block = nullptr;
  const Instruction *code = nullptr; // the kernel's first one
  uint32_t active = 0;               // lanes that execute now
  uint32_t live = 0;                 // lanes that have not ended
  uint32_t nextPc = noIndex;         // least of the lanes that are live and not active
  uint32_t pcs[lanes] = {};          // of these lanes
  uint32_t index = 0;                // in the block
  WarpState state = WarpState::Ready;
  uint32_t resume = 0; // where a warp goes on behind a barrier
  uint32_t barrier = 0;
  Allocation cache;            // the global memory touched last
  uint32_t groups[lanes] = {}; // groups of cp.async that each lane has committed
  std::vector<PendingCopy> pending;

  template <class T>
  T *lanesOf(uint32_t slot) const {
    return reinterpret_cast<T *>(registers + slot);
  }
  uint32_t &predicate(uint32_t slot) const { return *lanesOf<uint32_t>(slot); }
  /// The lanes for which an instruction executes.
  uint32_t mask(const Instruction *i) const { return active & (predicate(i->guard) ^ i->flip); }
};

struct Block {
  Launch &launch;
  Kernel &kernel;
  uint32_t x = 0, y = 0, z = 0;
  std::vector<uint8_t> shared;
  std::vector<uint32_t> sharedWritten, sharedRead; // tags of each byte
  std::vector<Warp> warps;
  std::vector<std::vector<uint8_t>> storage; // registers and local memory of the warps
  // Tags (see Shadow.h): of the block's first interval, of the present one, and the CPU thread's bits in them.
  uint32_t blockTag = 0, intervalTag = 0, workerBits = 0, workerMask = 0;
  bool races = false;
  bool profiled = false;
  Profile profile;
  std::vector<uint64_t> executed;
  Fault fault;

  Block(Launch &launch, uint32_t worker);
  void run(uint64_t linearIndex);

private:
  void prepare(uint64_t linearIndex);
  void nextInterval();
  void runWarp(Warp &warp);
  bool passBarrier();
};

/// Notes the fault for `lane` and stops the warp.
const Instruction *fault(Warp &warp, const Instruction *i, FaultKind kind, const std::string &what, unsigned lane);

/// Goes on at instruction `pc` with the active lanes, or with others that are at a smaller one.
const Instruction *select(Warp &warp, uint32_t pc);

inline const Instruction *jump(Warp &warp, uint32_t pc) { return pc < warp.nextPc ? warp.code + pc : select(warp, pc); }

/// A handler's loop over the lanes, for results that are stored in whole registers.
template <class D, class F>
inline void store(uint32_t mask, D *d, F &&value) {
  if (mask == fullMask) {
#pragma clang loop unroll(disable) vectorize(assume_safety)
    for (unsigned l = 0; l < lanes; ++l)
      d[l] = value(l);
    return;
  }
#pragma clang loop unroll(disable) vectorize(assume_safety)
  for (unsigned l = 0; l < lanes; ++l) {
    D made = value(l);
    d[l] = (mask >> l & 1) ? made : d[l];
  }
}

/// The same for a predicate, whose lanes are bits.
template <class F>
inline void storePredicate(Warp &w, uint32_t slot, uint32_t mask, F &&value) {
  uint32_t made = 0;
  for (unsigned l = 0; l < lanes; ++l)
    made |= uint32_t(value(l)) << l;
  uint32_t &d = w.predicate(slot);
  d = (d & ~mask) | (made & mask);
}

} // namespace ptx

#endif
