// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of extents.

#include "Dim.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace nibble::onnximport;
using llvm::ArrayRef;
using llvm::SmallVector;

/// Expressions that are longer are unknowns of their own.
constexpr size_t kNameLimit = 80;

std::optional<Dim> nibble::onnximport::multiply(const Dim &lhs, const Dim &rhs) {
  Dim result;
  if (llvm::MulOverflow(lhs.factor, rhs.factor, result.factor))
    return std::nullopt;
  if (result.factor == 0)
    return Dim(0);
  result.symbols = lhs.symbols;
  llvm::append_range(result.symbols, rhs.symbols);
  llvm::sort(result.symbols);
  return result;
}

std::optional<Dim> nibble::onnximport::divideExactly(const Dim &lhs, const Dim &rhs) {
  if (rhs.factor == 0 || (lhs.factor == INT64_MIN && rhs.factor == -1) || lhs.factor % rhs.factor != 0)
    return std::nullopt;
  Dim result(lhs.factor / rhs.factor);
  result.symbols = lhs.symbols;
  for (unsigned symbol : rhs.symbols) {
    auto *it = llvm::find(result.symbols, symbol);
    if (it == result.symbols.end())
      return std::nullopt;
    result.symbols.erase(it);
  }
  return result;
}

std::optional<Dim> nibble::onnximport::product(ArrayRef<Dim> dims) {
  std::optional<Dim> result = Dim(1);
  for (const Dim &dim : dims)
    if (!(result = multiply(*result, dim)))
      return std::nullopt;
  return result;
}

SmallVector<int64_t> nibble::onnximport::toExtents(ArrayRef<Dim> shape) {
  return llvm::map_to_vector(shape,
                             [](const Dim &dim) { return dim.isStatic() ? dim.factor : mlir::ShapedType::kDynamic; });
}

std::optional<SmallVector<int64_t>> nibble::onnximport::staticExtents(ArrayRef<Dim> shape) {
  if (!llvm::all_of(shape, [](const Dim &dim) { return dim.isStatic(); }))
    return std::nullopt;
  return toExtents(shape);
}

Dim Symbols::get(llvm::StringRef name) {
  auto [it, isNew] = ids.try_emplace(name, names.size());
  if (isNew)
    names.push_back(name.str());
  return Dim::symbol(it->second);
}

Dim Symbols::fresh() { return get("?" + std::to_string(names.size())); }

std::string Symbols::print(const Dim &dim) const {
  if (dim.isStatic())
    return std::to_string(dim.factor);
  std::string text = dim.factor == 1 ? "" : std::to_string(dim.factor) + "*";
  for (auto [i, symbol] : llvm::enumerate(dim.symbols))
    text += (i ? "*" : "") + names[symbol];
  return text;
}

std::string Symbols::print(ArrayRef<Dim> shape) const {
  std::string text;
  for (auto [i, dim] : llvm::enumerate(shape))
    text += (i ? "x" : "") + print(dim);
  return "[" + text + "]";
}

/// The result where both are known; none on overflow or division by zero.
static std::optional<int64_t> compute(int64_t lhs, char op, int64_t rhs) {
  int64_t result;
  bool overflow = true;
  if (op == '+')
    overflow = llvm::AddOverflow(lhs, rhs, result);
  else if (op == '-')
    overflow = llvm::SubOverflow(lhs, rhs, result);
  else if (op == '/' && rhs != 0 && !(lhs == INT64_MIN && rhs == -1))
    return lhs / rhs;
  return overflow ? std::nullopt : std::optional(result);
}

Dim Symbols::combine(const Dim &lhs, char op, const Dim &rhs) {
  if (op == '*')
    if (std::optional<Dim> result = multiply(lhs, rhs))
      return *result;
  if (op == '/')
    if (std::optional<Dim> result = divideExactly(lhs, rhs))
      return *result;
  if (lhs.isStatic() && rhs.isStatic())
    if (std::optional<int64_t> result = compute(lhs.factor, op, rhs.factor))
      return *result;
  if ((op == '+' || op == '-') && rhs.is(0))
    return lhs;
  if (op == '+' && lhs.is(0))
    return rhs;
  if (op == '-' && lhs == rhs)
    return Dim(0);
  std::string name = "(" + print(lhs) + op + print(rhs) + ")";
  return name.size() > kNameLimit ? fresh() : get(name);
}
