// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of f16, f32 and f64: IEEE, rounded to the nearest even. What is approximate or flushes denormal numbers is
// refused, as is what the assembler may fuse.
#include "Groups.h"
#include "Half.h"

using namespace ptx;

namespace {

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

struct Add {
  template <class T>
  static T of(T a, T b) {
    return canonical(a + b);
  }
};
struct Sub {
  template <class T>
  static T of(T a, T b) {
    return canonical(a - b);
  }
};
struct Mul {
  template <class T>
  static T of(T a, T b) {
    return canonical(a * b);
  }
};
struct Div {
  template <class T>
  static T of(T a, T b) {
    return canonical(a / b);
  }
};
struct Fma {
  static float of(float a, float b, float c) { return canonical(__builtin_fmaf(a, b, c)); }
  static double of(double a, double b, double c) { return canonical(__builtin_fma(a, b, c)); }
};
struct Sqrt {
  static float of(float a) { return canonical(__builtin_sqrtf(a)); }
  static double of(double a) { return canonical(__builtin_sqrt(a)); }
};
struct Rcp {
  template <class T>
  static T of(T a) {
    return canonical(T(1) / a);
  }
};
struct Neg {
  template <class T>
  static T of(T a) {
    return bitCast<T>(bitCast<BitsOf<T>>(a) ^ BitsOf<T>(1) << (8 * sizeof(T) - 1));
  }
};
struct Abs {
  template <class T>
  static T of(T a) {
    return bitCast<T>(bitCast<BitsOf<T>>(a) & ~(BitsOf<T>(1) << (8 * sizeof(T) - 1)));
  }
};

/// A NaN gives way to a number unless `nan`; minus zero is less than plus zero.
template <bool maximum, bool nan>
struct Extreme {
  template <class T>
  static T of(T a, T b) {
    T quiet = sizeof(T) == 4 ? T(bitCast<float>(canonicalNan)) : T(bitCast<double>(uint64_t(0x7FF8) << 48));
    bool aLess = a < b || (a == b && std::signbit(a));
    T chosen = aLess != maximum ? a : b;
    if (a != a)
      return nan || b != b ? quiet : b;
    if (b != b)
      return nan ? quiet : a;
    return chosen;
  }
};

/// The sign of a, all else of b.
struct CopySign {
  template <class T>
  static T of(T a, T b) {
    BitsOf<T> sign = BitsOf<T>(1) << (8 * sizeof(T) - 1);
    return bitCast<T>((bitCast<BitsOf<T>>(a) & sign) | (bitCast<BitsOf<T>>(b) & ~sign));
  }
};

/// An operation of halves, by one of doubles that rounds no more than the result does.
template <class Op>
struct OfHalves {
  template <class... H>
  static uint16_t of(H... a) {
    return doubleToHalf(Op::of(halfToDouble(a)...), Rounding::Nearest);
  }
};
/// The product is exact. So is the sum, but where the product is far below half a step of c, which is the result then.
struct HalfFma {
  static double of(double a, double b, double c) { return a * b + c; }
};
template <bool maximum, bool nan>
struct HalfExtreme {
  static uint16_t of(uint16_t a, uint16_t b) {
    return doubleToHalf(Extreme<maximum, nan>::of(halfToDouble(a), halfToDouble(b)), Rounding::Nearest);
  }
};
template <class Half>
struct InPairs {
  template <class... W>
  static uint32_t of(W... a) {
    return Half::of(uint16_t(a)...) | uint32_t(Half::of(uint16_t(a >> 16)...)) << 16;
  }
};

template <class Op, class Half>
Handler float2(Type type) {
  switch (type) {
  case Type::F16:
    return lanes2<Half, uint16_t, uint16_t, uint16_t>;
  case Type::F16x2:
    return lanes2<InPairs<Half>, uint32_t, uint32_t, uint32_t>;
  case Type::F32:
    return lanes2<Op, float, float, float>;
  default:
    return lanes2<Op, double, double, double>;
  }
}

/// False, after a diagnostic, where the result is not the one IEEE result. `needsMode`: without .rn the assembler may
/// fuse the instruction with another one.
bool exact(Decoder &d, bool needsMode) {
  if (d.has("ftz"))
    d.problem("flushes denormal numbers to zero, which kernels must not");
  else if (d.has("approx") || d.has("full"))
    d.problem("is approximate, so kernels must not use it");
  else if (d.oneOf({"rz", "rm", "rp"}) >= 0)
    d.problem("rounds otherwise than to the nearest, which is not executed here");
  else if (!d.has("rn") && needsMode)
    d.problem("without .rn the assembler may fuse it with another instruction, so kernels must not use it");
  return !d.failed();
}

std::string kindOf(Decoder &d, Type type) {
  static const char *const suffixes[] = {".f16", ".f16x2", ".f32", ".f64"};
  return std::string(d.statement->opcode) + suffixes[int(type) - int(Type::F16)];
}

template <class Op, class Half, bool needsMode>
void decode2(Decoder &d, Type type) {
  if (exact(d, needsMode))
    emitAlike(d, float2<Op, Half>(type), type, 2, kindOf(d, type).c_str());
}

template <class Op>
void decode1(Decoder &d) {
  Type type = d.type();
  if (!exact(d, true))
    return;
  Handler handler = type == Type::F32   ? Handler(lanes1<Op, float, float>)
                    : type == Type::F64 ? Handler(lanes1<Op, double, double>)
                                        : nullptr;
  emitAlike(d, handler, type, 1, handler ? kindOf(d, type).c_str() : nullptr);
}

template <uint16_t flip, uint16_t keep>
struct HalfSign {
  static uint16_t of(uint16_t a) { return uint16_t((a ^ flip) & keep); }
};

template <class Op, class Half>
void decodeSign(Decoder &d, Type type) {
  if (d.has("ftz"))
    return d.problem("flushes denormal numbers to zero, which kernels must not");
  Handler handler = type == Type::F32   ? Handler(lanes1<Op, float, float>)
                    : type == Type::F64 ? Handler(lanes1<Op, double, double>)
                    : type == Type::F16 ? Handler(lanes1<Half, uint16_t, uint16_t>)
                                        : Handler(lanes1<InPairs<Half>, uint32_t, uint32_t>);
  emitAlike(d, handler, type, 1, kindOf(d, type).c_str());
}

template <bool maximum>
void decodeExtreme(Decoder &d, Type type) {
  if (!exact(d, false))
    return;
  bool nan = d.has("NaN");
  if (nan || type == Type::F16 || type == Type::F16x2)
    d.needs(80, 70);
  Handler handler = nan ? float2<Extreme<maximum, true>, HalfExtreme<maximum, true>>(type)
                        : float2<Extreme<maximum, false>, HalfExtreme<maximum, false>>(type);
  emitAlike(d, handler, type, 2, kindOf(d, type).c_str());
}

void decodeFma(Decoder &d) {
  Type type = d.type();
  isFloat(type) ? floatFma(d, type) : d.problem("expected a float");
}

void decodeCopySign(Decoder &d) {
  Type type = d.type();
  if (type != Type::F32 && type != Type::F64)
    return d.problem("expected .f32 or .f64");
  emitAlike(d,
            type == Type::F32 ? Handler(lanes2<CopySign, float, float, float>)
                              : Handler(lanes2<CopySign, double, double, double>),
            type, 2);
}

template <class T>
bool hasProperty(T value, int property) {
  int kind = std::fpclassify(value);
  switch (property) {
  case 0:
    return std::isfinite(value);
  case 1:
    return kind == FP_INFINITE;
  case 2:
    return kind != FP_NAN;
  case 3:
    return kind == FP_NAN;
  case 4:
    return kind == FP_NORMAL;
  default:
    return kind == FP_SUBNORMAL;
  }
}

template <class T>
const Instruction *testProperty(Warp &w, const Instruction *i) {
  const T *a = w.lanesOf<T>(i->a);
  storePredicate(w, i->d, w.mask(i), [=](unsigned l) { return hasProperty(a[l], int(i->extra)); });
  return i + 1;
}

void decodeTestp(Decoder &d) {
  int property = d.oneOf({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  Type type = d.type();
  if (property < 0 || (type != Type::F32 && type != Type::F64))
    return d.problem("expected a property, and .f32 or .f64");
  if (!d.expectOperands(2, 2))
    return;
  uint32_t a = d.source(d.operand(1), type);
  Instruction &made = d.emit(type == Type::F32 ? testProperty<float> : testProperty<double>);
  made.d = d.predicateDestination(d.operand(0).name);
  made.a = a;
  made.extra = uint32_t(property);
}

void refuseApproximate(Decoder &d) { d.problem("is approximate, so kernels must not use it"); }

} // namespace

void ptx::floatAdd(Decoder &d, Type type) { decode2<Add, OfHalves<Add>, true>(d, type); }
void ptx::floatSub(Decoder &d, Type type) { decode2<Sub, OfHalves<Sub>, true>(d, type); }
void ptx::floatMul(Decoder &d, Type type) { decode2<Mul, OfHalves<Mul>, true>(d, type); }
void ptx::floatDiv(Decoder &d, Type type) {
  if (type != Type::F32 && type != Type::F64)
    return d.problem("expected .f32 or .f64");
  decode2<Div, OfHalves<Div>, true>(d, type);
}
void ptx::floatMin(Decoder &d, Type type) { decodeExtreme<false>(d, type); }
void ptx::floatMax(Decoder &d, Type type) { decodeExtreme<true>(d, type); }
void ptx::floatNeg(Decoder &d, Type type) { decodeSign<Neg, HalfSign<0x8000, 0xFFFF>>(d, type); }
void ptx::floatAbs(Decoder &d, Type type) { decodeSign<Abs, HalfSign<0, 0x7FFF>>(d, type); }

void ptx::floatFma(Decoder &d, Type type) {
  if (!exact(d, true))
    return;
  Handler handler = type == Type::F32   ? Handler(lanes3<Fma, float, float, float, float>)
                    : type == Type::F64 ? Handler(lanes3<Fma, double, double, double, double>)
                    : type == Type::F16
                        ? Handler(lanes3<OfHalves<HalfFma>, uint16_t, uint16_t, uint16_t, uint16_t>)
                        : Handler(lanes3<InPairs<OfHalves<HalfFma>>, uint32_t, uint32_t, uint32_t, uint32_t>);
  emitAlike(d, handler, type, 3, kindOf(d, type).c_str());
}

void ptx::addFloat(OpcodeTable &table) {
  table["fma"] = decodeFma;
  table["sqrt"] = decode1<Sqrt>;
  table["rcp"] = decode1<Rcp>;
  table["copysign"] = decodeCopySign;
  table["testp"] = decodeTestp;
  for (const char *opcode : {"ex2", "lg2", "sin", "cos", "rsqrt", "tanh"})
    table[opcode] = refuseApproximate;
}
