// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents of tensors: integers, or polynomials of the dimensions that a model leaves open.

#ifndef NIBBLE_SUPPORT_EXTENT_H
#define NIBBLE_SUPPORT_EXTENT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>

namespace nibble {

/// An integer that is known, or a polynomial with integer coefficients of a model's dynamic dimensions d0, d1, …, which
/// are not negative and known when it runs, and of quotients, minima and maxima of such.
///
/// Two extents are equal if they are the same polynomial: then they are equal for all dimensions. Extents that differ as
/// polynomials may still be equal for some, or even all. Values are small: polynomials are kept once, for the life of
/// the process. Arithmetic that overflows 64 bits saturates.
class Extent {
public:
  /// What a polynomial is made of, beside integers.
  enum class Kind { Dim, FloorDiv, Min, Max };
  struct Atom;
  struct Term;
  struct Polynomial;

  Extent(int64_t value = 0) : value(value) {}
  /// The dynamic dimension `index`.
  static Extent dim(unsigned index);

  bool isStatic() const { return !polynomial; }
  /// The integer; asserts that it is one.
  int64_t getStatic() const {
    assert(isStatic() && "a dynamic extent");
    return value;
  }
  /// The integer, or `otherwise`.
  int64_t getStaticOr(int64_t otherwise) const { return isStatic() ? value : otherwise; }

  friend bool operator==(const Extent &a, const Extent &b) {
    return a.value == b.value && a.polynomial == b.polynomial;
  }
  friend bool operator!=(const Extent &a, const Extent &b) { return !(a == b); }
  friend llvm::hash_code hash_value(const Extent &extent) {
    return llvm::hash_combine(extent.value, extent.polynomial);
  }

  friend Extent operator+(const Extent &a, const Extent &b);
  friend Extent operator-(const Extent &a, const Extent &b);
  friend Extent operator*(const Extent &a, const Extent &b);
  Extent &operator+=(const Extent &other) { return *this = *this + other; }
  Extent &operator-=(const Extent &other) { return *this = *this - other; }
  Extent &operator*=(const Extent &other) { return *this = *this * other; }

  /// The value where dimension i is `dims[i]`; quotients by zero are 0.
  int64_t evaluate(llvm::ArrayRef<int64_t> dims) const;
  /// The same with any arithmetic: `compute` gives the value of an atom's two operands, `add` and `multiply` join.
  template <typename T>
  T evaluate(llvm::function_ref<T(int64_t)> constant, llvm::function_ref<T(unsigned)> dim,
             llvm::function_ref<T(Kind, T, T)> atom, llvm::function_ref<T(T, T)> add,
             llvm::function_ref<T(T, T)> multiply) const;
  /// What `with` gives for each dimension, in its place.
  Extent substitute(llvm::function_ref<Extent(unsigned)> with) const;

  /// The quotient, minimum or maximum that lhs = rhs tells, and what it is; none if there is no such in either.
  static std::optional<std::pair<Extent, Extent>> solve(const Extent &lhs, const Extent &rhs);
  /// `with` in the place of `part`, a quotient, minimum or maximum.
  Extent replace(const Extent &part, const Extent &with) const;

  /// A number that it is never below, if that shows.
  std::optional<int64_t> getLowerBound() const;
  /// A number that it never exceeds where dimension i is at most `most(i)`; saturates.
  int64_t getUpperBound(llvm::function_ref<int64_t(unsigned)> most) const;
  /// One more than the greatest dimension's index; 0 if it is known.
  unsigned getDimCount() const;

  void print(llvm::raw_ostream &os, llvm::function_ref<std::string(unsigned)> dimName) const;
  /// With dimensions as d0, d1, …
  void print(llvm::raw_ostream &os) const;
  std::string str() const;

private:
  friend class ExtentPool;
  friend Extent floorDiv(const Extent &a, const Extent &b);
  friend std::optional<Extent> divideExactly(const Extent &a, const Extent &b);
  friend Extent min(const Extent &a, const Extent &b);
  friend Extent max(const Extent &a, const Extent &b);
  static Extent of(const Polynomial *polynomial) {
    Extent extent;
    extent.polynomial = polynomial;
    return extent;
  }
  llvm::ArrayRef<Term> getTerms(Term &storage) const;
  static Extent fromTerms(std::vector<Term> terms);
  static Extent makeAtom(Kind kind, unsigned index, const Extent &lhs, const Extent &rhs);
  static int compare(const Extent &a, const Extent &b);
  static int compare(const Atom *a, const Atom *b);
  static int compare(const Term &a, const Term &b);

  int64_t value = 0;
  const Polynomial *polynomial = nullptr;
};

struct Extent::Atom {
  Kind kind;
  unsigned index;  ///< of a dimension
  Extent lhs, rhs; ///< of others
};

struct Extent::Term {
  int64_t factor;
  std::vector<const Atom *> atoms; ///< sorted; empty in a polynomial's constant term
};

struct Extent::Polynomial {
  std::vector<Term> terms; ///< sorted, none with a factor of 0
};

/// Division that rounds down, of a divisor above 0.
Extent floorDiv(const Extent &a, const Extent &b);
Extent ceilDiv(const Extent &a, const Extent &b);
/// a - floorDiv(a, b) * b
Extent mod(const Extent &a, const Extent &b);
/// The quotient, if it is one whatever the dimensions are (zeros aside).
std::optional<Extent> divideExactly(const Extent &a, const Extent &b);
Extent min(const Extent &a, const Extent &b);
Extent max(const Extent &a, const Extent &b);
/// The multiple of `alignment` that is not below.
inline Extent alignTo(const Extent &a, int64_t alignment) { return ceilDiv(a, alignment) * alignment; }

/// What a dimension is taken to be where only a choice or a report depends on it.
constexpr int64_t kUsualDimension = 128;
int64_t evaluateUsually(const Extent &extent);

/// True if `a` is not below `b` whatever the dimensions are, as far as that shows.
bool isAtLeast(const Extent &a, const Extent &b);

bool areStatic(llvm::ArrayRef<Extent> extents);
/// As types spell extents: dynamic ones are ShapedType::kDynamic.
llvm::SmallVector<int64_t> toTypeShape(llvm::ArrayRef<Extent> extents);
llvm::SmallVector<Extent> toExtents(llvm::ArrayRef<int64_t> extents);
llvm::SmallVector<int64_t> evaluate(llvm::ArrayRef<Extent> extents, llvm::ArrayRef<int64_t> dims);
Extent product(llvm::ArrayRef<Extent> extents);

inline llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const Extent &extent) {
  extent.print(os);
  return os;
}

template <typename T>
T Extent::evaluate(llvm::function_ref<T(int64_t)> constant, llvm::function_ref<T(unsigned)> dim,
                   llvm::function_ref<T(Kind, T, T)> atom, llvm::function_ref<T(T, T)> add,
                   llvm::function_ref<T(T, T)> multiply) const {
  if (isStatic())
    return constant(value);
  std::optional<T> sum;
  for (const Term &term : polynomial->terms) {
    std::optional<T> product;
    for (const Atom *each : term.atoms) {
      T factor = each->kind == Kind::Dim
                     ? dim(each->index)
                     : atom(each->kind, each->lhs.evaluate<T>(constant, dim, atom, add, multiply),
                            each->rhs.evaluate<T>(constant, dim, atom, add, multiply));
      product = product ? multiply(*product, factor) : factor;
    }
    if (!product)
      product = constant(term.factor);
    else if (term.factor != 1)
      product = multiply(*product, constant(term.factor));
    sum = sum ? add(*sum, *product) : *product;
  }
  return *sum;
}

} // namespace nibble

#endif // NIBBLE_SUPPORT_EXTENT_H
