// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense arrays in host memory: what files, Python and compiled models exchange.

#ifndef NIBBLE_SUPPORT_ARRAY_H
#define NIBBLE_SUPPORT_ARRAY_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nibble {

/// What elements are. Each takes whole bytes: of a kind of fewer than 8 bits the low ones hold the value and the others
/// are zeros. Raw8 and Raw16 are bytes of a type that a file does not name.
enum class ElementKind : uint8_t {
  Bool,
  I2,
  U2,
  I4,
  U4,
  I8,
  U8,
  I16,
  U16,
  I32,
  U32,
  I64,
  U64,
  F4E2M1FN,
  F6E2M3FN,
  F6E3M2FN,
  F8E4M3FN,
  F8E4M3FNUZ,
  F8E5M2,
  F8E5M2FNUZ,
  F8E8M0FNU,
  F16,
  BF16,
  F32,
  F64,
  Raw8,
  Raw16
};

/// The name of numpy, "float32", or of Python's ml_dtypes, "bfloat16".
llvm::StringRef getName(ElementKind kind);
unsigned getByteWidth(ElementKind kind);
/// The kind of a builtin scalar type; signless integers count as signed, i1 as
/// Bool.
std::optional<ElementKind> getElementKind(mlir::Type type);
bool isFloat(ElementKind kind);
/// Whether elements of kind `stored` are those of kind `wanted`: the same, or bytes of a type that numpy, which has no
/// name for `wanted`, writes without one.
bool canHold(ElementKind stored, ElementKind wanted);

/// A dense row-major array. Copies share the elements.
struct Array {
  ElementKind kind = ElementKind::F32;
  llvm::SmallVector<int64_t, 4> shape;
  std::shared_ptr<char> data;

  /// Zeroed memory, aligned to 64 bytes.
  static Array allocate(ElementKind kind, llvm::ArrayRef<int64_t> shape);
  /// Memory of somebody else, which `owner` keeps alive.
  static Array view(ElementKind kind, llvm::ArrayRef<int64_t> shape, std::shared_ptr<char> owner);

  int64_t size() const;
  int64_t getByteSize() const { return size() * getByteWidth(kind); }
  template <typename T>
  llvm::ArrayRef<T> as() const {
    return {reinterpret_cast<const T *>(data.get()), static_cast<size_t>(size())};
  }
  template <typename T>
  llvm::MutableArrayRef<T> as() {
    return {reinterpret_cast<T *>(data.get()), static_cast<size_t>(size())};
  }
  /// Elements [begin, end) of the first dimension, shared.
  Array slice(int64_t begin, int64_t end) const;
  /// The same elements under another shape of as many.
  Array reshaped(llvm::ArrayRef<int64_t> newShape) const;
  /// Every element as a double.
  std::vector<double> toDoubles() const;
  /// Index of the first NaN or infinity, if there is one.
  std::optional<int64_t> findNonFinite() const;
};

/// "float32[2x3]", or "float32[]" for a scalar.
std::string describe(const Array &array);
/// "2x3x?": extents of a shape, `?` where negative.
std::string describeShape(llvm::ArrayRef<int64_t> shape);

struct NamedArray {
  std::string name;
  Array array;
};
using NamedArrays = std::vector<NamedArray>;

const Array *find(const NamedArrays &arrays, llvm::StringRef name);

} // namespace nibble

#endif // NIBBLE_SUPPORT_ARRAY_H
