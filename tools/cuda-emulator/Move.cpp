// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mov, with vectors packed and taken apart, and cvta
#include "Lanes.h"

using namespace ptx;

namespace {

struct Same {
  template <class T>
  static T of(T a) {
    return a;
  }
};

Handler moveOf(unsigned bytes) {
  return bytes == 2   ? lanes1<Same, uint16_t, uint16_t>
         : bytes == 4 ? lanes1<Same, uint32_t, uint32_t>
                      : lanes1<Same, uint64_t, uint64_t>;
}

/// Elements are halves or quarters of the whole; i->extra of them are listed from i->a on.
template <class Whole, class Part>
const Instruction *pack(Warp &w, const Instruction *i) {
  const uint32_t *list = w.block->kernel.lists.data() + i->a;
  uint32_t count = i->extra, mask = w.mask(i);
  alignas(64) Whole made[lanes] = {};
  for (uint32_t k = 0; k < count; ++k) {
    const Part *part = w.lanesOf<Part>(list[k]);
    for (unsigned l = 0; l < lanes; ++l)
      made[l] |= Whole(part[l]) << 8 * sizeof(Part) * k;
  }
  store(mask, w.lanesOf<Whole>(i->d), [&](unsigned l) { return made[l]; });
  return i + 1;
}

template <class Whole, class Part>
const Instruction *unpack(Warp &w, const Instruction *i) {
  const uint32_t *list = w.block->kernel.lists.data() + i->d;
  uint32_t count = i->extra, mask = w.mask(i);
  alignas(64) Whole whole[lanes];
  std::memcpy(whole, w.lanesOf<Whole>(i->a), sizeof whole);
  for (uint32_t k = 0; k < count; ++k)
    store(mask, w.lanesOf<Part>(list[k]), [&](unsigned l) { return Part(whole[l] >> 8 * sizeof(Part) * k); });
  return i + 1;
}

Type partOf(Type whole, size_t count) {
  unsigned bytes = count == 2 || count == 4 ? bytesOf(whole) / unsigned(count) : 0;
  return bytes == 2 ? Type::B16 : bytes == 4 ? Type::B32 : Type::None;
}

Handler packing(Type whole, Type part, bool packs) {
  if (bytesOf(whole) == 4)
    return packs ? pack<uint32_t, uint16_t> : unpack<uint32_t, uint16_t>;
  if (part == Type::B16)
    return packs ? pack<uint64_t, uint16_t> : unpack<uint64_t, uint16_t>;
  return packs ? pack<uint64_t, uint32_t> : unpack<uint64_t, uint32_t>;
}

void decodeVector(Decoder &d, Type whole, bool packs) {
  const Operand &vector = d.operand(packs ? 1 : 0);
  Type part = partOf(whole, vector.elements.size());
  if (part == Type::None)
    return d.problem("a vector of " + std::to_string(vector.elements.size()) + " elements does not fit the type");
  std::vector<uint32_t> slots;
  for (const Operand &element : vector.elements)
    slots.push_back(packs ? d.source(element, part) : d.destination(element, part));
  uint32_t other = packs ? d.destination(d.operand(0), whole) : d.source(d.operand(1), whole);
  uint32_t list = d.list(slots);
  Instruction &made = d.emit(packing(whole, part, packs));
  made.d = packs ? other : list;
  made.a = packs ? list : other;
  made.extra = uint32_t(slots.size());
}

void decodePredicate(Decoder &d) {
  uint32_t a = d.predicateSource(d.operand(1));
  Instruction &made = d.emit([](Warp &w, const Instruction *i) {
    uint32_t mask = w.mask(i), value = w.predicate(i->a);
    uint32_t &p = w.predicate(i->d);
    p = (p & ~mask) | (value & mask);
    return i + 1;
  });
  made.d = d.predicateDestination(d.operand(0).name);
  made.a = a;
}

void decodeMove(Decoder &d) {
  Type type = d.type();
  if (d.failed() || !d.expectOperands(2, 2))
    return;
  if (type == Type::Pred)
    return decodePredicate(d);
  if (bytesOf(type) < 2)
    return d.problem("this type is not executed here");
  if (d.operand(0).kind == Operand::Vector)
    return decodeVector(d, type, false);
  if (d.operand(1).kind == Operand::Vector)
    return decodeVector(d, type, true);
  emitAlike(d, moveOf(bytesOf(type)), type, 1);
}

/// Generic addresses are those of the space plus its window; global ones are the same.
struct AddWindow {
  static uint64_t of(uint64_t a, uint64_t window) { return a + window; }
};
struct SubWindow {
  static uint64_t of(uint64_t a, uint64_t window) { return a - window; }
};

void decodeCvta(Decoder &d) {
  bool to = d.has("to");
  Decoder::Space space = d.space();
  if (d.type() != Type::U64)
    return d.problem("expected .u64");
  if (!d.expectOperands(2, 2))
    return;
  uint64_t window = space == Decoder::Space::Shared  ? sharedWindow
                    : space == Decoder::Space::Local ? localWindow
                    : space == Decoder::Space::Param ? paramWindow
                                                     : 0;
  uint32_t a = d.source(d.operand(1), Type::U64), b = d.constant(window, 8);
  Instruction &made =
      d.emit(to ? lanes2<SubWindow, uint64_t, uint64_t, uint64_t> : lanes2<AddWindow, uint64_t, uint64_t, uint64_t>);
  made.d = d.destination(d.operand(0), Type::U64);
  made.a = a;
  made.b = b;
}

} // namespace

void ptx::addMove(OpcodeTable &table) {
  table["mov"] = decodeMove;
  table["cvta"] = decodeCvta;
}
