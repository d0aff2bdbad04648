// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handlers of instructions that compute each lane by itself: a functor with `of` makes one.

#ifndef PTX_LANES_H
#define PTX_LANES_H

#include "Decoder.h"

#include <type_traits>

namespace ptx {

template <class Op, class D, class A>
const Instruction *lanes1(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  store(w.mask(i), w.lanesOf<D>(i->d), [=](unsigned l) { return D(Op::of(a[l])); });
  return i + 1;
}

template <class Op, class D, class A, class B>
const Instruction *lanes2(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  const B *b = w.lanesOf<B>(i->b);
  store(w.mask(i), w.lanesOf<D>(i->d), [=](unsigned l) { return D(Op::of(a[l], b[l])); });
  return i + 1;
}

template <class Op, class D, class A, class B, class C>
const Instruction *lanes3(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  const B *b = w.lanesOf<B>(i->b);
  const C *c = w.lanesOf<C>(i->c);
  store(w.mask(i), w.lanesOf<D>(i->d), [=](unsigned l) { return D(Op::of(a[l], b[l], c[l])); });
  return i + 1;
}

/// `make` of a value of the C++ type of an integer type of 16 bits and more, untyped ones as unsigned; null for others.
template <class F>
Handler byInteger(Type type, F &&make) {
  switch (type) {
  case Type::B16:
  case Type::U16:
    return make(uint16_t());
  case Type::S16:
    return make(int16_t());
  case Type::B32:
  case Type::U32:
    return make(uint32_t());
  case Type::S32:
    return make(int32_t());
  case Type::B64:
  case Type::U64:
    return make(uint64_t());
  case Type::S64:
    return make(int64_t());
  default:
    return nullptr;
  }
}

template <class Op>
Handler integer1(Type type) {
  return byInteger(type, [](auto t) -> Handler { return lanes1<Op, decltype(t), decltype(t)>; });
}

template <class Op>
Handler integer2(Type type) {
  return byInteger(type, [](auto t) -> Handler { return lanes2<Op, decltype(t), decltype(t), decltype(t)>; });
}

/// Emits `handler` with all operands of one type; refuses a type that has none.
inline void emitAlike(Decoder &d, Handler handler, Type type, unsigned sources, const char *kind = nullptr) {
  if (!handler)
    return d.problem("this type is not executed here");
  if (!d.expectOperands(sources + 1, sources + 1))
    return;
  uint32_t slots[3] = {};
  for (unsigned k = 0; k < sources; ++k)
    slots[k] = d.source(d.operand(k + 1), type);
  Instruction &made = d.emit(handler, kind);
  made.d = d.destination(d.operand(0), type);
  made.a = slots[0];
  made.b = slots[1];
  made.c = slots[2];
}

} // namespace ptx

#endif
