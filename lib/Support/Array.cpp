// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/Array.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace llvm;

namespace nibble {

namespace {
struct KindInfo {
  StringLiteral name;
  unsigned bytes;
  const fltSemantics &(*semantics)() = nullptr; ///< of floats
};
/// In ElementKind's order.
constexpr KindInfo kinds[] = {{"bool", 1},
                              {"int2", 1},
                              {"uint2", 1},
                              {"int4", 1},
                              {"uint4", 1},
                              {"int8", 1},
                              {"uint8", 1},
                              {"int16", 2},
                              {"uint16", 2},
                              {"int32", 4},
                              {"uint32", 4},
                              {"int64", 8},
                              {"uint64", 8},
                              {"float4_e2m1fn", 1, APFloat::Float4E2M1FN},
                              {"float6_e2m3fn", 1, APFloat::Float6E2M3FN},
                              {"float6_e3m2fn", 1, APFloat::Float6E3M2FN},
                              {"float8_e4m3fn", 1, APFloat::Float8E4M3FN},
                              {"float8_e4m3fnuz", 1, APFloat::Float8E4M3FNUZ},
                              {"float8_e5m2", 1, APFloat::Float8E5M2},
                              {"float8_e5m2fnuz", 1, APFloat::Float8E5M2FNUZ},
                              {"float8_e8m0fnu", 1, APFloat::Float8E8M0FNU},
                              {"float16", 2, APFloat::IEEEhalf},
                              {"bfloat16", 2, APFloat::BFloat},
                              {"float32", 4, APFloat::IEEEsingle},
                              {"float64", 8, APFloat::IEEEdouble},
                              {"void8", 1},
                              {"void16", 2}};
static_assert(std::size(kinds) == static_cast<size_t>(ElementKind::Raw16) + 1);
} // namespace

static const KindInfo &getInfo(ElementKind kind) { return kinds[static_cast<int>(kind)]; }

StringRef getName(ElementKind kind) { return getInfo(kind).name; }

unsigned getByteWidth(ElementKind kind) { return getInfo(kind).bytes; }

bool isFloat(ElementKind kind) { return getInfo(kind).semantics; }

bool canHold(ElementKind stored, ElementKind wanted) {
  if (stored == wanted)
    return true;
  // All that ml_dtypes adds to numpy.
  const bool isUnnamed = wanted == ElementKind::BF16 || (wanted >= ElementKind::I2 && wanted <= ElementKind::U4) ||
                         (wanted >= ElementKind::F4E2M1FN && wanted <= ElementKind::F8E8M0FNU);
  return isUnnamed && stored == (getByteWidth(wanted) == 1 ? ElementKind::Raw8 : ElementKind::Raw16);
}

static std::optional<ElementKind> getIntegerKind(mlir::IntegerType type) {
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return ElementKind::Bool;
  case 2:
    return isUnsigned ? ElementKind::U2 : ElementKind::I2;
  case 4:
    return isUnsigned ? ElementKind::U4 : ElementKind::I4;
  case 8:
    return isUnsigned ? ElementKind::U8 : ElementKind::I8;
  case 16:
    return isUnsigned ? ElementKind::U16 : ElementKind::I16;
  case 32:
    return isUnsigned ? ElementKind::U32 : ElementKind::I32;
  case 64:
    return isUnsigned ? ElementKind::U64 : ElementKind::I64;
  default:
    return std::nullopt;
  }
}

std::optional<ElementKind> getElementKind(mlir::Type type) {
  if (auto integer = dyn_cast<mlir::IntegerType>(type))
    return getIntegerKind(integer);
  auto real = dyn_cast<mlir::FloatType>(type);
  for (auto [index, info] : enumerate(kinds))
    if (real && info.semantics && &info.semantics() == &real.getFloatSemantics())
      return static_cast<ElementKind>(index);
  return std::nullopt;
}

Array Array::allocate(ElementKind kind, ArrayRef<int64_t> shape) {
  Array array;
  array.kind = kind;
  array.shape.assign(shape.begin(), shape.end());
  size_t bytes = (array.getByteSize() + 63) / 64 * 64;
  if (bytes == 0)
    bytes = 64;
  auto *memory = static_cast<char *>(std::aligned_alloc(64, bytes));
  if (!memory)
    report_bad_alloc_error("out of memory for an array");
  std::memset(memory, 0, bytes);
  array.data = std::shared_ptr<char>(memory, [](char *p) { std::free(p); });
  return array;
}

Array Array::view(ElementKind kind, ArrayRef<int64_t> shape, std::shared_ptr<char> owner) {
  Array array;
  array.kind = kind;
  array.shape.assign(shape.begin(), shape.end());
  array.data = std::move(owner);
  return array;
}

int64_t Array::size() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

Array Array::slice(int64_t begin, int64_t end) const {
  assert(!shape.empty() && begin >= 0 && begin <= end && end <= shape[0] && "slice outside the array");
  Array part = *this;
  part.shape[0] = 1;
  int64_t rowBytes = part.getByteSize();
  part.shape[0] = end - begin;
  part.data = std::shared_ptr<char>(data, data.get() + begin * rowBytes);
  return part;
}

Array Array::reshaped(ArrayRef<int64_t> newShape) const {
  Array other = *this;
  other.shape.assign(newShape.begin(), newShape.end());
  assert(other.size() == size() && "reshape changes the number of elements");
  return other;
}

/// A float of at most 16 bits.
static double smallToDouble(const fltSemantics &semantics, uint16_t bits) {
  const unsigned width = APFloat::getSizeInBits(semantics);
  APFloat value(semantics, APInt(width, bits & maskTrailingOnes<uint16_t>(width)));
  bool lost;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return value.convertToDouble();
}

template <typename T>
static std::vector<double> convert(const Array &array) {
  ArrayRef<T> elements = array.as<T>();
  return {elements.begin(), elements.end()};
}

/// Applies `function` to the elements of kinds that C++ has no type for.
template <typename T, typename Function>
static std::vector<double> convert(const Array &array, Function function) {
  std::vector<double> result;
  result.reserve(array.size());
  for (T bits : array.as<T>())
    result.push_back(function(bits));
  return result;
}

static std::vector<double> convertSmallFloats(const Array &array, const fltSemantics &semantics) {
  auto toDouble = [&](uint16_t bits) { return smallToDouble(semantics, bits); };
  return getByteWidth(array.kind) == 1 ? convert<uint8_t>(array, toDouble) : convert<uint16_t>(array, toDouble);
}

std::vector<double> Array::toDoubles() const {
  switch (kind) {
  case ElementKind::I2:
    return convert<uint8_t>(*this, [](uint8_t bits) { return SignExtend32<2>(bits); });
  case ElementKind::I4:
    return convert<uint8_t>(*this, [](uint8_t bits) { return SignExtend32<4>(bits); });
  case ElementKind::U2:
    return convert<uint8_t>(*this, [](uint8_t bits) { return bits & 3; });
  case ElementKind::U4:
    return convert<uint8_t>(*this, [](uint8_t bits) { return bits & 15; });
  case ElementKind::Bool:
  case ElementKind::U8:
  case ElementKind::Raw8:
    return convert<uint8_t>(*this);
  case ElementKind::I8:
    return convert<int8_t>(*this);
  case ElementKind::I16:
    return convert<int16_t>(*this);
  case ElementKind::U16:
  case ElementKind::Raw16:
    return convert<uint16_t>(*this);
  case ElementKind::I32:
    return convert<int32_t>(*this);
  case ElementKind::U32:
    return convert<uint32_t>(*this);
  case ElementKind::I64:
    return convert<int64_t>(*this);
  case ElementKind::U64:
    return convert<uint64_t>(*this);
  case ElementKind::F32:
    return convert<float>(*this);
  case ElementKind::F64:
    return convert<double>(*this);
  default:
    return convertSmallFloats(*this, getInfo(kind).semantics());
  }
}

template <typename T>
static std::optional<int64_t> firstNonFinite(ArrayRef<T> elements) {
  for (auto [index, element] : enumerate(elements))
    if (!std::isfinite(element))
      return index;
  return std::nullopt;
}

std::optional<int64_t> Array::findNonFinite() const {
  if (kind == ElementKind::F32)
    return firstNonFinite(as<float>());
  if (kind == ElementKind::F64)
    return firstNonFinite(as<double>());
  if (isFloat(kind))
    return firstNonFinite(ArrayRef(toDoubles()));
  return std::nullopt;
}

std::string describeShape(ArrayRef<int64_t> shape) {
  return join(map_range(shape, [](int64_t extent) { return extent < 0 ? "?" : std::to_string(extent); }), "x");
}

std::string describe(const Array &array) {
  return (getName(array.kind) + "[" + describeShape(array.shape) + "]").str();
}

const Array *find(const NamedArrays &arrays, StringRef name) {
  for (const NamedArray &entry : arrays)
    if (entry.name == name)
      return &entry.array;
  return nullptr;
}

} // namespace nibble
