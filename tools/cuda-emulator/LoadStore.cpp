// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ld and st of one, two or four elements; prefetch is nothing
#include "Access.h"

using namespace ptx;

namespace {

/// i->extra: the state space, and what kind of access it is.
AccessKind kindOf(const Instruction *i) { return AccessKind(i->extra >> 8); }
Decoder::Space spaceOf(const Instruction *i) { return Decoder::Space(i->extra & 255); }

/// `M` is what lies in memory, `R` the register it is extended to; N of them lie side by side. Their registers are
/// listed from i->d on, or i->d is the only one.
template <class M, class R, unsigned N>
const Instruction *load(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  Access access;
  if (!resolve(w, i, mask, sizeof(M) * N, spaceOf(i), kindOf(i), access))
    return nullptr;
  for (unsigned n = 0; n < N; ++n) {
    R *d = w.lanesOf<R>(N == 1 ? i->d : w.block->kernel.lists[i->d + n]);
    if (access.adjacent) {
      const uint8_t *from = access.adjacent + n * sizeof(M);
#pragma clang loop unroll(disable) vectorize(assume_safety)
      for (unsigned l = 0; l < lanes; ++l) {
        M value;
        std::memcpy(&value, from + l * (N * sizeof(M)), sizeof value);
        d[l] = R(value);
      }
      continue;
    }
    for (unsigned l = 0; l < lanes; ++l) {
      if (!(mask >> l & 1))
        continue;
      M value;
      std::memcpy(&value, access.at[l] + n * sizeof(M), sizeof value);
      d[l] = R(value);
    }
  }
  return i + 1;
}

template <class M, class R, unsigned N>
const Instruction *storeTo(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  Access access;
  if (!resolve(w, i, mask, sizeof(M) * N, spaceOf(i), kindOf(i), access))
    return nullptr;
  for (unsigned n = 0; n < N; ++n) {
    const R *source = w.lanesOf<R>(N == 1 ? i->d : w.block->kernel.lists[i->d + n]);
    if (access.adjacent) {
      uint8_t *to = access.adjacent + n * sizeof(M);
#pragma clang loop unroll(disable) vectorize(assume_safety)
      for (unsigned l = 0; l < lanes; ++l) {
        M value = M(source[l]);
        std::memcpy(to + l * (N * sizeof(M)), &value, sizeof value);
      }
      continue;
    }
    for (unsigned l = 0; l < lanes; ++l) {
      M value = M(source[l]);
      if (mask >> l & 1)
        std::memcpy(access.at[l] + n * sizeof(M), &value, sizeof value);
    }
    if (!checkOverlap(w, i, mask, sizeof(M), access, n * sizeof(M), reinterpret_cast<const uint8_t *>(source),
                      sizeof(R)))
      return nullptr;
  }
  return i + 1;
}

template <bool loads, class M, class R>
Handler byCount(unsigned count) {
  if (count == 1)
    return loads ? load<M, R, 1> : storeTo<M, R, 1>;
  if (count == 2)
    return loads ? load<M, R, 2> : storeTo<M, R, 2>;
  if constexpr (sizeof(M) < 8)
    return loads ? load<M, R, 4> : storeTo<M, R, 4>;
  return nullptr;
}

template <bool loads, class M>
Handler byRegister(unsigned bytes, unsigned count) {
  if constexpr (sizeof(M) <= 2)
    if (bytes == 2)
      return byCount<loads, M, uint16_t>(count);
  if constexpr (sizeof(M) <= 4)
    if (bytes == 4)
      return byCount<loads, M, uint32_t>(count);
  return bytes == 8 ? byCount<loads, M, uint64_t>(count) : nullptr;
}

template <bool loads>
Handler handlerFor(Type type, unsigned bytes, unsigned count) {
  bool extends = loads && isSigned(type);
  switch (bytesOf(type)) {
  case 1:
    return extends ? byRegister<loads, int8_t>(bytes, count) : byRegister<loads, uint8_t>(bytes, count);
  case 2:
    return extends ? byRegister<loads, int16_t>(bytes, count) : byRegister<loads, uint16_t>(bytes, count);
  case 4:
    return extends ? byRegister<loads, int32_t>(bytes, count) : byRegister<loads, uint32_t>(bytes, count);
  default:
    return byRegister<loads, uint64_t>(bytes, count);
  }
}

/// The kind of access. Modifiers of caching change nothing here, nor do scopes of what is ordered anyway.
AccessKind takeHints(Decoder &d, bool loads) {
  bool ordered = d.oneOf({"volatile", "relaxed", "acquire", "release", "mmio"}) >= 0;
  d.oneOf({"gpu", "cta", "sys", "cluster"});
  d.has("weak");
  bool constant = loads && d.has("nc");
  d.oneOf({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  if (d.oneOf({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"}) >= 0)
    d.needs(70, 74);
  if (d.oneOf({"L2::64B", "L2::128B", "L2::256B"}) >= 0)
    d.needs(75, 74);
  return ordered    ? AccessKind::Synchronizing
         : constant ? AccessKind::ReadConstant
         : loads    ? AccessKind::Read
                    : AccessKind::Write;
}

const char *nameOf(bool loads, Decoder::Space space) {
  static const char *const kinds[2][6] = {{"st", "st.global", "st.shared", "st.local", "st.param", "st.const"},
                                          {"ld", "ld.global", "ld.shared", "ld.local", "ld.param", "ld.const"}};
  return kinds[loads][int(space)];
}

template <bool loads>
void decodeAccess(Decoder &d) {
  Type type = d.type();
  Decoder::Space space = d.space();
  unsigned count = d.has("v2") ? 2 : d.has("v4") ? 4 : 1;
  AccessKind kind = takeHints(d, loads);
  if (d.failed() || !d.expectOperands(2, 2))
    return;
  if (type == Type::Pred)
    return d.problem("this type is not executed here");
  const Operand &value = d.operand(loads ? 0 : 1);
  std::vector<Operand> alone(1, value);
  const std::vector<Operand> &elements = value.kind == Operand::Vector ? value.elements : alone;
  if (elements.size() != count)
    return d.problem("expected " + std::to_string(count) + " elements, got " + std::to_string(elements.size()));
  std::vector<uint32_t> slots;
  unsigned bytes = 0;
  for (const Operand &element : elements) {
    unsigned own = 0;
    slots.push_back(loads ? d.anyDestination(element, type, own) : d.anySource(element, type, own));
    if (bytes && own != bytes && element.kind == Operand::Name)
      d.problem("elements of different widths");
    bytes = own;
  }
  int64_t offset = 0;
  uint32_t address = d.address(d.operand(loads ? 1 : 0), space, offset);
  Handler handler = handlerFor<loads>(type, bytes, count);
  if (!handler)
    return d.problem("the register is narrower than the type, or the vector wider than 16 bytes");
  uint32_t list = count == 1 ? slots[0] : d.list(slots);
  Instruction &made = d.emit(handler, nameOf(loads, space));
  made.d = list;
  made.a = address;
  made.offset = offset;
  made.extra = uint32_t(space) | uint32_t(kind) << 8;
}

void decodePrefetch(Decoder &d) {
  d.space();
  if (d.oneOf({"L1", "L2", "L2::evict_last", "L2::evict_normal"}) < 0)
    d.problem("expected .L1 or .L2");
}

} // namespace

void ptx::addLoadStore(OpcodeTable &table) {
  table["ld"] = decodeAccess<true>;
  table["st"] = decodeAccess<false>;
  table["ldu"] = decodeAccess<true>;
  table["prefetch"] = decodePrefetch;
}
