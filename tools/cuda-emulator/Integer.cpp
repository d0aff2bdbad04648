// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// add sub mul mad div rem neg abs min max sad of integers
#include "Groups.h"

using namespace ptx;

namespace {

/// Where a result wraps, computed in a type that is unsigned and not narrower than int.
template <class T>
using Wrapping = std::conditional_t<(sizeof(T) < 4), uint32_t, std::make_unsigned_t<T>>;
/// Twice as wide.
template <class T>
struct WideOf;
template <>
struct WideOf<uint16_t> {
  using type = uint32_t;
};
template <>
struct WideOf<int16_t> {
  using type = int32_t;
};
template <>
struct WideOf<uint32_t> {
  using type = uint64_t;
};
template <>
struct WideOf<int32_t> {
  using type = int64_t;
};
template <>
struct WideOf<uint64_t> {
  using type = unsigned __int128;
};
template <>
struct WideOf<int64_t> {
  using type = __int128;
};
template <class T>
using Wide = typename WideOf<T>::type;

struct Add {
  template <class T>
  static T of(T a, T b) {
    return T(Wrapping<T>(a) + Wrapping<T>(b));
  }
};
struct Sub {
  template <class T>
  static T of(T a, T b) {
    return T(Wrapping<T>(a) - Wrapping<T>(b));
  }
};
struct MulLow {
  template <class T>
  static T of(T a, T b) {
    return T(Wrapping<T>(a) * Wrapping<T>(b));
  }
};
struct MulHigh {
  template <class T>
  static T of(T a, T b) {
    return T(Wide<T>(a) * Wide<T>(b) >> 8 * sizeof(T));
  }
};
struct MulWide {
  template <class T>
  static Wide<T> of(T a, T b) {
    return Wide<T>(a) * Wide<T>(b);
  }
};
struct MadLow {
  template <class T>
  static T of(T a, T b, T c) {
    return Add::of(MulLow::of(a, b), c);
  }
};
struct MadHigh {
  template <class T>
  static T of(T a, T b, T c) {
    return Add::of(MulHigh::of(a, b), c);
  }
};
struct MadWide {
  template <class T>
  static Wide<T> of(T a, T b, Wide<T> c) {
    return Add::of(MulWide::of(a, b), c);
  }
};
/// The manual leaves the quotient by zero open; devices give all ones.
struct Div {
  template <class T>
  static T of(T a, T b) {
    if (b == 0)
      return T(-1);
    return std::is_signed_v<T> && b == T(-1) ? Sub::of(T(0), a) : T(a / b);
  }
};
struct Rem {
  template <class T>
  static T of(T a, T b) {
    if (b == 0)
      return a;
    return std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b);
  }
};
struct Neg {
  template <class T>
  static T of(T a) {
    return Sub::of(T(0), a);
  }
};
struct Abs {
  template <class T>
  static T of(T a) {
    return a < T(0) ? Neg::of(a) : a;
  }
};
struct Min {
  template <class T>
  static T of(T a, T b) {
    return a < b ? a : b;
  }
};
struct Max {
  template <class T>
  static T of(T a, T b) {
    return a > b ? a : b;
  }
};
struct Sad {
  template <class T>
  static T of(T a, T b, T c) {
    return Add::of(c, a < b ? Sub::of(b, a) : Sub::of(a, b));
  }
};
template <class Op>
struct Saturated {
  static int32_t of(int32_t a, int32_t b) {
    int64_t exact = Op::template of<int64_t>(a, b);
    return int32_t(exact < INT32_MIN ? INT32_MIN : exact > INT32_MAX ? INT32_MAX : exact);
  }
};

template <class Op>
void sum(Decoder &d, Type type) {
  if (d.has("sat")) {
    if (type != Type::S32)
      return d.problem("only s32 saturates");
    return emitAlike(d, lanes2<Saturated<Op>, int32_t, int32_t, int32_t>, type, 2);
  }
  emitAlike(d, integer2<Op>(type), type, 2);
}

void decodeAdd(Decoder &d) {
  Type type = d.type();
  isFloat(type) ? floatAdd(d, type) : sum<Add>(d, type);
}
void decodeSub(Decoder &d) {
  Type type = d.type();
  isFloat(type) ? floatSub(d, type) : sum<Sub>(d, type);
}

Type twice(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  case Type::S32:
    return Type::S64;
  default:
    return Type::None;
  }
}

template <class Op, bool withAddend>
Handler widening(Type type) {
  auto make = [](auto t) -> Handler {
    using T = decltype(t);
    if constexpr (sizeof(T) == 8)
      return nullptr;
    else if constexpr (withAddend)
      return lanes3<Op, Wide<T>, T, T, Wide<T>>;
    else
      return lanes2<Op, Wide<T>, T, T>;
  };
  return byInteger(type, make);
}

void emitWide(Decoder &d, Type type, bool withAddend) {
  Type wide = twice(type);
  if (wide == Type::None)
    return d.problem("this type has none twice as wide");
  if (!d.expectOperands(withAddend ? 4 : 3, withAddend ? 4 : 3))
    return;
  uint32_t a = d.source(d.operand(1), type), b = d.source(d.operand(2), type);
  uint32_t c = withAddend ? d.source(d.operand(3), wide) : 0;
  Instruction &made = d.emit(withAddend ? widening<MadWide, true>(type) : widening<MulWide, false>(type));
  made.d = d.destination(d.operand(0), wide);
  made.a = a;
  made.b = b;
  made.c = c;
}

void decodeMul(Decoder &d) {
  Type type = d.type();
  if (isFloat(type))
    return floatMul(d, type);
  switch (d.oneOf({"lo", "hi", "wide"})) {
  case 0:
    return emitAlike(d, integer2<MulLow>(type), type, 2);
  case 1:
    return emitAlike(d, integer2<MulHigh>(type), type, 2);
  case 2:
    return emitWide(d, type, false);
  default:
    d.problem("expected .lo, .hi or .wide");
  }
}

template <class Op>
Handler integer3(Type type) {
  return byInteger(type,
                   [](auto t) -> Handler { return lanes3<Op, decltype(t), decltype(t), decltype(t), decltype(t)>; });
}

void decodeMad(Decoder &d) {
  Type type = d.type();
  if (isFloat(type))
    return floatFma(d, type);
  switch (d.oneOf({"lo", "hi", "wide"})) {
  case 0:
    return emitAlike(d, integer3<MadLow>(type), type, 3);
  case 1:
    return emitAlike(d, integer3<MadHigh>(type), type, 3);
  case 2:
    return emitWide(d, type, true);
  default:
    d.problem("expected .lo, .hi or .wide");
  }
}

template <class Op, void (*forFloat)(Decoder &, Type)>
void decodeBinary(Decoder &d) {
  Type type = d.type();
  isFloat(type) ? forFloat(d, type) : emitAlike(d, integer2<Op>(type), type, 2);
}

void decodeRem(Decoder &d) {
  Type type = d.type();
  emitAlike(d, integer2<Rem>(type), type, 2);
}

template <class Op, void (*forFloat)(Decoder &, Type)>
void decodeUnary(Decoder &d) {
  Type type = d.type();
  if (isFloat(type))
    return forFloat(d, type);
  emitAlike(d, isSigned(type) ? integer1<Op>(type) : nullptr, type, 1);
}

void decodeSad(Decoder &d) {
  Type type = d.type();
  emitAlike(d, integer3<Sad>(type), type, 3);
}

} // namespace

void ptx::addInteger(OpcodeTable &table) {
  table["add"] = decodeAdd;
  table["sub"] = decodeSub;
  table["mul"] = decodeMul;
  table["mad"] = decodeMad;
  table["div"] = decodeBinary<Div, floatDiv>;
  table["rem"] = decodeRem;
  table["min"] = decodeBinary<Min, floatMin>;
  table["max"] = decodeBinary<Max, floatMax>;
  table["neg"] = decodeUnary<Neg, floatNeg>;
  table["abs"] = decodeUnary<Abs, floatAbs>;
  table["sad"] = decodeSad;
}
