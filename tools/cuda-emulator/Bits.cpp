// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logic, shifts, bit fields and permutations; dot products of bytes.
#include "Lanes.h"

using namespace ptx;

namespace {

struct And {
  template <class T>
  static T of(T a, T b) {
    return T(a & b);
  }
};
struct Or {
  template <class T>
  static T of(T a, T b) {
    return T(a | b);
  }
};
struct Xor {
  template <class T>
  static T of(T a, T b) {
    return T(a ^ b);
  }
};
struct Not {
  template <class T>
  static T of(T a) {
    return T(~a);
  }
};
/// C's not: 1 for zero.
struct IsZero {
  template <class T>
  static T of(T a) {
    return T(a == 0);
  }
};

/// Amounts of the width and more give what shifting by one, often enough, gives.
struct ShiftLeft {
  template <class T>
  static T of(T a, uint32_t n) {
    return n >= 8 * sizeof(T) ? T(0) : T(std::make_unsigned_t<T>(a) << n);
  }
};
struct ShiftRight {
  template <class T>
  static T of(T a, uint32_t n) {
    constexpr uint32_t bits = 8 * sizeof(T);
    return n >= bits ? (std::is_signed_v<T> ? T(a >> (bits - 1)) : T(0)) : T(a >> n);
  }
};

struct Popc {
  template <class T>
  static uint32_t of(T a) {
    return uint32_t(__builtin_popcountll(a));
  }
};
struct Clz {
  template <class T>
  static uint32_t of(T a) {
    return a == 0 ? 8 * sizeof(T) : uint32_t(__builtin_clzll(a)) - (64 - 8 * sizeof(T));
  }
};
struct Brev {
  template <class T>
  static T of(T a) {
    T made = 0;
    for (unsigned bit = 0; bit < 8 * sizeof(T); ++bit)
      made |= T((a >> bit & 1) << (8 * sizeof(T) - 1 - bit));
    return made;
  }
};
/// The place of the highest bit that differs from the sign; all ones where there is none.
template <bool shiftAmount>
struct Bfind {
  template <class T>
  static uint32_t of(T a) {
    using U = std::make_unsigned_t<T>;
    U bits = std::is_signed_v<T> && a < 0 ? U(~a) : U(a);
    if (bits == 0)
      return 0xFFFFFFFF;
    uint32_t leading = Clz::of(bits);
    return shiftAmount ? leading : 8 * sizeof(T) - 1 - leading;
  }
};

/// Place and length are bytes; a signed field beyond the highest bit extends the sign.
struct Bfe {
  template <class T>
  static T of(T a, uint32_t place, uint32_t length) {
    constexpr uint32_t bits = 8 * sizeof(T);
    place &= 0xFF;
    length &= 0xFF;
    if (length == 0)
      return 0;
    T shifted = ShiftRight::of(a, place);
    if (length >= bits)
      return shifted;
    uint32_t highest = place + length - 1 < bits - 1 ? place + length - 1 : bits - 1;
    using U = std::make_unsigned_t<T>;
    U mask = U((U(1) << length) - 1);
    bool sign = std::is_signed_v<T> && (a >> highest & 1);
    return T(sign ? U(shifted) | U(~mask) : U(shifted) & mask);
  }
};

template <class T>
const Instruction *bfi(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a), *b = w.lanesOf<T>(i->b);
  const uint32_t *c = w.lanesOf<uint32_t>(i->c), *e = w.lanesOf<uint32_t>(i->extra);
  store(w.mask(i), w.lanesOf<T>(i->d), [=](unsigned l) {
    uint32_t place = c[l] & 0xFF, length = e[l] & 0xFF;
    T ones = length >= 8 * sizeof(T) ? T(-1) : T((T(1) << length) - 1);
    T mask = ShiftLeft::of(ones, place);
    return T((b[l] & ~mask) | (ShiftLeft::of(a[l], place) & mask));
  });
  return i + 1;
}

/// Each of four selectors picks a byte of b:a, or with its highest bit the byte's sign.
struct Prmt {
  static uint32_t of(uint32_t a, uint32_t b, uint32_t selectors) {
    uint64_t both = uint64_t(b) << 32 | a;
    uint32_t made = 0;
    for (unsigned k = 0; k < 4; ++k) {
      uint32_t selector = selectors >> 4 * k;
      uint32_t byte = uint32_t(both >> 8 * (selector & 7)) & 0xFF;
      uint32_t sign = byte & 0x80 ? 0xFF : 0;
      made |= (selector & 8 ? sign : byte) << 8 * k;
    }
    return made;
  }
};

const Instruction *lop3(Warp &w, const Instruction *i) {
  const uint32_t *a = w.lanesOf<uint32_t>(i->a), *b = w.lanesOf<uint32_t>(i->b), *c = w.lanesOf<uint32_t>(i->c);
  uint32_t table = i->extra;
  store(w.mask(i), w.lanesOf<uint32_t>(i->d), [=](unsigned l) {
    uint32_t made = 0;
    for (unsigned k = 0; k < 8; ++k) {
      uint32_t row = (k & 4 ? a[l] : ~a[l]) & (k & 2 ? b[l] : ~b[l]) & (k & 1 ? c[l] : ~c[l]);
      made |= table >> k & 1 ? row : 0;
    }
    return made;
  });
  return i + 1;
}

template <bool left, bool wrap>
struct Shf {
  static uint32_t of(uint32_t low, uint32_t high, uint32_t n) {
    n = wrap ? n & 31 : n > 32 ? 32 : n;
    uint64_t both = uint64_t(high) << 32 | low;
    return left ? uint32_t(both << n >> 32) : uint32_t(both >> n);
  }
};

template <class A, class B, unsigned first, unsigned count, unsigned bytes>
struct Dot {
  static uint32_t of(uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned k = 0; k < count; ++k) {
      int32_t left = bytes == 1 ? int32_t(A(a >> 8 * k))
                                : int32_t(std::conditional_t<std::is_signed_v<A>, int16_t, uint16_t>(a >> 16 * k));
      c += uint32_t(left) * uint32_t(int32_t(B(b >> 8 * (first + k))));
    }
    return c;
  }
};

template <class Op>
void decodeLogic(Decoder &d) {
  Type type = d.type();
  if (type != Type::Pred)
    return emitAlike(d, integer2<Op>(type), type, 2);
  if (!d.expectOperands(3, 3))
    return;
  uint32_t a = d.predicateSource(d.operand(1)), b = d.predicateSource(d.operand(2));
  Instruction &made = d.emit([](Warp &w, const Instruction *i) {
    uint32_t mask = w.mask(i);
    uint32_t value = Op::of(w.predicate(i->a), w.predicate(i->b));
    uint32_t &p = w.predicate(i->d);
    p = (p & ~mask) | (value & mask);
    return i + 1;
  });
  made.d = d.predicateDestination(d.operand(0).name);
  made.a = a;
  made.b = b;
}

void decodeNot(Decoder &d) {
  Type type = d.type();
  if (type != Type::Pred)
    return emitAlike(d, integer1<Not>(type), type, 1);
  if (!d.expectOperands(2, 2))
    return;
  uint32_t a = d.predicateSource(d.operand(1));
  Instruction &made = d.emit([](Warp &w, const Instruction *i) {
    uint32_t mask = w.mask(i), value = ~w.predicate(i->a);
    uint32_t &p = w.predicate(i->d);
    p = (p & ~mask) | (value & mask);
    return i + 1;
  });
  made.d = d.predicateDestination(d.operand(0).name);
  made.a = a;
}

void decodeCnot(Decoder &d) {
  Type type = d.type();
  emitAlike(d, integer1<IsZero>(type), type, 1);
}

template <class Op>
void decodeShift(Decoder &d) {
  Type type = d.type();
  Handler handler = byInteger(type, [](auto t) -> Handler { return lanes2<Op, decltype(t), decltype(t), uint32_t>; });
  if (!handler)
    return d.problem("this type is not executed here");
  if (!d.expectOperands(3, 3))
    return;
  uint32_t a = d.source(d.operand(1), type), b = d.source(d.operand(2), Type::U32);
  Instruction &made = d.emit(handler);
  made.d = d.destination(d.operand(0), type);
  made.a = a;
  made.b = b;
}

/// Results of 32 bits from sources of 32 or 64.
template <class Op>
void decodeCount(Decoder &d) {
  Type type = d.type();
  Handler handler = byInteger(type, [](auto t) -> Handler { return lanes1<Op, uint32_t, decltype(t)>; });
  if (!handler || bytesOf(type) < 4)
    return d.problem("this type is not executed here");
  if (!d.expectOperands(2, 2))
    return;
  uint32_t a = d.source(d.operand(1), type);
  Instruction &made = d.emit(handler);
  made.d = d.destination(d.operand(0), Type::U32);
  made.a = a;
}

void decodeBfind(Decoder &d) { d.has("shiftamt") ? decodeCount<Bfind<true>>(d) : decodeCount<Bfind<false>>(d); }

void decodeBrev(Decoder &d) {
  Type type = d.type();
  emitAlike(d, isUntyped(type) ? integer1<Brev>(type) : nullptr, type, 1);
}

void decodeBfe(Decoder &d) {
  Type type = d.type();
  Handler handler =
      byInteger(type, [](auto t) -> Handler { return lanes3<Bfe, decltype(t), decltype(t), uint32_t, uint32_t>; });
  if (!handler || bytesOf(type) < 4)
    return d.problem("this type is not executed here");
  if (!d.expectOperands(4, 4))
    return;
  uint32_t a = d.source(d.operand(1), type);
  uint32_t b = d.source(d.operand(2), Type::U32), c = d.source(d.operand(3), Type::U32);
  Instruction &made = d.emit(handler);
  made.d = d.destination(d.operand(0), type);
  made.a = a;
  made.b = b;
  made.c = c;
}

void decodeBfi(Decoder &d) {
  Type type = d.type();
  if (bytesOf(type) < 4 || !isUntyped(type))
    return d.problem("this type is not executed here");
  if (!d.expectOperands(5, 5))
    return;
  uint32_t a = d.source(d.operand(1), type), b = d.source(d.operand(2), type);
  uint32_t c = d.source(d.operand(3), Type::U32), e = d.source(d.operand(4), Type::U32);
  Instruction &made = d.emit(type == Type::B32 ? bfi<uint32_t> : bfi<uint64_t>);
  made.d = d.destination(d.operand(0), type);
  made.a = a;
  made.b = b;
  made.c = c;
  made.extra = e;
}

void decodePrmt(Decoder &d) {
  if (d.type() != Type::B32)
    return d.problem("expected .b32");
  emitAlike(d, lanes3<Prmt, uint32_t, uint32_t, uint32_t, uint32_t>, Type::B32, 3);
}

void decodeLop3(Decoder &d) {
  if (d.type() != Type::B32)
    return d.problem("expected .b32");
  if (!d.expectOperands(5, 5))
    return;
  uint32_t slots[3];
  for (unsigned k = 0; k < 3; ++k)
    slots[k] = d.source(d.operand(k + 1), Type::B32);
  if (d.operand(4).kind != Operand::Integer || d.operand(4).bits > 255)
    return d.problem("expected a table of 8 bits");
  Instruction &made = d.emit(lop3);
  made.d = d.destination(d.operand(0), Type::B32);
  made.a = slots[0];
  made.b = slots[1];
  made.c = slots[2];
  made.extra = uint32_t(d.operand(4).bits);
}

void decodeShf(Decoder &d) {
  int left = d.oneOf({"r", "l"}), wrap = d.oneOf({"clamp", "wrap"});
  if (left < 0 || wrap < 0 || d.type() != Type::B32)
    return d.problem("expected .l or .r, .clamp or .wrap, and .b32");
  Handler handlers[2][2] = {{lanes3<Shf<false, false>, uint32_t, uint32_t, uint32_t, uint32_t>,
                             lanes3<Shf<false, true>, uint32_t, uint32_t, uint32_t, uint32_t>},
                            {lanes3<Shf<true, false>, uint32_t, uint32_t, uint32_t, uint32_t>,
                             lanes3<Shf<true, true>, uint32_t, uint32_t, uint32_t, uint32_t>}};
  emitAlike(d, handlers[left][wrap], Type::B32, 3);
}

template <unsigned first, unsigned count, unsigned bytes>
Handler dotHandler(Type a, Type b) {
  using S = int8_t;
  using U = uint8_t;
  if (a == Type::S32)
    return b == Type::S32 ? lanes3<Dot<S, S, first, count, bytes>, uint32_t, uint32_t, uint32_t, uint32_t>
                          : lanes3<Dot<S, U, first, count, bytes>, uint32_t, uint32_t, uint32_t, uint32_t>;
  return b == Type::S32 ? lanes3<Dot<U, S, first, count, bytes>, uint32_t, uint32_t, uint32_t, uint32_t>
                        : lanes3<Dot<U, U, first, count, bytes>, uint32_t, uint32_t, uint32_t, uint32_t>;
}

void decodeDot(Decoder &d) {
  bool halves = d.statement->opcode == "dp2a";
  int high = halves ? d.oneOf({"lo", "hi"}) : 0;
  Type b = d.type(), a = d.type();
  if (high < 0 || bytesOf(a) != 4 || bytesOf(b) != 4 || isUntyped(a) || isUntyped(b) || isFloat(a) || isFloat(b))
    return d.problem("expected .s32 or .u32 twice, and .lo or .hi for dp2a");
  Handler handler = !halves ? dotHandler<0, 4, 1>(a, b) : high ? dotHandler<2, 2, 2>(a, b) : dotHandler<0, 2, 2>(a, b);
  emitAlike(d, handler, Type::U32, 3);
}

} // namespace

void ptx::addBits(OpcodeTable &table) {
  table["and"] = decodeLogic<And>;
  table["or"] = decodeLogic<Or>;
  table["xor"] = decodeLogic<Xor>;
  table["not"] = decodeNot;
  table["cnot"] = decodeCnot;
  table["shl"] = decodeShift<ShiftLeft>;
  table["shr"] = decodeShift<ShiftRight>;
  table["popc"] = decodeCount<Popc>;
  table["clz"] = decodeCount<Clz>;
  table["bfind"] = decodeBfind;
  table["brev"] = decodeBrev;
  table["bfe"] = decodeBfe;
  table["bfi"] = decodeBfi;
  table["prmt"] = decodePrmt;
  table["lop3"] = decodeLop3;
  table["shf"] = decodeShf;
  table["dp4a"] = decodeDot;
  table["dp2a"] = decodeDot;
}
