// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Branches, ends, barriers and fences
#include "Decoder.h"

using namespace ptx;

namespace {

uint32_t pcOf(const Warp &w, const Instruction *i) { return uint32_t(i - w.code); }

/// Lanes of `mask` go to `target`, the others to the next instruction.
const Instruction *branch(Warp &w, const Instruction *i) {
  uint32_t taken = w.mask(i), next = pcOf(w, i) + 1;
  if (taken == w.active)
    return jump(w, i->extra);
  if (!taken)
    return jump(w, next);
  // Those that branch wait with their target; `select` notes where the others are, and who goes on.
  uint32_t others = w.active & ~taken;
  for (unsigned l = 0; l < lanes; ++l)
    if (taken >> l & 1)
      w.pcs[l] = i->extra;
  w.active = others;
  return select(w, next);
}

const Instruction *branchIndexed(Warp &w, const Instruction *i) {
  const uint32_t *index = w.lanesOf<uint32_t>(i->a);
  uint32_t taken = w.mask(i), count = i->c;
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(taken >> l & 1))
      continue;
    if (index[l] >= count)
      return fault(w, i, FaultKind::IllegalInstruction,
                   "takes branch " + std::to_string(index[l]) + " of " + std::to_string(count), l);
    w.pcs[l] = w.block->kernel.lists[i->extra + index[l]];
  }
  w.active &= ~taken;
  return select(w, pcOf(w, i) + 1);
}

const Instruction *end(Warp &w, const Instruction *i) {
  uint32_t ended = w.mask(i);
  if (!ended)
    return i + 1;
  w.live &= ~ended;
  w.active &= ~ended;
  if (w.active)
    return i + 1;
  return select(w, pcOf(w, i) + 1);
}

const Instruction *trap(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  return mask ? fault(w, i, FaultKind::Trap, "trap", unsigned(__builtin_ctz(mask))) : i + 1;
}

/// i->a: the barrier's number, i->b: threads that take part, or 0 for all.
const Instruction *barrier(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  unsigned lane = unsigned(__builtin_ctz(mask));
  if (mask != w.live)
    return fault(w, i, FaultKind::Barrier,
                 "a barrier that " + std::to_string(__builtin_popcount(mask)) + " of the warp's " +
                     std::to_string(__builtin_popcount(w.live)) + " threads reach",
                 lane);
  uint64_t threads = w.block->launch.block.count();
  uint32_t count = w.lanesOf<uint32_t>(i->b)[lane];
  if (count && count != threads)
    return fault(w, i, FaultKind::Barrier,
                 "a barrier of " + std::to_string(count) + " of the block's " + std::to_string(threads) +
                     " threads is not executed here",
                 lane);
  w.barrier = w.lanesOf<uint32_t>(i->a)[lane];
  if (w.barrier > 15)
    return fault(w, i, FaultKind::Barrier, "barrier " + std::to_string(w.barrier) + ", expected 0 to 15", lane);
  w.state = WarpState::AtBarrier;
  w.resume = pcOf(w, i) + 1;
  return nullptr;
}

/// Lanes of the member mask, which are those that have not ended, must be here together.
const Instruction *warpBarrier(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  unsigned lane = unsigned(__builtin_ctz(mask));
  uint32_t members = w.lanesOf<uint32_t>(i->a)[lane];
  if (members & w.live & ~mask)
    return fault(w, i, FaultKind::Barrier, "not all lanes of the member mask are here", lane);
  return i + 1;
}

const Instruction *nothing(Warp &, const Instruction *i) { return i + 1; }

void decodeBranch(Decoder &d) {
  if (d.has("idx")) {
    d.has("uni");
    return d.problem("expected brx.idx");
  }
  d.has("uni");
  if (!d.expectOperands(1, 1))
    return;
  d.emit(branch);
  d.branchTo(d.codeSize() - 1, d.operand(0).name);
}

void decodeBranchIndexed(Decoder &d) {
  d.has("uni");
  if (!d.has("idx") || !d.expectOperands(2, 2))
    return d.problem("expected .idx, an index and a list of targets");
  const std::vector<std::string_view> *targets = d.tableNamed(d.operand(1).name);
  if (!targets)
    return d.problem("no .branchtargets '" + std::string(d.operand(1).name) + "'");
  uint32_t index = d.source(d.operand(0), Type::U32), list = uint32_t(d.kernel.lists.size());
  for (std::string_view target : *targets)
    d.branchTo(noIndex, target);
  Instruction &made = d.emit(branchIndexed);
  made.a = index;
  made.c = uint32_t(targets->size());
  made.extra = list;
}

void decodeEnd(Decoder &d) {
  d.has("uni");
  d.emit(end);
}

void decodeTrap(Decoder &d) { d.emit(trap); }

void decodeWarpBarrier(Decoder &d) {
  d.has("sync");
  if (!d.expectOperands(1, 1))
    return;
  uint32_t members = d.source(d.operand(0), Type::B32);
  d.emit(warpBarrier, "bar.warp.sync").a = members;
}

void decodeBarrier(Decoder &d) {
  if (d.has("warp"))
    return decodeWarpBarrier(d);
  if (d.has("cta"))
    d.needs(30, 78);
  if (!d.has("sync"))
    return d.problem("only .sync is executed here");
  d.has("aligned");
  if (!d.expectOperands(1, 2))
    return;
  uint32_t number = d.source(d.operand(0), Type::U32);
  uint32_t count = d.operandCount() > 1 ? d.source(d.operand(1), Type::U32) : d.constant(0, 4);
  Instruction &made = d.emit(barrier, "bar.sync");
  made.a = number;
  made.b = count;
}

/// Blocks run one after the other or meet in atomics only, so memory is ordered as it stands.
void decodeFence(Decoder &d) {
  d.oneOf({"sc", "acq_rel", "acquire", "release"});
  d.oneOf({"cta", "gpu", "sys", "gl", "cluster"});
  d.emit(nothing);
}

void refuseCall(Decoder &d) {
  for (std::string_view modifier : d.statement->modifiers)
    d.has(modifier);
  d.problem("calls are not executed here: inline all functions");
}

} // namespace

void ptx::addControl(OpcodeTable &table) {
  table["bra"] = decodeBranch;
  table["brx"] = decodeBranchIndexed;
  table["ret"] = decodeEnd;
  table["exit"] = decodeEnd;
  table["trap"] = decodeTrap;
  table["bar"] = decodeBarrier;
  table["barrier"] = decodeBarrier;
  table["membar"] = decodeFence;
  table["fence"] = decodeFence;
  table["call"] = refuseCall;
}
