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

#include <algorithm>

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

  /// Whether a tag is of someone whom nothing orders before this warp. Shared memory belongs to one block at a time,
  /// whose CPU thread counts up.
  template <bool shared>
  bool conflict(uint32_t tag) const {
    return conflicts<shared>(Vector<1>{tag})[0];
  }

  /// Whether a read of `count` bytes races.
  template <bool shared>
  bool readRaces(const uint32_t *written, uint32_t count) const {
    return any(count, [&](uint32_t k, auto v) { return conflicts<shared>(load(v, written + k)); });
  }

  bool launchWrote(const uint32_t *written, uint32_t count) const {
    return any(count, [&](uint32_t k, auto v) { return load(v, written + k) >= first; });
  }

  template <bool shared>
  bool writeRaces(const uint32_t *written, const uint32_t *readers, uint32_t count) const {
    return any(count, [&](uint32_t k, auto v) {
      return conflicts<shared>(load(v, written + k)) | conflicts<shared>(load(v, readers + k));
    });
  }

  template <bool shared>
  void noteRead(uint32_t *readers, uint32_t count) const {
    inBlocks(count, [&](uint32_t k, auto v) {
      auto tag = load(v, readers + k);
      using V = decltype(v);
      auto here = (tag | severalWarps) == several;
      V others = shared ? V{} + several : select(here, V{} + several, V{} + manyBlocks);
      V made = select(conflicts<shared>(tag), others, V{} + mine);
      std::memcpy(readers + k, &made, sizeof made);
    });
  }

  void noteWrite(uint32_t *written, uint32_t count) const { std::fill_n(written, count, mine); }

  uint32_t mineTag() const { return mine; }
  /// Whom a tag names.
  std::string describe(uint32_t tag) const;

private:
  /// Tags side by side, compared at once; comparisons give all ones or zero.
  template <unsigned n>
  struct VectorOf {
    typedef uint32_t type __attribute__((vector_size(4 * n)));
  };
  template <unsigned n>
  using Vector = typename VectorOf<n>::type;

  template <class V>
  static V load(V, const uint32_t *from) {
    V made;
    std::memcpy(&made, from, sizeof made);
    return made;
  }
  template <class M, class V>
  static V select(M mask, V yes, V no) {
    return (V(mask) & yes) | (~V(mask) & no);
  }

  template <bool shared, class V>
  auto conflicts(V tag) const {
    if constexpr (shared)
      return (tag >= interval) & (tag != mine);
    else
      return (tag >= first) & (tag != mine) &
             ~((tag >= blockTag) & (tag < interval) & ((tag & workerMask) == workerBits));
  }

  template <class F>
  static void inBlocks(uint32_t count, F &&each) {
    uint32_t k = 0;
    for (; k + 16 <= count; k += 16)
      each(k, Vector<16>());
    for (; k + 4 <= count; k += 4)
      each(k, Vector<4>());
    for (; k < count; ++k)
      each(k, Vector<1>());
  }

  template <class F>
  static bool any(uint32_t count, F &&each) {
    Vector<16> wide = {};
    Vector<4> narrow = {};
    inBlocks(count, [&](uint32_t k, auto v) {
      auto found = each(k, v);
      if constexpr (sizeof v == sizeof wide)
        wide |= Vector<16>(found);
      else if constexpr (sizeof v == sizeof narrow)
        narrow |= Vector<4>(found);
      else
        narrow[0] |= uint32_t(found[0]);
    });
    uint64_t parts[10], all = 0;
    std::memcpy(parts, &wide, sizeof wide);
    std::memcpy(parts + 8, &narrow, sizeof narrow);
    for (uint64_t part : parts)
      all |= part;
    return all;
  }

  uint32_t first, blockTag, interval, mine, several, manyBlocks, workerMask, workerBits;
};

} // namespace ptx

#endif
