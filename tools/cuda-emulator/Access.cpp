// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Access.h"
#include "Shadow.h"

#include <algorithm>

using namespace ptx;
using Space = Decoder::Space;

namespace {

bool isRead(AccessKind kind) { return kind == AccessKind::Read || kind == AccessKind::ReadConstant; }

const char *verb(AccessKind kind) { return isRead(kind) ? "reads" : "writes"; }

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// The addresses of one access, made plain. Lanes without the mask have that of the first with it.
struct Addresses {
  alignas(64) uint64_t lane[lanes];
  uint64_t least, most;
  uint64_t bits; // that are set in any
  bool adjacent; // all lanes, each `bytes` behind the one before
  unsigned first;
};

void collect(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, Addresses &out) {
  const uint64_t *base = w.lanesOf<uint64_t>(i->a);
  uint64_t offset = uint64_t(i->offset);
  out.first = unsigned(__builtin_ctz(mask));
  uint64_t stand = base[out.first] + offset;
  uint64_t different = 0, bits = 0, least = stand, most = stand;
#pragma clang loop unroll(disable) vectorize(assume_safety)
  for (unsigned l = 0; l < lanes; ++l) {
    uint64_t address = (mask >> l & 1) ? base[l] + offset : stand;
    out.lane[l] = address;
    different |= address ^ (stand + uint64_t(bytes) * l);
    bits |= address;
    least = std::min(least, address);
    most = std::max(most, address);
  }
  out.adjacent = mask == fullMask && !different;
  out.least = least;
  out.most = most;
  out.bits = bits;
}

/// Calls `each` with the first lane, the lane behind the last, the begin and the size of every run of lanes whose
/// places are one, or one behind the other. Ends where it returns false.
template <class F>
bool forRuns(const Addresses &a, uint32_t mask, uint32_t bytes, F &&each) {
  if (a.adjacent)
    return each(0, a.least, bytes * lanes);
  for (unsigned l = 0; l < lanes;) {
    if (!(mask >> l & 1)) {
      ++l;
      continue;
    }
    unsigned begin = l;
    uint64_t last = a.lane[l];
    for (++l; l < lanes; ++l) {
      if (!(mask >> l & 1))
        continue;
      if (a.lane[l] - last != 0 && a.lane[l] - last != bytes)
        break;
      last = a.lane[l];
    }
    if (!each(begin, a.lane[begin], uint32_t(last - a.lane[begin]) + bytes))
      return false;
  }
  return true;
}

/// The first lane of the mask for which `bad` holds.
template <class F>
unsigned firstLane(uint32_t mask, F &&bad) {
  for (unsigned l = 0; l < lanes; ++l)
    if ((mask >> l & 1) && bad(l))
      return l;
  return unsigned(__builtin_ctz(mask));
}

bool misaligned(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind) {
  if (!(a.bits & (bytes - 1)))
    return false;
  unsigned l = firstLane(mask, [&](unsigned l) { return a.lane[l] & (bytes - 1); });
  fault(w, i, FaultKind::MisalignedAddress,
        std::string(verb(kind)) + " " + std::to_string(bytes) + " bytes at " + hex(a.lane[l]) +
            ", which is no multiple of " + std::to_string(bytes),
        l);
  return true;
}

void outside(Warp &w, const Instruction *i, uint32_t bytes, uint64_t address, AccessKind kind, const std::string &of,
             unsigned lane) {
  fault(w, i, FaultKind::IllegalAddress,
        std::string(verb(kind)) + " " + std::to_string(bytes) + " bytes at " + hex(address) + ", outside of " + of,
        lane);
}

// Global memory.

bool contains(const Allocation &one, uint64_t address, uint64_t bytes) {
  uint64_t offset = address - one.begin;
  return offset < one.bytes && bytes <= one.bytes - offset;
}

std::string nearest(const Memory &memory, uint64_t address) {
  for (uint64_t distance = 1; distance <= 4096; ++distance)
    if (const Allocation *one = memory.find(address - distance))
      return "what is allocated (" + std::to_string(address - one->begin - one->bytes) + " bytes behind " +
             std::to_string(one->bytes) + " allocated at " + hex(one->begin) + ")";
  return "what is allocated";
}

/// Names the first byte of a run that races.
template <bool shared>
void nameRace(Warp &w, const Instruction *i, const Shadow &shadow, const Tags &tags, uint64_t base, uint64_t begin,
              uint32_t count, uint32_t bytes, AccessKind kind, const Addresses &a, unsigned lane) {
  for (uint64_t k = begin; k < begin + count; ++k) {
    bool wrote = shadow.conflict<shared>(tags.written[k]);
    if (!wrote && !(kind == AccessKind::Write && shadow.conflict<shared>(tags.read[k])))
      continue;
    while (base + k - a.lane[lane] >= bytes)
      ++lane;
    uint32_t tag = wrote ? tags.written[k] : tags.read[k];
    fault(w, i, FaultKind::Race,
          std::string(verb(kind)) + (shared ? " shared" : " global") + " memory at " + hex(base + k) + ", which " +
              shadow.describe(tag) + (wrote ? " wrote" : " read"),
          lane);
    return;
  }
}

/// Checks and notes a run of `count` bytes, `begin` behind the tags' first; true where it races, after naming the race.
template <bool shared>
bool races(Warp &w, const Instruction *i, const Shadow &shadow, const Tags &tags, uint64_t base, uint64_t begin,
           uint32_t count, uint32_t bytes, AccessKind kind, const Addresses &a, unsigned lane) {
  uint32_t *written = tags.written + begin, *read = tags.read + begin;
  if (kind == AccessKind::ReadConstant && shadow.launchWrote(written, count)) {
    fault(w, i, FaultKind::Race, "reads global memory at " + hex(base + begin) + " by .nc, which this launch wrote",
          lane);
    return true;
  }
  bool racing = kind == AccessKind::Write ? shadow.writeRaces<shared>(written, read, count)
                                          : shadow.readRaces<shared>(written, count);
  if (racing)
    nameRace<shared>(w, i, shadow, tags, base, begin, count, bytes, kind, a, lane);
  else if (kind == AccessKind::Write)
    shadow.noteWrite(written, count);
  else if (isRead(kind))
    shadow.noteRead<shared>(read, count);
  return racing;
}

void countSectors(Warp &w, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind) {
  Profile &profile = w.block->profile;
  uint64_t sectors[2 * lanes], count = 0;
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1))
      continue;
    sectors[count++] = a.lane[l] / 32;
    sectors[count++] = (a.lane[l] + bytes - 1) / 32;
  }
  std::sort(sectors, sectors + count);
  uint64_t all = uint64_t(__builtin_popcount(mask)) * bytes, different = bytes;
  uint64_t sorted[lanes];
  std::copy(a.lane, a.lane + lanes, sorted); // lanes without the mask repeat one that has it
  std::sort(sorted, sorted + lanes);
  for (unsigned l = 1; l < lanes; ++l)
    different += std::min<uint64_t>(sorted[l] - sorted[l - 1], bytes);
  (isRead(kind) ? profile.globalLoadBytes : profile.globalStoreBytes) += all;
  ++profile.globalAccesses;
  profile.sectors += uint64_t(std::unique(sectors, sectors + count) - sectors);
  profile.leastSectors += (different + 31) / 32;
}

/// Finds the lane's allocation; false after a fault.
bool findAllocation(Warp &w, const Instruction *i, uint64_t address, uint32_t bytes, AccessKind kind, unsigned lane) {
  const Memory &memory = w.block->launch.memory;
  if (!contains(w.cache, address, bytes)) {
    const Allocation *found = memory.find(address);
    if (!found || !contains(*found, address, bytes)) {
      outside(w, i, bytes, address, kind, nearest(memory, found ? address + bytes - 1 : address), lane);
      return false;
    }
    w.cache = *found;
  }
  if (isRead(kind) || !w.cache.constant)
    return true;
  fault(w, i, FaultKind::IllegalAddress, "writes to constant memory at " + hex(address), lane);
  return false;
}

/// The host's places, where the first lane's address is at `data`.
void place(Access &out, const Addresses &a, uint8_t *data) {
  if (a.adjacent) {
    out.adjacent = data;
    return;
  }
#pragma clang loop unroll(disable)
  for (unsigned l = 0; l < lanes; ++l)
    out.at[l] = data + (a.lane[l] - a.lane[0]);
}

/// Whether all lanes are in one allocation, which is the warp's cached one then.
bool inOneAllocation(Warp &w, const Addresses &a, uint32_t bytes, AccessKind kind) {
  uint64_t span = a.most - a.least + bytes;
  if (!contains(w.cache, a.least, span)) {
    const Allocation *found = w.block->launch.memory.find(a.least);
    if (!found || !contains(*found, a.least, span))
      return false;
    w.cache = *found;
  }
  return isRead(kind) || !w.cache.constant;
}

bool resolveGlobal(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind,
                   Access &out) {
  if (w.block->profiled)
    countSectors(w, mask, bytes, a, kind);
  Shadow shadow(w);
  const Allocation &one = w.cache;
  auto racing = [&](unsigned lane, uint64_t address, uint32_t count) {
    return w.block->races && one.tags.written &&
           races<false>(w, i, shadow, one.tags, one.begin, address - one.begin, count, bytes, kind, a, lane);
  };
  if (inOneAllocation(w, a, bytes, kind)) {
    place(out, a, one.data + (a.lane[0] - one.begin));
    return !w.block->races || !one.tags.written ||
           forRuns(a, mask, bytes,
                   [&](unsigned lane, uint64_t address, uint32_t count) { return !racing(lane, address, count); });
  }
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1))
      continue;
    if (!findAllocation(w, i, a.lane[l], bytes, kind, l) || racing(l, a.lane[l], bytes))
      return false;
    out.at[l] = one.data + (a.lane[l] - one.begin);
  }
  return true;
}

// Shared, local and parameter memory.

/// Wavefronts beyond the least: 32 banks of 4 bytes, different words of one bank come one after the other. Accesses of
/// 8 and 16 bytes are served in halves and quarters of a warp.
void countBanks(Warp &w, uint32_t mask, uint32_t bytes, const Addresses &a) {
  ++w.block->profile.sharedAccesses;
  unsigned part = bytes <= 4 ? lanes : bytes == 8 ? lanes / 2 : lanes / 4;
  for (unsigned begin = 0; begin < lanes; begin += part) {
    uint64_t words[4 * lanes];
    unsigned count = 0;
    for (unsigned l = begin; l < begin + part; ++l)
      for (unsigned k = 0; k < (bytes + 3) / 4 && (mask >> l & 1); ++k)
        words[count++] = a.lane[l] / 4 + k;
    std::sort(words, words + count);
    unsigned perBank[32] = {}, most = 0;
    for (auto *end = std::unique(words, words + count), *word = words; word != end; ++word)
      most = std::max(most, ++perBank[*word % 32]);
    w.block->profile.bankConflicts += most > 1 ? most - 1 : 0;
  }
}

bool resolveShared(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind,
                   Access &out) {
  Block &block = *w.block;
  uint64_t size = block.shared.size();
  if (a.most > size || bytes > size - a.most) {
    unsigned l = firstLane(mask, [&](unsigned l) { return a.lane[l] > size || bytes > size - a.lane[l]; });
    outside(w, i, bytes, a.lane[l], kind, "the block's " + std::to_string(size) + " bytes of shared memory", l);
    return false;
  }
  if (block.profiled)
    countBanks(w, mask, bytes, a);
  place(out, a, block.shared.data() + a.lane[0]);
  if (!block.races)
    return true;
  Tags tags{block.sharedWritten.data(), block.sharedRead.data()};
  Shadow shadow(w);
  return forRuns(a, mask, bytes, [&](unsigned lane, uint64_t address, uint32_t count) {
    return !races<true>(w, i, shadow, tags, 0, address, count, bytes, kind, a, lane);
  });
}

bool resolvePrivate(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind,
                    Access &out, bool parameters) {
  Block &block = *w.block;
  uint64_t size = parameters ? block.kernel.parameterBytes : block.kernel.localBytes;
  if (parameters && !isRead(kind)) {
    fault(w, i, FaultKind::IllegalAddress, "writes to a parameter", a.first);
    return false;
  }
  if (a.most > size || bytes > size - a.most) {
    unsigned l = firstLane(mask, [&](unsigned l) { return a.lane[l] > size || bytes > size - a.lane[l]; });
    outside(w, i, bytes, a.lane[l], kind,
            std::to_string(size) + (parameters ? " bytes of parameters" : " bytes of local memory"), l);
    return false;
  }
  for (unsigned l = 0; l < lanes; ++l)
    out.at[l] = parameters ? block.launch.parameters.data() + a.lane[l] : w.local + l * size + a.lane[l];
  return true;
}

/// The state space of a generic address; its bytes of the window are taken off the addresses.
bool fromGeneric(Warp &w, const Instruction *i, uint32_t mask, Addresses &a, Space &space) {
  uint64_t window = a.lane[a.first] & windowMask;
  for (unsigned l = 0; l < lanes; ++l) {
    if ((a.lane[l] & windowMask) == window)
      continue;
    fault(w, i, FaultKind::IllegalAddress, "lanes of one access in different state spaces are not executed here", l);
    return false;
  }
  if (window != sharedWindow && window != localWindow && window != paramWindow) {
    space = Space::Global;
    return true;
  }
  space = window == sharedWindow ? Space::Shared : window == localWindow ? Space::Local : Space::Param;
  for (uint64_t &address : a.lane)
    address &= ~windowMask;
  a.least &= ~windowMask;
  a.most &= ~windowMask;
  return true;
}

} // namespace

bool ptx::resolve(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, Space space, AccessKind kind,
                  Access &out) {
  Addresses a;
  collect(w, i, mask, bytes, a);
  if (space == Space::Generic && !fromGeneric(w, i, mask, a, space))
    return false;
  if (misaligned(w, i, mask, bytes, a, kind))
    return false;
  out.adjacent = nullptr;
  switch (space) {
  case Space::Shared:
    return resolveShared(w, i, mask, bytes, a, kind, out);
  case Space::Local:
    return resolvePrivate(w, i, mask, bytes, a, kind, out, false);
  case Space::Param:
    return resolvePrivate(w, i, mask, bytes, a, kind, out, true);
  default:
    return resolveGlobal(w, i, mask, bytes, a, kind, out);
  }
}

bool ptx::checkOverlap(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Access &access,
                       uint32_t offset, const uint8_t *values, uint32_t stride) {
  if (access.adjacent || !w.block->races)
    return true;
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1) || !std::memcmp(access.at[l] + offset, values + l * stride, bytes))
      continue;
    fault(w, i, FaultKind::Race, "writes a place to which another lane of the same instruction writes another value",
          l);
    return false;
  }
  return true;
}
