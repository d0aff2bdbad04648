// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents of tensors, and the integers that shape arithmetic computes of them.

#ifndef NIBBLE_LIB_IMPORT_ONNX_DIM_H
#define NIBBLE_LIB_IMPORT_ONNX_DIM_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>

namespace nibble::onnximport {

/// An integer known at compile time, or a product of one and named unknowns: 3, N, 2·N·W.
struct Dim {
  int64_t factor = 1;
  /// Sorted; empty if the integer is known.
  llvm::SmallVector<unsigned, 1> symbols;

  Dim() = default;
  Dim(int64_t value) : factor(value) {}
  static Dim symbol(unsigned id) {
    Dim dim(1);
    dim.symbols.push_back(id);
    return dim;
  }

  bool isStatic() const { return symbols.empty(); }
  bool is(int64_t value) const { return isStatic() && factor == value; }
  bool operator==(const Dim &other) const { return factor == other.factor && symbols == other.symbols; }
  bool operator!=(const Dim &other) const { return !(*this == other); }
};

using Shape = llvm::SmallVector<Dim, 4>;

/// The largest extent, pad, stride or dilation that is accepted: products of two stay far from overflow.
constexpr int64_t kLargestExtent = INT32_MAX;

/// Product; none on overflow.
std::optional<Dim> multiply(const Dim &lhs, const Dim &rhs);

/// Quotient, if it is exact for every value of the unknowns.
std::optional<Dim> divideExactly(const Dim &lhs, const Dim &rhs);

std::optional<Dim> product(llvm::ArrayRef<Dim> dims);

/// Extents as types spell them: unknown ones are dynamic.
llvm::SmallVector<int64_t> toExtents(llvm::ArrayRef<Dim> shape);

/// The extents, if all are known.
std::optional<llvm::SmallVector<int64_t>> staticExtents(llvm::ArrayRef<Dim> shape);

/// The unknowns of one model. Equal expressions are the same unknown.
class Symbols {
public:
  Dim get(llvm::StringRef name);
  /// An unknown that equals no other.
  Dim fresh();
  std::string print(const Dim &dim) const;
  std::string print(llvm::ArrayRef<Dim> shape) const;

  Dim add(const Dim &lhs, const Dim &rhs) { return combine(lhs, '+', rhs); }
  Dim subtract(const Dim &lhs, const Dim &rhs) { return combine(lhs, '-', rhs); }
  Dim times(const Dim &lhs, const Dim &rhs) { return combine(lhs, '*', rhs); }
  /// Division that truncates, as ONNX divides integers; division by zero is an unknown.
  Dim divide(const Dim &lhs, const Dim &rhs) { return combine(lhs, '/', rhs); }

private:
  Dim combine(const Dim &lhs, char op, const Dim &rhs);

  llvm::StringMap<unsigned> ids;
  std::vector<std::string> names;
};

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_DIM_H
