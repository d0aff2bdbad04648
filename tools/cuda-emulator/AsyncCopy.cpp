// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cp.async: what is copied comes into shared memory when the thread waits for its group, and not before.
#include "Access.h"
#include "Shadow.h"

#include <algorithm>

using namespace ptx;

namespace {

/// Reads `bytes` bytes of a lane that reads fewer than it writes.
bool readPart(Warp &w, const Instruction *i, unsigned lane, uint32_t bytes, PendingCopy &copy) {
  Instruction one = *i;
  for (uint32_t k = 0; k < bytes; ++k, ++one.offset) {
    Access access;
    if (!resolve(w, &one, 1u << lane, 1, Decoder::Space::Global, AccessKind::Read, access))
      return false;
    copy.data[k] = access.at[lane][0];
  }
  return true;
}

/// i->d: the shared address, i->a: the global one, i->b: bytes to read, i->extra: bytes to write, i->c: offset of the
/// shared address.
const Instruction *copy(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i), bytes = i->extra;
  if (!mask)
    return i + 1;
  Block &block = *w.block;
  Instruction destination = *i;
  destination.a = i->d;
  destination.offset = int32_t(i->c);
  Access to, from;
  if (!resolve(w, &destination, mask, bytes, Decoder::Space::Shared, AccessKind::Write, to))
    return nullptr;
  const uint32_t *read = w.lanesOf<uint32_t>(i->b);
  uint32_t whole = 0;
  for (unsigned l = 0; l < lanes; ++l)
    whole |= uint32_t(read[l] == bytes) << l;
  whole &= mask;
  if (whole && !resolve(w, i, whole, bytes, Decoder::Space::Global, AccessKind::Read, from))
    return nullptr;
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1))
      continue;
    PendingCopy pending = {};
    const uint8_t *at = to.adjacent ? to.adjacent + l * bytes : to.at[l];
    pending.destination = uint32_t(at - block.shared.data());
    pending.bytes = uint8_t(bytes);
    pending.lane = uint8_t(l);
    pending.group = w.groups[l];
    if (read[l] > bytes)
      return fault(w, i, FaultKind::IllegalAddress, "reads more bytes than it writes", l);
    if (whole >> l & 1)
      std::memcpy(pending.data, from.adjacent ? from.adjacent + l * bytes : from.at[l], bytes);
    else if (!readPart(w, i, l, read[l], pending))
      return nullptr;
    if (block.races)
      std::fill_n(block.sharedWritten.data() + pending.destination, bytes, pendingTag);
    w.pending.push_back(pending);
  }
  return i + 1;
}

const Instruction *commit(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  for (unsigned l = 0; l < lanes; ++l)
    w.groups[l] += mask >> l & 1;
  return i + 1;
}

/// i->extra: how many of the last groups may still be under way; noIndex: all must have come, committed or not.
const Instruction *wait(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  Block &block = *w.block;
  Shadow shadow(w);
  auto arrived = [&](const PendingCopy &one) {
    bool done = (mask >> one.lane & 1) && (i->extra == noIndex || one.group + uint64_t(i->extra) < w.groups[one.lane]);
    if (!done)
      return false;
    std::memcpy(block.shared.data() + one.destination, one.data, one.bytes);
    if (block.races)
      shadow.noteWrite(block.sharedWritten.data() + one.destination, one.bytes);
    return true;
  };
  w.pending.erase(std::remove_if(w.pending.begin(), w.pending.end(), arrived), w.pending.end());
  return i + 1;
}

void decodeCopy(Decoder &d, bool bypassesL1) {
  bool spaces = d.has("shared") || d.has("shared::cta");
  if (d.oneOf({"L2::64B", "L2::128B", "L2::256B"}) >= 0)
    d.needs(75, 74);
  if (!spaces || !d.has("global"))
    return d.problem("expected .shared.global");
  if (!d.expectOperands(3, 4))
    return;
  uint64_t bytes = d.operand(2).bits;
  if (d.operand(2).kind != Operand::Integer || (bytes != 16 && (bypassesL1 || (bytes != 4 && bytes != 8))))
    return d.problem(bypassesL1 ? "expected 16 bytes" : "expected 4, 8 or 16 bytes");
  int64_t toOffset = 0, fromOffset = 0;
  uint32_t to = d.address(d.operand(0), Decoder::Space::Shared, toOffset);
  uint32_t from = d.address(d.operand(1), Decoder::Space::Global, fromOffset);
  uint32_t read = d.operandCount() == 4 ? d.source(d.operand(3), Type::U32) : d.constant(bytes, 4);
  Instruction &made = d.emit(copy, "cp.async");
  made.d = to;
  made.c = uint32_t(toOffset);
  made.a = from;
  made.offset = fromOffset;
  made.b = read;
  made.extra = uint32_t(bytes);
}

void decodeAsync(Decoder &d) {
  if (!d.has("async"))
    return d.problem("only cp.async is executed here");
  d.needs(80, 70);
  if (d.has("commit_group")) {
    d.emit(commit, "cp.async.commit_group");
    return;
  }
  if (d.has("wait_all")) {
    d.emit(wait, "cp.async.wait").extra = noIndex;
    return;
  }
  if (d.has("wait_group")) {
    if (d.operand(0).kind != Operand::Integer)
      return d.problem("expected a number of groups");
    d.emit(wait, "cp.async.wait").extra = uint32_t(d.operand(0).bits);
    return;
  }
  int cache = d.oneOf({"ca", "cg"});
  if (cache < 0)
    return d.problem("expected .ca or .cg");
  decodeCopy(d, cache == 1);
}

} // namespace

void ptx::addAsyncCopy(OpcodeTable &table) { table["cp"] = decodeAsync; }
