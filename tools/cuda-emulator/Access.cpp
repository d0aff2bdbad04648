// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Access.h"
#include "Shadow.h"

#include <algorithm>

using namespace ptx;
using Space = Decoder::Space;

namespace {

const char *verb(AccessKind kind) { return kind == AccessKind::Read ? "reads" : "writes"; }

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// The addresses of one access, made plain.
struct Addresses {
  uint64_t lane[lanes];
  uint64_t least, most; // of the mask's lanes
  bool adjacent;        // all lanes, each `bytes` behind the one before
  unsigned first;       // the mask's first lane
};

void collect(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, Addresses &out) {
  const uint64_t *base = w.lanesOf<uint64_t>(i->a);
  uint64_t offset = uint64_t(i->offset);
  uint64_t different = 0;
  out.first = unsigned(__builtin_ctz(mask));
  uint64_t stand = base[out.first] + offset;
  for (unsigned l = 0; l < lanes; ++l) {
    out.lane[l] = (mask >> l & 1) ? base[l] + offset : stand;
    different |= out.lane[l] ^ (stand + uint64_t(bytes) * l);
  }
  out.adjacent = mask == fullMask && !different;
  if (out.adjacent) {
    out.least = stand;
    out.most = out.lane[lanes - 1];
    return;
  }
  uint64_t least = stand, most = stand;
  for (unsigned l = 0; l < lanes; ++l) {
    least = std::min(least, out.lane[l]);
    most = std::max(most, out.lane[l]);
  }
  out.least = least;
  out.most = most;
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
  uint64_t low = 0;
  for (unsigned l = 0; l < lanes; ++l)
    low |= a.lane[l];
  if (!(low & (bytes - 1)))
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

bool contains(const Allocation &one, uint64_t address, uint32_t bytes) {
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

/// Names the first byte that races. `begin` is that of an access of `count` bytes, `bytes` for each lane from `lane`
/// on.
template <bool shared>
bool raceAt(Warp &w, const Instruction *i, const Shadow &shadow, const Tags &tags, uint64_t begin, uint32_t count,
            uint32_t bytes, uint64_t base, AccessKind kind, unsigned lane) {
  for (uint64_t k = begin; k < begin + count; ++k) {
    bool wrote = shadow.conflict<shared>(tags.written[k]);
    if (!wrote && !(kind == AccessKind::Write && shadow.conflict<shared>(tags.read[k])))
      continue;
    uint32_t tag = wrote ? tags.written[k] : tags.read[k];
    fault(w, i, FaultKind::Race,
          std::string(verb(kind)) + (shared ? " shared" : " global") + " memory at " + hex(base + k) + ", which " +
              shadow.describe(tag) + (wrote ? " wrote" : " read"),
          lane + unsigned((k - begin) / bytes));
    break;
  }
  return true;
}

/// Checks and notes an access; true where it races, after naming the race.
template <bool shared>
bool races(Warp &w, const Instruction *i, const Tags &tags, uint64_t begin, uint32_t count, uint32_t bytes,
           uint64_t base, AccessKind kind, unsigned lane) {
  Shadow shadow(w);
  uint32_t *written = tags.written + begin, *read = tags.read + begin;
  if (kind == AccessKind::Write) {
    if (shadow.writeRaces<shared>(written, read, count))
      return raceAt<shared>(w, i, shadow, tags, begin, count, bytes, base, kind, lane);
    shadow.noteWrite(written, count);
    return false;
  }
  if (shadow.readRaces<shared>(written, count))
    return raceAt<shared>(w, i, shadow, tags, begin, count, bytes, base, kind, lane);
  if (kind == AccessKind::Read)
    shadow.noteRead<shared>(read, count);
  return false;
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
  uint64_t all = uint64_t(__builtin_popcount(mask)) * bytes;
  (kind == AccessKind::Read ? profile.globalLoadBytes : profile.globalStoreBytes) += all;
  ++profile.globalAccesses;
  profile.sectors += uint64_t(std::unique(sectors, sectors + count) - sectors);
  profile.leastSectors += (all + 31) / 32;
}

bool racesInGlobal(Warp &w, const Instruction *i, uint64_t address, uint32_t count, uint32_t bytes, AccessKind kind,
                   unsigned lane) {
  const Allocation &one = w.cache;
  return w.block->races && one.tags.written &&
         races<false>(w, i, one.tags, address - one.begin, count, bytes, one.begin, kind, lane);
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
  if (kind == AccessKind::Read || !w.cache.constant)
    return true;
  fault(w, i, FaultKind::IllegalAddress, "writes to constant memory at " + hex(address), lane);
  return false;
}

bool resolveGlobal(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind,
                   Access &out) {
  if (w.block->profiled)
    countSectors(w, mask, bytes, a, kind);
  if (a.adjacent && findAllocation(w, i, a.least, bytes, kind, 0) && contains(w.cache, a.most, bytes)) {
    out.adjacent = w.cache.data + (a.least - w.cache.begin);
    return !racesInGlobal(w, i, a.least, bytes * lanes, bytes, kind, 0);
  }
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint64_t address = a.lane[l];
    if (!findAllocation(w, i, address, bytes, kind, l) || racesInGlobal(w, i, address, bytes, bytes, kind, l))
      return false;
    out.at[l] = w.cache.data + (address - w.cache.begin);
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
  auto beyond = [&](unsigned l) { return a.lane[l] > size || bytes > size - a.lane[l]; };
  if (a.most > size || bytes > size - a.most) {
    unsigned l = firstLane(mask, beyond);
    outside(w, i, bytes, a.lane[l], kind, "the block's " + std::to_string(size) + " bytes of shared memory", l);
    return false;
  }
  if (block.profiled)
    countBanks(w, mask, bytes, a);
  Tags tags{block.sharedWritten.data(), block.sharedRead.data()};
  if (a.adjacent) {
    out.adjacent = block.shared.data() + a.least;
    return !block.races || !races<true>(w, i, tags, a.least, bytes * lanes, bytes, 0, kind, 0);
  }
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1))
      continue;
    if (block.races && races<true>(w, i, tags, a.lane[l], bytes, bytes, 0, kind, l))
      return false;
    out.at[l] = block.shared.data() + a.lane[l];
  }
  return true;
}

bool resolvePrivate(Warp &w, const Instruction *i, uint32_t mask, uint32_t bytes, const Addresses &a, AccessKind kind,
                    Access &out, bool parameters) {
  Block &block = *w.block;
  uint64_t size = parameters ? block.kernel.parameterBytes : block.kernel.localBytes;
  if (parameters && kind != AccessKind::Read) {
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
                       const uint8_t *values, uint32_t stride) {
  if (access.adjacent || !w.block->races)
    return true;
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1) || !std::memcmp(access.at[l], values + l * stride, bytes))
      continue;
    fault(w, i, FaultKind::Race, "writes a place to which another lane of the same instruction writes another value",
          l);
    return false;
  }
  return true;
}
