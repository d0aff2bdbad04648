// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/Array.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace llvm;

namespace nibble {

namespace {
struct KindInfo {
  StringLiteral name;
  unsigned bytes;
};
constexpr KindInfo kinds[] = {{"bool", 1},   {"int8", 1},    {"uint8", 1},   {"int16", 2},
                              {"uint16", 2}, {"int32", 4},   {"uint32", 4},  {"int64", 8},
                              {"uint64", 8}, {"float16", 2}, {"float32", 4}, {"float64", 8}};
} // namespace

StringRef getName(ElementKind kind) { return kinds[static_cast<int>(kind)].name; }

unsigned getByteWidth(ElementKind kind) { return kinds[static_cast<int>(kind)].bytes; }

static std::optional<ElementKind> getIntegerKind(mlir::IntegerType type) {
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return ElementKind::Bool;
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
  if (type.isF16())
    return ElementKind::F16;
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
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

static double halfToDouble(uint16_t bits) {
  APFloat value(APFloat::IEEEhalf(), APInt(16, bits));
  bool lost;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return value.convertToDouble();
}

template <typename T>
static std::vector<double> convert(const Array &array) {
  ArrayRef<T> elements = array.as<T>();
  return {elements.begin(), elements.end()};
}

std::vector<double> Array::toDoubles() const {
  switch (kind) {
  case ElementKind::Bool:
  case ElementKind::U8:
    return convert<uint8_t>(*this);
  case ElementKind::I8:
    return convert<int8_t>(*this);
  case ElementKind::I16:
    return convert<int16_t>(*this);
  case ElementKind::U16:
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
  case ElementKind::F16:
    break;
  }
  std::vector<double> result;
  for (uint16_t bits : as<uint16_t>())
    result.push_back(halfToDouble(bits));
  return result;
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
  if (kind == ElementKind::F16)
    for (auto [index, bits] : enumerate(as<uint16_t>()))
      if ((bits & 0x7c00) == 0x7c00)
        return index;
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
