// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of extents.

#include "Dim.h"

#include "llvm/ADT/STLExtras.h"

using namespace nibble;
using namespace nibble::onnximport;
using llvm::ArrayRef;
using llvm::SmallVector;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

std::optional<Dim> nibble::onnximport::multiply(const Dim &lhs, const Dim &rhs) {
  Dim result = lhs * rhs;
  if (result == INT64_MAX || result == INT64_MIN) // saturated
    return std::nullopt;
  return result;
}

std::optional<Dim> nibble::onnximport::checkedProduct(ArrayRef<Dim> dims) {
  std::optional<Dim> result = Dim(1);
  for (const Dim &dim : dims)
    if (!(result = multiply(*result, dim)))
      return std::nullopt;
  return result;
}

std::optional<Dim> nibble::onnximport::divide(const Dim &lhs, const Dim &rhs) {
  if (std::optional<Dim> exact = divideExactly(lhs, rhs))
    return exact;
  if (rhs == 0 || rhs == INT64_MIN)
    return std::nullopt;
  if (lhs.isStatic() && rhs.isStatic())
    return lhs.getStatic() / rhs.getStatic();
  if (rhs.isStatic() && rhs.getStatic() < 0)
    return Dim(0) - *divide(lhs, -rhs.getStatic());
  if (!isAtLeast(rhs, 0))
    return std::nullopt;
  if (isAtLeast(lhs, 0))
    return floorDiv(lhs, rhs);
  if (!rhs.isStatic())
    return std::nullopt;
  // Down where the dividend is not negative, else up.
  return nibble::max(floorDiv(lhs, rhs), nibble::min(ceilDiv(lhs, rhs), 0));
}

std::optional<Dim> nibble::onnximport::remainder(const Dim &lhs, const Dim &rhs, bool isC) {
  if (rhs == 0)
    return std::nullopt;
  if (lhs.isStatic() && rhs.isStatic()) {
    const int64_t y = rhs.getStatic(), rest = y == -1 ? 0 : lhs.getStatic() % y;
    return !isC && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  }
  if (!isAtLeast(rhs, 0) || (isC && !isAtLeast(lhs, 0)))
    return std::nullopt;
  return mod(lhs, rhs);
}

std::optional<bool> nibble::onnximport::isLess(const Dim &lhs, const Dim &rhs) {
  if (lhs.isStatic() && rhs.isStatic())
    return lhs.getStatic() < rhs.getStatic();
  if (isAtLeast(rhs - 1, lhs))
    return true;
  return isAtLeast(lhs, rhs) ? std::optional(false) : std::nullopt;
}

std::optional<bool> nibble::onnximport::isEqual(const Dim &lhs, const Dim &rhs) {
  if (lhs == rhs)
    return true;
  const bool areApart = (lhs.isStatic() && rhs.isStatic()) || isLess(lhs, rhs) == true || isLess(rhs, lhs) == true;
  return areApart ? std::optional(false) : std::nullopt;
}

std::optional<SmallVector<int64_t>> nibble::onnximport::staticExtents(ArrayRef<Dim> shape) {
  if (!areStatic(shape))
    return std::nullopt;
  return toTypeShape(shape);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

Dim Symbols::get(llvm::StringRef name) {
  auto [it, isNew] = ids.try_emplace(name, names.size());
  if (isNew)
    names.push_back(name.str());
  return Dim::dim(it->second);
}

Dim Symbols::lookup(llvm::StringRef name) {
  auto [it, isNew] = ids.try_emplace(name, kFirstUnknown + unknowns.size());
  if (isNew)
    unknowns.push_back(name.str());
  return Dim::dim(it->second);
}

Dim Symbols::fresh() { return lookup("?" + std::to_string(unknowns.size())); }

bool Symbols::areTold(ArrayRef<Dim> dims) const {
  return llvm::all_of(dims, [](const Dim &dim) { return dim.getDimCount() <= kFirstUnknown; });
}

std::string Symbols::print(const Dim &dim) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  dim.print(os, [&](unsigned index) { return index < kFirstUnknown ? names[index] : unknowns[index - kFirstUnknown]; });
  return text;
}

std::string Symbols::print(ArrayRef<Dim> shape) const {
  std::string text;
  for (auto [i, dim] : llvm::enumerate(shape)) {
    std::string extent = print(dim);
    text += (i ? "x" : "") + (llvm::StringRef(extent).contains(' ') ? "(" + extent + ")" : extent);
  }
  return "[" + text + "]";
}
