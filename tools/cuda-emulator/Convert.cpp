// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cvt: values lie in the low bits of a register that may be wider, and results are extended to it.
#include "Half.h"
#include "Lanes.h"

#include <limits>

using namespace ptx;

namespace {

struct HalfValue {
  uint16_t bits;
};

template <class S, class A>
auto valueOf(A stored) {
  if constexpr (std::is_same_v<S, HalfValue>)
    return halfToDouble(uint16_t(stored));
  else if constexpr (std::is_floating_point_v<S>)
    return bitCast<S>(stored);
  else
    return S(stored);
}

// Integers.

template <class S, class A, class D, class B>
const Instruction *integerToInteger(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  store(w.mask(i), w.lanesOf<B>(i->d), [=](unsigned l) { return B(D(S(a[l]))); });
  return i + 1;
}

template <class D, class S>
D clamped(S value) {
  using Limits = std::numeric_limits<D>;
  __int128 exact = value;
  return D(exact < __int128(Limits::min()) ? Limits::min() : exact > __int128(Limits::max()) ? Limits::max() : value);
}

template <class S, class A, class D, class B>
const Instruction *saturating(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  store(w.mask(i), w.lanesOf<B>(i->d), [=](unsigned l) { return B(clamped<D>(S(a[l]))); });
  return i + 1;
}

// From floats to integers.

template <class T>
T rounded(T value, Rounding rounding) {
  switch (rounding) {
  case Rounding::Nearest:
    return sizeof(T) == 4 ? T(__builtin_rintf(float(value))) : T(__builtin_rint(double(value)));
  case Rounding::Zero:
    return std::trunc(value);
  case Rounding::Down:
    return std::floor(value);
  case Rounding::Up:
    return std::ceil(value);
  }
  return value;
}

/// Out of range is clamped. A NaN becomes zero, but the highest bit alone where 64 bits take part.
template <class D, class T>
D toInteger(T value, bool from64) {
  constexpr bool isSigned = std::is_signed_v<D>;
  constexpr unsigned bits = 8 * sizeof(D);
  constexpr T beyond = T(uint64_t(1) << (isSigned ? bits - 1 : bits / 2)) * T(isSigned ? 1 : uint64_t(1) << (bits / 2));
  if (value != value)
    return from64 || bits == 64 ? D(uint64_t(1) << (bits - 1)) : D(0);
  if (value >= beyond)
    return std::numeric_limits<D>::max();
  if (isSigned ? value < -beyond : value < T(0))
    return std::numeric_limits<D>::min();
  return D(value);
}

template <class S, class A, class D, class B>
const Instruction *floatToInteger(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  B *d = w.lanesOf<B>(i->d);
  uint32_t mask = w.mask(i);
  auto with = [&](auto rounding) {
    store(mask, d, [=](unsigned l) {
      return B(toInteger<D>(rounded(valueOf<S>(a[l]), decltype(rounding)::value), std::is_same_v<S, double>));
    });
  };
  switch (Rounding(i->extra)) {
  case Rounding::Nearest:
    with(std::integral_constant<Rounding, Rounding::Nearest>());
    break;
  case Rounding::Zero:
    with(std::integral_constant<Rounding, Rounding::Zero>());
    break;
  case Rounding::Down:
    with(std::integral_constant<Rounding, Rounding::Down>());
    break;
  case Rounding::Up:
    with(std::integral_constant<Rounding, Rounding::Up>());
    break;
  }
  return i + 1;
}

// To floats.

template <class S, class A, class D>
const Instruction *toFloat(Warp &w, const Instruction *i) {
  const A *a = w.lanesOf<A>(i->a);
  if constexpr (std::is_same_v<D, HalfValue>) {
    Rounding rounding = Rounding(i->extra);
    store(w.mask(i), w.lanesOf<uint16_t>(i->d),
          [=](unsigned l) { return doubleToHalf(double(valueOf<S>(a[l])), rounding); });
  } else {
    store(w.mask(i), w.lanesOf<D>(i->d), [=](unsigned l) { return canonical(D(valueOf<S>(a[l]))); });
  }
  return i + 1;
}

/// f64 to f32, not to the nearest.
const Instruction *narrowDirected(Warp &w, const Instruction *i) {
  const double *a = w.lanesOf<double>(i->a);
  Rounding rounding = Rounding(i->extra);
  store(w.mask(i), w.lanesOf<float>(i->d), [=](unsigned l) {
    float nearest = float(a[l]);
    bool down = rounding == Rounding::Down || (rounding == Rounding::Zero && a[l] > 0);
    if (a[l] != a[l] || double(nearest) == a[l])
      return canonical(nearest);
    if (down ? double(nearest) > a[l] : double(nearest) < a[l])
      return std::nextafterf(nearest, down ? -INFINITY : INFINITY);
    return nearest;
  });
  return i + 1;
}

template <class T>
const Instruction *roundToIntegral(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a);
  Rounding rounding = Rounding(i->extra);
  store(w.mask(i), w.lanesOf<T>(i->d), [=](unsigned l) { return canonical(rounded(a[l], rounding)); });
  return i + 1;
}

template <class T>
const Instruction *clampToUnit(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a);
  store(w.mask(i), w.lanesOf<T>(i->d), [=](unsigned l) { return a[l] > T(0) ? (a[l] < T(1) ? a[l] : T(1)) : T(0); });
  return i + 1;
}

const Instruction *packHalves(Warp &w, const Instruction *i) {
  const float *a = w.lanesOf<float>(i->a), *b = w.lanesOf<float>(i->b);
  Rounding rounding = Rounding(i->extra);
  store(w.mask(i), w.lanesOf<uint32_t>(i->d),
        [=](unsigned l) { return uint32_t(doubleToHalf(a[l], rounding)) << 16 | doubleToHalf(b[l], rounding); });
  return i + 1;
}

// Choice of the handler.

template <class F>
Handler byIntegerValue(Type type, F &&make) {
  switch (type) {
  case Type::U8:
  case Type::B8:
    return make(uint8_t());
  case Type::S8:
    return make(int8_t());
  default:
    return byInteger(type, make);
  }
}

/// `make` of an unsigned value as wide as a register.
template <class F>
Handler byRegister(unsigned bytes, F &&make) {
  return bytes == 2 ? make(uint16_t()) : bytes == 4 ? make(uint32_t()) : make(uint64_t());
}

struct Conversion {
  Type to, from;
  unsigned toBytes, fromBytes; // of the registers
  bool saturate;
};

template <bool sat>
Handler betweenIntegers(const Conversion &c) {
  return byIntegerValue(c.from, [&](auto s) {
    return byRegister(c.fromBytes, [&](auto a) -> Handler {
      using S = std::decay_t<decltype(s)>;
      using A = std::decay_t<decltype(a)>;
      if constexpr (sizeof(S) > sizeof(A))
        return nullptr;
      else
        return byIntegerValue(c.to, [&](auto d) {
          return byRegister(c.toBytes, [&](auto b) -> Handler {
            using D = std::decay_t<decltype(d)>;
            using B = std::decay_t<decltype(b)>;
            if constexpr (sizeof(D) > sizeof(B))
              return nullptr;
            else if constexpr (sat)
              return saturating<S, A, D, B>;
            else
              return integerToInteger<S, A, D, B>;
          });
        });
    });
  });
}

template <class S, class A>
Handler fromFloat(const Conversion &c) {
  return byIntegerValue(c.to, [&](auto d) {
    return byRegister(c.toBytes, [&](auto b) -> Handler {
      if constexpr (sizeof(d) > sizeof(b))
        return nullptr;
      else
        return floatToInteger<S, A, std::decay_t<decltype(d)>, std::decay_t<decltype(b)>>;
    });
  });
}

template <class D>
Handler fromInteger(const Conversion &c) {
  return byIntegerValue(c.from, [&](auto s) {
    return byRegister(c.fromBytes, [&](auto a) -> Handler {
      if constexpr (sizeof(s) > sizeof(a))
        return nullptr;
      else
        return toFloat<std::decay_t<decltype(s)>, std::decay_t<decltype(a)>, D>;
    });
  });
}

template <class D>
Handler betweenFloats(Type from) {
  return from == Type::F16   ? toFloat<HalfValue, uint16_t, D>
         : from == Type::F32 ? toFloat<float, uint32_t, D>
                             : toFloat<double, uint64_t, D>;
}

Handler handlerFor(const Conversion &c) {
  if (!isFloat(c.to) && !isFloat(c.from))
    return c.saturate ? betweenIntegers<true>(c) : betweenIntegers<false>(c);
  if (!isFloat(c.to))
    return c.from == Type::F16   ? fromFloat<HalfValue, uint16_t>(c)
           : c.from == Type::F32 ? fromFloat<float, uint32_t>(c)
                                 : fromFloat<double, uint64_t>(c);
  if (!isFloat(c.from))
    return c.to == Type::F16   ? fromInteger<HalfValue>(c)
           : c.to == Type::F32 ? fromInteger<float>(c)
                               : fromInteger<double>(c);
  return c.to == Type::F16   ? betweenFloats<HalfValue>(c.from)
         : c.to == Type::F32 ? betweenFloats<float>(c.from)
                             : betweenFloats<double>(c.from);
}

/// The handler where both are the same float: to an integral value, or clamped.
Handler withinFloat(Type type, bool integral) {
  if (type == Type::F32)
    return integral ? roundToIntegral<float> : clampToUnit<float>;
  if (type == Type::F64)
    return integral ? roundToIntegral<double> : clampToUnit<double>;
  return nullptr;
}

/// Whether `to` has all values of `from`, both integers.
bool holdsAll(Type to, Type from) {
  if (isSigned(to) == isSigned(from))
    return bytesOf(to) >= bytesOf(from);
  return isSigned(to) && bytesOf(to) > bytesOf(from);
}

void decodePair(Decoder &d, int mode) {
  if (d.type() != Type::F16x2 || mode < 0 || !d.expectOperands(3, 3))
    return d.problem("expected .f16x2.f32 and a rounding");
  d.needs(80, 70);
  uint32_t a = d.source(d.operand(1), Type::F32), b = d.source(d.operand(2), Type::F32);
  Instruction &made = d.emit(packHalves);
  made.d = d.destination(d.operand(0), Type::F16x2);
  made.a = a;
  made.b = b;
  made.extra = uint32_t(mode);
}

void decodeConvert(Decoder &d) {
  if (d.has("ftz"))
    return d.problem("flushes denormal numbers to zero, which kernels must not");
  int integral = d.oneOf({"rni", "rzi", "rmi", "rpi"}), mode = d.oneOf({"rn", "rz", "rm", "rp"});
  Conversion c = {};
  c.saturate = d.has("sat");
  c.from = d.type();
  if (d.operandCount() == 3)
    return decodePair(d, mode);
  c.to = d.type();
  if (d.failed() || !d.expectOperands(2, 2))
    return;
  if (c.saturate && !isFloat(c.to) && !isFloat(c.from) && holdsAll(c.to, c.from))
    return d.problem("there is nothing to saturate");
  uint32_t a = d.anySource(d.operand(1), c.from, c.fromBytes);
  uint32_t to = d.anyDestination(d.operand(0), c.to, c.toBytes);
  bool toFloatType = isFloat(c.to), fromFloatType = isFloat(c.from);
  Handler handler = nullptr;
  if (toFloatType && fromFloatType && c.to == c.from)
    handler = withinFloat(c.to, integral >= 0);
  else if (toFloatType && integral < 0 && (mode <= 0 || (fromFloatType && bytesOf(c.to) < bytesOf(c.from))))
    handler = c.saturate ? nullptr : c.to == Type::F32 && mode > 0 ? narrowDirected : handlerFor(c);
  else if (!toFloatType && (!fromFloatType || integral >= 0))
    handler = handlerFor(c);
  if (!handler)
    return d.problem("this conversion is not executed here");
  Instruction &made = d.emit(handler);
  made.d = to;
  made.a = a;
  made.extra = uint32_t(integral >= 0 ? integral : mode >= 0 ? mode : 0);
}

} // namespace

void ptx::addConvert(OpcodeTable &table) { table["cvt"] = decodeConvert; }
