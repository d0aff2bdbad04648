// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Data races by the tags of who wrote and who read each byte last.
//
// An interval is what a block does between two barriers. Its number is in the high bits of a tag, below it the CPU
// thread that executes the block (each counts its intervals on its own), in the lowest six bits the warp. Two accesses
// of which one writes are ordered where they are of one warp, of one block and different intervals, or of different
// launches; all others race. A byte keeps only its last readers: `several` stands for warps of one interval,
// `manyBlocks` for those of different blocks.

#ifndef PTX_SHADOW_H
#define PTX_SHADOW_H

#include "Machine.h"

namespace ptx {

constexpr uint32_t warpBits = 6, severalWarps = 63;
/// Bytes of shared memory that a cp.async will write, until it is waited for.
constexpr uint32_t pendingTag = 0xFFFFFFFF;

class Shadow {
public:
  explicit Shadow(const Warp &w)
      : first(w.block->launch.firstTag), blockTag(w.block->blockTag), interval(w.block->intervalTag),
        mine(w.block->intervalTag | w.block->workerBits | w.index), several(mine | severalWarps),
        manyBlocks(w.block->launch.manyBlocks), workerMask(w.block->workerMask), workerBits(w.block->workerBits) {}

  /// What a tag of global memory says: someone touched it whom nothing orders before this warp.
  bool globalConflict(uint32_t tag) const {
    return bool((tag >= first) & (tag != mine) &
                !((tag >= blockTag) & (tag < interval) & ((tag & workerMask) == workerBits)));
  }
  /// Shared memory belongs to one block at a time, whose CPU thread counts up.
  bool sharedConflict(uint32_t tag) const { return bool((tag >= interval) & (tag != mine)); }

  template <bool shared>
  bool conflict(uint32_t tag) const {
    return shared ? sharedConflict(tag) : globalConflict(tag);
  }

  /// Whether a read of `count` bytes races.
  template <bool shared>
  bool readRaces(const uint32_t *written, uint32_t count) const {
    uint32_t bad = 0;
    for (uint32_t k = 0; k < count; ++k)
      bad |= uint32_t(conflict<shared>(written[k]));
    return bad;
  }

  template <bool shared>
  void noteRead(uint32_t *readers, uint32_t count) const {
    for (uint32_t k = 0; k < count; ++k) {
      uint32_t tag = readers[k];
      uint32_t others = shared || (tag | severalWarps) == several ? several : manyBlocks;
      readers[k] = conflict<shared>(tag) ? others : mine;
    }
  }

  template <bool shared>
  bool writeRaces(const uint32_t *written, const uint32_t *readers, uint32_t count) const {
    uint32_t bad = 0;
    for (uint32_t k = 0; k < count; ++k)
      bad |= uint32_t(conflict<shared>(written[k])) | uint32_t(conflict<shared>(readers[k]));
    return bad;
  }

  void noteWrite(uint32_t *written, uint32_t count) const {
    for (uint32_t k = 0; k < count; ++k)
      written[k] = mine;
  }

  uint32_t mineTag() const { return mine; }
  /// Whom a tag names.
  std::string describe(uint32_t tag) const;

private:
  uint32_t first, blockTag, interval, mine, several, manyBlocks, workerMask, workerBits;
};

} // namespace ptx

#endif
