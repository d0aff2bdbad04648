// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents of tensors, and the integers that shape arithmetic computes of them.

#ifndef NIBBLE_LIB_IMPORT_ONNX_DIM_H
#define NIBBLE_LIB_IMPORT_ONNX_DIM_H

#include "nibble/Support/Extent.h"

#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>
#include <vector>

namespace nibble::onnximport {

/// An integer known at compile time, or one that the dynamic dimensions of the model's inputs decide of: 3, N, 2·N·W
/// + 1.
using Dim = Extent;
using Shape = llvm::SmallVector<Dim, 4>;

/// The largest extent, pad, stride or dilation that is accepted: products of two stay far from overflow.
constexpr int64_t kLargestExtent = INT32_MAX;

/// Dimensions from here on are unknowns that no input's shape tells, as the number of elements that are not zero.
constexpr unsigned kFirstUnknown = 1000000;

/// Product; none on overflow.
std::optional<Dim> multiply(const Dim &lhs, const Dim &rhs);
std::optional<Dim> checkedProduct(llvm::ArrayRef<Dim> dims);

/// Division that truncates, as ONNX divides integers. None by 0, and where the sign of an operand is not known and
/// matters.
std::optional<Dim> divide(const Dim &lhs, const Dim &rhs);
/// The remainder with the divisor's sign, or where `isC` with the dividend's. None as of `divide`.
std::optional<Dim> remainder(const Dim &lhs, const Dim &rhs, bool isC);

/// Whether it is so whatever the extents are; nothing where they decide.
std::optional<bool> isLess(const Dim &lhs, const Dim &rhs);
std::optional<bool> isEqual(const Dim &lhs, const Dim &rhs);

/// The extents, if all are known.
std::optional<llvm::SmallVector<int64_t>> staticExtents(llvm::ArrayRef<Dim> shape);

/// The dimensions of one model's inputs, in the order of their names, and unknowns.
class Symbols {
public:
  /// The dynamic dimension `name` of the inputs.
  Dim get(llvm::StringRef name);
  /// The dimension of the inputs that has the name, or the unknown that has it.
  Dim lookup(llvm::StringRef name);
  /// An unknown that equals no other.
  Dim fresh();
  /// Whether the inputs' shapes tell the extents.
  bool areTold(llvm::ArrayRef<Dim> dims) const;

  std::string print(const Dim &dim) const;
  std::string print(llvm::ArrayRef<Dim> shape) const;

private:
  llvm::StringMap<unsigned> ids;
  std::vector<std::string> names;
  std::vector<std::string> unknowns;
};

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_DIM_H
