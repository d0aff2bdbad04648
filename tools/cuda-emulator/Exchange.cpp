// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lanes of a warp tell each other: shfl, vote, redux, activemask
#include "Lanes.h"

using namespace ptx;

namespace {

/// The lanes that execute; 0 after a fault, where a member is missing.
bool gather(Warp &w, const Instruction *i, uint32_t members, uint32_t mask) {
  if (!(members & w.live & ~mask))
    return true;
  fault(w, i, FaultKind::Barrier, "not all lanes of the member mask are here", unsigned(__builtin_ctz(mask)));
  return false;
}

enum Mode { Up, Down, Butterfly, Index };

/// The lane that `lane` reads; false where it is out of its segment, and the lane reads itself.
bool sourceLane(int mode, uint32_t lane, uint32_t b, uint32_t c, uint32_t &from) {
  uint32_t segment = c >> 8 & 31, clamp = c & 31;
  uint32_t most = (lane & segment) | (clamp & ~segment), least = lane & segment;
  b &= 31;
  bool inside = false;
  switch (mode) {
  case Up:
    from = lane - b;
    inside = int32_t(from) >= int32_t(most);
    break;
  case Down:
    from = lane + b;
    inside = from <= most;
    break;
  case Butterfly:
    from = lane ^ b;
    inside = from <= most;
    break;
  default:
    from = least | (b & ~segment);
    inside = from <= most;
  }
  if (!inside)
    from = lane;
  return inside;
}

/// i->extra: the mode, and above it the list {membermask, predicate or noIndex}.
const Instruction *shuffle(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  const uint32_t *list = w.block->kernel.lists.data() + (i->extra >> 2);
  // Parts of a warp that exchange among themselves have member masks of their own.
  const uint32_t *members = w.lanesOf<uint32_t>(list[0]);
  const uint32_t *a = w.lanesOf<uint32_t>(i->a), *b = w.lanesOf<uint32_t>(i->b), *c = w.lanesOf<uint32_t>(i->c);
  uint32_t made[lanes], inside = 0;
  for (uint32_t l = 0; l < lanes; ++l) {
    uint32_t from = l;
    if (!(mask >> l & 1))
      continue;
    if (!gather(w, i, members[l], mask))
      return nullptr;
    inside |= uint32_t(sourceLane(int(i->extra & 3), l, b[l], c[l], from)) << l;
    if (!((mask & members[l]) >> from & 1) || members[from] != members[l])
      return fault(w, i, FaultKind::Barrier, "reads lane " + std::to_string(from) + ", which takes no part", l);
    made[l] = a[from];
  }
  store(mask, w.lanesOf<uint32_t>(i->d), [&](unsigned l) { return made[l]; });
  if (list[1] != noIndex)
    w.predicate(list[1]) = (w.predicate(list[1]) & ~mask) | (inside & mask);
  return i + 1;
}

void decodeShuffle(Decoder &d) {
  bool sync = d.has("sync");
  int mode = d.oneOf({"up", "down", "bfly", "idx"});
  if (!sync || mode < 0 || d.type() != Type::B32)
    return d.problem("expected .sync, a mode and .b32");
  if (!d.expectOperands(5, 5))
    return;
  uint32_t slots[4];
  for (unsigned k = 0; k < 4; ++k)
    slots[k] = d.source(d.operand(k + 1), Type::B32);
  std::string_view predicate = d.operand(0).second;
  uint32_t list = d.list({slots[3], predicate.empty() ? noIndex : d.predicateDestination(predicate)});
  Instruction &made = d.emit(shuffle);
  made.d = d.destination(d.operand(0), Type::B32);
  made.a = slots[0];
  made.b = slots[1];
  made.c = slots[2];
  made.extra = list << 2 | uint32_t(mode);
}

enum Vote { All, Any, Uniform, Ballot };

const Instruction *vote(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  uint32_t members = w.lanesOf<uint32_t>(i->b)[__builtin_ctz(mask)];
  if (!gather(w, i, members, mask))
    return nullptr;
  uint32_t taking = members & mask, yes = (w.predicate(i->a) ^ i->c) & taking;
  if (i->extra == Ballot) {
    store(mask, w.lanesOf<uint32_t>(i->d), [=](unsigned) { return yes; });
    return i + 1;
  }
  bool result = i->extra == All ? yes == taking : i->extra == Any ? yes != 0 : yes == taking || yes == 0;
  uint32_t &p = w.predicate(i->d);
  p = (p & ~mask) | (result ? mask : 0);
  return i + 1;
}

void decodeVote(Decoder &d) {
  bool sync = d.has("sync");
  int mode = d.oneOf({"all", "any", "uni", "ballot"});
  Type type = d.type();
  if (!sync || mode < 0 || type != (mode == Ballot ? Type::B32 : Type::Pred))
    return d.problem("expected .sync, a mode and its type");
  if (!d.expectOperands(3, 3))
    return;
  uint32_t a = d.predicateSource(d.operand(1)), members = d.source(d.operand(2), Type::B32);
  uint32_t to = mode == Ballot ? d.destination(d.operand(0), Type::B32) : d.predicateDestination(d.operand(0).name);
  Instruction &made = d.emit(vote);
  made.d = to;
  made.a = a;
  made.b = members;
  made.c = d.operand(1).negated ? fullMask : 0;
  made.extra = uint32_t(mode);
}

template <class T>
T reduced(uint32_t operation, T a, T b) {
  switch (operation) {
  case 0:
    return T(uint32_t(a) + uint32_t(b));
  case 1:
    return a < b ? a : b;
  case 2:
    return a > b ? a : b;
  case 3:
    return a & b;
  case 4:
    return a | b;
  default:
    return a ^ b;
  }
}

template <class T>
const Instruction *reduce(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  uint32_t members = w.lanesOf<uint32_t>(i->b)[__builtin_ctz(mask)];
  if (!gather(w, i, members, mask))
    return nullptr;
  const T *a = w.lanesOf<T>(i->a);
  uint32_t taking = members & mask;
  T made = a[__builtin_ctz(mask)];
  for (unsigned l = unsigned(__builtin_ctz(mask)) + 1; l < lanes; ++l)
    if (taking >> l & 1)
      made = reduced(i->extra, made, a[l]);
  store(mask, w.lanesOf<T>(i->d), [=](unsigned) { return made; });
  return i + 1;
}

void decodeReduce(Decoder &d) {
  bool sync = d.has("sync");
  int operation = d.oneOf({"add", "min", "max", "and", "or", "xor"});
  Type type = d.type();
  if (!sync || operation < 0 || bytesOf(type) != 4 || isFloat(type))
    return d.problem("expected .sync, an operation and a type of 32 bits");
  if (!d.expectOperands(3, 3))
    return;
  d.needs(80, 70);
  uint32_t a = d.source(d.operand(1), type), members = d.source(d.operand(2), Type::B32);
  Instruction &made = d.emit(isSigned(type) ? reduce<int32_t> : reduce<uint32_t>);
  made.d = d.destination(d.operand(0), type);
  made.a = a;
  made.b = members;
  made.extra = uint32_t(operation);
}

void decodeActiveMask(Decoder &d) {
  if (d.type() != Type::B32 || !d.expectOperands(1, 1))
    return d.problem("expected .b32");
  Instruction &made = d.emit([](Warp &w, const Instruction *i) {
    uint32_t mask = w.mask(i);
    store(mask, w.lanesOf<uint32_t>(i->d), [=](unsigned) { return mask; });
    return i + 1;
  });
  made.d = d.destination(d.operand(0), Type::B32);
}

} // namespace

void ptx::addExchange(OpcodeTable &table) {
  table["shfl"] = decodeShuffle;
  table["vote"] = decodeVote;
  table["redux"] = decodeReduce;
  table["activemask"] = decodeActiveMask;
}
