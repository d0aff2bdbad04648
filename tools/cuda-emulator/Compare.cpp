// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setp, set, selp, slct
#include "Half.h"
#include "Lanes.h"

using namespace ptx;

namespace {

enum Relation { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan, None };

/// A relation of floats with a u at its end holds for what has no order.
template <int relation, class T>
bool holds(T a, T b) {
  switch (relation) {
  case Eq:
    return a == b;
  case Ne:
    return (a < b) | (a > b);
  case Lt:
    return a < b;
  case Le:
    return a <= b;
  case Gt:
    return a > b;
  case Ge:
    return a >= b;
  case Equ:
    return !((a < b) | (a > b));
  case Neu:
    return !(a == b);
  case Ltu:
    return !(a >= b);
  case Leu:
    return !(a > b);
  case Gtu:
    return !(a <= b);
  case Geu:
    return !(a < b);
  case Num:
    return (a == a) & (b == b);
  default:
    return (a != a) | (b != b);
  }
}

/// How a relation is combined with a predicate, whose slot is i->c.
enum Combination { Alone, WithAnd, WithOr, WithXor };
constexpr int64_t negatedPredicate = 8;

uint32_t combine(Warp &w, const Instruction *i, uint32_t value) {
  uint32_t other = w.predicate(i->c) ^ (i->offset & negatedPredicate ? fullMask : 0);
  switch (i->offset & 3) {
  case WithAnd:
    return value & other;
  case WithOr:
    return value | other;
  case WithXor:
    return value ^ other;
  default:
    return value;
  }
}

void put(Warp &w, uint32_t slot, uint32_t mask, uint32_t value) {
  uint32_t &p = w.predicate(slot);
  p = (p & ~mask) | (value & mask);
}

template <int relation, class T>
uint32_t relate(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a), *b = w.lanesOf<T>(i->b);
  uint32_t made = 0;
  for (unsigned l = 0; l < lanes; ++l)
    made |= uint32_t(holds<relation>(a[l], b[l])) << l;
  return made;
}

struct HalfLane {
  uint16_t bits;
};
template <int relation>
uint32_t relateHalves(Warp &w, const Instruction *i) {
  const uint16_t *a = w.lanesOf<uint16_t>(i->a), *b = w.lanesOf<uint16_t>(i->b);
  uint32_t made = 0;
  for (unsigned l = 0; l < lanes; ++l)
    made |= uint32_t(holds<relation>(halfToDouble(a[l]), halfToDouble(b[l]))) << l;
  return made;
}

template <int relation, class T>
uint32_t relateAny(Warp &w, const Instruction *i) {
  if constexpr (std::is_same_v<T, HalfLane>)
    return relateHalves<relation>(w, i);
  else
    return relate<relation, T>(w, i);
}

template <int relation, class T>
const Instruction *setp(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i), value = relateAny<relation, T>(w, i);
  uint32_t p = combine(w, i, value), q = i->extra == noIndex ? 0 : combine(w, i, ~value);
  put(w, i->d, mask, p);
  if (i->extra != noIndex)
    put(w, i->extra, mask, q);
  return i + 1;
}

/// set: i->extra is the value for true.
template <int relation, class T>
const Instruction *set(Warp &w, const Instruction *i) {
  uint32_t value = combine(w, i, relateAny<relation, T>(w, i)), yes = i->extra;
  store(w.mask(i), w.lanesOf<uint32_t>(i->d), [=](unsigned l) { return value >> l & 1 ? yes : 0; });
  return i + 1;
}

template <bool predicate, class T, int... relations>
Handler pick(int relation, std::integer_sequence<int, relations...>) {
  static constexpr Handler handlers[] = {(predicate ? Handler(setp<relations, T>) : Handler(set<relations, T>))...};
  return relation < int(sizeof...(relations)) ? handlers[relation] : nullptr;
}

using IntegerRelations = std::make_integer_sequence<int, Ge + 1>;
using FloatRelations = std::make_integer_sequence<int, None>;

template <bool predicate>
Handler handlerFor(int relation, Type type) {
  switch (type) {
  case Type::F16:
    return pick<predicate, HalfLane>(relation, FloatRelations());
  case Type::F32:
    return pick<predicate, float>(relation, FloatRelations());
  case Type::F64:
    return pick<predicate, double>(relation, FloatRelations());
  default:
    return byInteger(type, [=](auto t) { return pick<predicate, decltype(t)>(relation, IntegerRelations()); });
  }
}

/// lo, ls, hi and hs are the unsigned relations' other names.
int relationOf(Decoder &d) {
  int relation = d.oneOf({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"});
  if (relation >= 0)
    return relation;
  static constexpr int others[] = {Lt, Le, Gt, Ge};
  int other = d.oneOf({"lo", "ls", "hi", "hs"});
  return other < 0 ? -1 : others[other];
}

template <bool predicate>
void decodeSet(Decoder &d) {
  if (d.has("ftz"))
    return d.problem("flushes denormal numbers to zero, which kernels must not");
  Type type = d.type();
  Type result = predicate ? Type::Pred : d.type();
  int relation = relationOf(d), combination = d.oneOf({"and", "or", "xor"}) + 1;
  Handler handler = relation < 0 ? nullptr : handlerFor<predicate>(relation, type);
  if (!handler || (!predicate && bytesOf(result) != 4))
    return d.problem("this relation or type is not executed here");
  if (!d.expectOperands(combination ? 4 : 3, combination ? 4 : 3))
    return;
  uint32_t a = d.source(d.operand(1), type), b = d.source(d.operand(2), type);
  uint32_t c = combination ? d.predicateSource(d.operand(3)) : d.constant(0, 0);
  Instruction &made = d.emit(handler);
  made.a = a;
  made.b = b;
  made.c = c;
  made.offset = combination | (combination && d.operand(3).negated ? negatedPredicate : 0);
  if (!predicate) {
    made.d = d.destination(d.operand(0), result);
    made.extra = result == Type::F32 ? bitCast<uint32_t>(1.0f) : 0xFFFFFFFF;
    return;
  }
  made.d = d.predicateDestination(d.operand(0).name.empty() ? "_" : d.operand(0).name);
  made.extra = d.operand(0).second.empty() ? noIndex : d.predicateDestination(d.operand(0).second);
}

template <class T>
const Instruction *selp(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a), *b = w.lanesOf<T>(i->b);
  uint32_t p = w.predicate(i->c) ^ i->extra;
  store(w.mask(i), w.lanesOf<T>(i->d), [=](unsigned l) { return p >> l & 1 ? a[l] : b[l]; });
  return i + 1;
}

template <class T, class C>
const Instruction *slct(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a), *b = w.lanesOf<T>(i->b);
  const C *c = w.lanesOf<C>(i->c);
  store(w.mask(i), w.lanesOf<T>(i->d), [=](unsigned l) { return c[l] >= C(0) ? a[l] : b[l]; });
  return i + 1;
}

void decodeSelp(Decoder &d) {
  Type type = d.type();
  if (!d.expectOperands(4, 4))
    return;
  uint32_t a = d.source(d.operand(1), type), b = d.source(d.operand(2), type), c = d.predicateSource(d.operand(3));
  Instruction &made = d.emit(bytesOf(type) == 2   ? selp<uint16_t>
                             : bytesOf(type) == 4 ? selp<uint32_t>
                                                  : selp<uint64_t>);
  made.d = d.destination(d.operand(0), type);
  made.a = a;
  made.b = b;
  made.c = c;
  made.extra = d.operand(3).negated ? fullMask : 0;
}

void decodeSlct(Decoder &d) {
  if (d.has("ftz"))
    return d.problem("flushes denormal numbers to zero, which kernels must not");
  Type chooser = d.type(), type = d.type();
  bool isFloatChooser = chooser == Type::F32;
  if (!isFloatChooser && chooser != Type::S32)
    return d.problem("expected .s32 or .f32 at the end");
  if (bytesOf(type) < 4)
    return d.problem("this type is not executed here");
  if (!d.expectOperands(4, 4))
    return;
  uint32_t a = d.source(d.operand(1), type), b = d.source(d.operand(2), type), c = d.source(d.operand(3), chooser);
  Handler handlers[2][2] = {{slct<uint32_t, int32_t>, slct<uint32_t, float>},
                            {slct<uint64_t, int32_t>, slct<uint64_t, float>}};
  Instruction &made = d.emit(handlers[bytesOf(type) == 8][isFloatChooser]);
  made.d = d.destination(d.operand(0), type);
  made.a = a;
  made.b = b;
  made.c = c;
}

} // namespace

void ptx::addCompare(OpcodeTable &table) {
  table["setp"] = decodeSet<true>;
  table["set"] = decodeSet<false>;
  table["selp"] = decodeSelp;
  table["slct"] = decodeSlct;
}
