// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/Extent.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

#include <map>
#include <mutex>

using namespace nibble;
using llvm::ArrayRef;

//===----------------------------------------------------------------------===//
// Integers that saturate
//===----------------------------------------------------------------------===//

static int64_t addSaturating(int64_t a, int64_t b) {
  int64_t result;
  return llvm::AddOverflow(a, b, result) ? (a < 0 ? INT64_MIN : INT64_MAX) : result;
}

static int64_t multiplySaturating(int64_t a, int64_t b) {
  int64_t result;
  return llvm::MulOverflow(a, b, result) ? ((a < 0) != (b < 0) ? INT64_MIN : INT64_MAX) : result;
}

static int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1) // INT64_MIN / -1 has no value
    return a == INT64_MIN ? INT64_MAX : -a;
  return llvm::divideFloorSigned(a, b);
}

static int64_t computeAtom(Extent::Kind kind, int64_t a, int64_t b) {
  switch (kind) {
  case Extent::Kind::FloorDiv:
    return floorDivide(a, b);
  case Extent::Kind::Min:
    return std::min(a, b);
  case Extent::Kind::Max:
    return std::max(a, b);
  case Extent::Kind::Dim:
    break;
  }
  llvm_unreachable("dimensions have no operands");
}

//===----------------------------------------------------------------------===//
// Order, the same in every process
//===----------------------------------------------------------------------===//

template <typename T>
static int order(const T &a, const T &b) {
  return a < b ? -1 : b < a;
}

int Extent::compare(const Atom *a, const Atom *b) {
  if (a == b)
    return 0;
  if (int result = order(a->kind, b->kind))
    return result;
  if (int result = order(a->index, b->index))
    return result;
  if (int result = compare(a->lhs, b->lhs))
    return result;
  return compare(a->rhs, b->rhs);
}

/// By the atoms; the constant term is last, higher products come first.
int Extent::compare(const Term &a, const Term &b) {
  if (int result = order(b.atoms.size(), a.atoms.size()))
    return result;
  for (auto [x, y] : llvm::zip(a.atoms, b.atoms))
    if (int result = compare(x, y))
      return result;
  return 0;
}

int Extent::compare(const Extent &a, const Extent &b) {
  if (int result = order(a.value, b.value))
    return result;
  if (a.polynomial == b.polynomial)
    return 0;
  if (!a.polynomial || !b.polynomial)
    return a.polynomial ? 1 : -1;
  const std::vector<Term> &x = a.polynomial->terms, &y = b.polynomial->terms;
  if (int result = order(x.size(), y.size()))
    return result;
  for (auto [s, t] : llvm::zip(x, y)) {
    if (int result = compare(s, t))
      return result;
    if (int result = order(s.factor, t.factor))
      return result;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Polynomials, each kept once
//===----------------------------------------------------------------------===//

namespace nibble {
class ExtentPool {
public:
  static ExtentPool &get() {
    static auto *pool = new ExtentPool; // extents may outlive every static object
    return *pool;
  }

  const Extent::Atom *unique(Extent::Kind kind, unsigned index, const Extent &lhs, const Extent &rhs) {
    std::lock_guard<std::mutex> lock(mutex);
    auto atom = std::make_unique<Extent::Atom>(Extent::Atom{kind, index, lhs, rhs});
    auto [it, isNew] = atoms.try_emplace(atom.get());
    if (isNew)
      it->second = std::move(atom);
    return it->second.get();
  }

  const Extent::Polynomial *unique(std::vector<Extent::Term> terms) {
    std::lock_guard<std::mutex> lock(mutex);
    auto polynomial = std::make_unique<Extent::Polynomial>(Extent::Polynomial{std::move(terms)});
    auto [it, isNew] = polynomials.try_emplace(polynomial.get());
    if (isNew)
      it->second = std::move(polynomial);
    return it->second.get();
  }

private:
  struct AtomLess {
    bool operator()(const Extent::Atom *a, const Extent::Atom *b) const { return Extent::compare(a, b) < 0; }
  };
  struct PolynomialLess {
    bool operator()(const Extent::Polynomial *a, const Extent::Polynomial *b) const {
      return Extent::compare(Extent::of(a), Extent::of(b)) < 0;
    }
  };

  std::mutex mutex;
  std::map<const Extent::Atom *, std::unique_ptr<Extent::Atom>, AtomLess> atoms;
  std::map<const Extent::Polynomial *, std::unique_ptr<Extent::Polynomial>, PolynomialLess> polynomials;
};
} // namespace nibble

/// What min(x, y) and max(x - y, 0) are together, the parts before and behind a place: x. None of other atoms.
static std::optional<Extent> joinParts(const Extent::Atom &least, const Extent::Atom &rest) {
  if (least.kind != Extent::Kind::Min || rest.kind != Extent::Kind::Max || (rest.lhs != 0 && rest.rhs != 0))
    return std::nullopt;
  const Extent &difference = rest.lhs == 0 ? rest.rhs : rest.lhs;
  if (difference == least.lhs - least.rhs)
    return least.lhs;
  return difference == least.rhs - least.lhs ? std::optional(least.rhs) : std::nullopt;
}

/// The places of two terms that are such parts, as often as each other, and what they are together.
static std::optional<std::tuple<size_t, size_t, Extent>> findParts(ArrayRef<Extent::Term> terms) {
  for (auto [i, least] : llvm::enumerate(terms))
    for (auto [j, rest] : llvm::enumerate(terms))
      if (least.factor == rest.factor && least.atoms.size() == 1 && rest.atoms.size() == 1)
        if (std::optional<Extent> whole = joinParts(*least.atoms.front(), *rest.atoms.front()))
          return std::tuple(i, j, *whole * least.factor);
  return std::nullopt;
}

/// Terms in any order, equal ones more than once, as an extent.
Extent Extent::fromTerms(std::vector<Term> terms) {
  llvm::sort(terms, [](const Term &a, const Term &b) { return compare(a, b) < 0; });
  std::vector<Term> joined;
  for (Term &term : terms) {
    if (!joined.empty() && compare(joined.back(), term) == 0)
      joined.back().factor = addSaturating(joined.back().factor, term.factor);
    else
      joined.push_back(std::move(term));
  }
  llvm::erase_if(joined, [](const Term &term) { return term.factor == 0; });
  if (joined.empty())
    return Extent(0);
  if (joined.size() == 1 && joined.front().atoms.empty())
    return Extent(joined.front().factor);
  if (auto parts = findParts(joined)) {
    auto [i, j, whole] = *parts;
    joined[i].factor = joined[j].factor = 0;
    return fromTerms(std::move(joined)) + whole;
  }
  return of(ExtentPool::get().unique(std::move(joined)));
}

Extent Extent::makeAtom(Kind kind, unsigned index, const Extent &lhs, const Extent &rhs) {
  return fromTerms({{1, {ExtentPool::get().unique(kind, index, lhs, rhs)}}});
}

Extent Extent::dim(unsigned index) { return makeAtom(Kind::Dim, index, 0, 0); }

/// The terms; `storage` holds that of an integer.
ArrayRef<Extent::Term> Extent::getTerms(Term &storage) const {
  if (polynomial)
    return polynomial->terms;
  storage = {value, {}};
  return value == 0 ? ArrayRef<Term>() : ArrayRef<Term>(storage);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Extent nibble::operator+(const Extent &a, const Extent &b) {
  if (a.isStatic() && b.isStatic())
    return addSaturating(a.value, b.value);
  Extent::Term x, y;
  std::vector<Extent::Term> terms = a.getTerms(x).vec();
  llvm::append_range(terms, b.getTerms(y));
  return Extent::fromTerms(std::move(terms));
}

Extent nibble::operator-(const Extent &a, const Extent &b) { return a + b * Extent(-1); }

Extent nibble::operator*(const Extent &a, const Extent &b) {
  if (a.isStatic() && b.isStatic())
    return multiplySaturating(a.value, b.value);
  Extent::Term storageA, storageB;
  std::vector<Extent::Term> terms;
  for (const Extent::Term &x : a.getTerms(storageA))
    for (const Extent::Term &y : b.getTerms(storageB)) {
      Extent::Term term{multiplySaturating(x.factor, y.factor), x.atoms};
      llvm::append_range(term.atoms, y.atoms);
      llvm::sort(term.atoms, [](const Extent::Atom *s, const Extent::Atom *t) { return Extent::compare(s, t) < 0; });
      terms.push_back(std::move(term));
    }
  return Extent::fromTerms(std::move(terms));
}

std::optional<Extent> nibble::divideExactly(const Extent &a, const Extent &b) {
  if (a == b && a != Extent(0))
    return Extent(1);
  Extent::Term storageA, storageB;
  ArrayRef<Extent::Term> divisor = b.getTerms(storageB);
  if (divisor.size() != 1)
    return std::nullopt;
  const Extent::Term &by = divisor.front();
  std::vector<Extent::Term> terms;
  for (Extent::Term term : a.getTerms(storageA)) {
    if ((by.factor == -1 && term.factor == INT64_MIN) || term.factor % by.factor != 0)
      return std::nullopt;
    term.factor /= by.factor;
    for (const Extent::Atom *atom : by.atoms) {
      auto it = llvm::find(term.atoms, atom);
      if (it == term.atoms.end())
        return std::nullopt;
      term.atoms.erase(it);
    }
    terms.push_back(std::move(term));
  }
  return Extent::fromTerms(std::move(terms));
}

Extent nibble::floorDiv(const Extent &a, const Extent &b) {
  if (a.isStatic() && b.isStatic())
    return floorDivide(a.value, b.value);
  if (std::optional<Extent> exact = divideExactly(a, b))
    return *exact;
  // Multiples of an integer come out: (n·A + r) / n = A + r / n.
  if (b.isStatic() && b.value > 0) {
    Extent::Term storage;
    Extent whole, rest;
    for (const Extent::Term &term : a.getTerms(storage)) {
      const int64_t quotient = floorDivide(term.factor, b.value), left = term.factor - quotient * b.value;
      if (left == 0 || term.atoms.empty())
        whole += Extent::fromTerms({{quotient, term.atoms}});
      if (left != 0)
        rest += Extent::fromTerms({{term.atoms.empty() ? left : term.factor, term.atoms}});
    }
    return whole + (rest.isStatic() ? Extent(floorDivide(rest.value, b.value))
                                    : Extent::makeAtom(Extent::Kind::FloorDiv, 0, rest, b));
  }
  return Extent::makeAtom(Extent::Kind::FloorDiv, 0, a, b);
}

Extent nibble::ceilDiv(const Extent &a, const Extent &b) { return floorDiv(a + b - 1, b); }

Extent nibble::mod(const Extent &a, const Extent &b) { return a - floorDiv(a, b) * b; }

bool nibble::isAtLeast(const Extent &a, const Extent &b) {
  std::optional<int64_t> least = (a - b).getLowerBound();
  return least && *least >= 0;
}

/// The two in one order, so that min(a, b) and min(b, a) are equal.
static Extent makeSymmetric(llvm::function_ref<Extent(const Extent &, const Extent &)> make, const Extent &a,
                            const Extent &b, bool swap) {
  return swap ? make(b, a) : make(a, b);
}

namespace nibble {
Extent min(const Extent &a, const Extent &b) {
  if (isAtLeast(b, a))
    return a;
  if (isAtLeast(a, b))
    return b;
  auto make = [](const Extent &x, const Extent &y) { return Extent::makeAtom(Extent::Kind::Min, 0, x, y); };
  return makeSymmetric(make, a, b, Extent::compare(b, a) < 0);
}

Extent max(const Extent &a, const Extent &b) {
  if (isAtLeast(b, a))
    return b;
  if (isAtLeast(a, b))
    return a;
  auto make = [](const Extent &x, const Extent &y) { return Extent::makeAtom(Extent::Kind::Max, 0, x, y); };
  return makeSymmetric(make, a, b, Extent::compare(b, a) < 0);
}
} // namespace nibble

Extent nibble::product(ArrayRef<Extent> extents) {
  Extent result = 1;
  for (const Extent &extent : extents)
    result *= extent;
  return result;
}

//===----------------------------------------------------------------------===//
// Values and bounds
//===----------------------------------------------------------------------===//

int64_t Extent::evaluate(ArrayRef<int64_t> dims) const {
  return evaluate<int64_t>([](int64_t constant) { return constant; }, [&](unsigned index) { return dims[index]; },
                           computeAtom, addSaturating, multiplySaturating);
}

Extent Extent::substitute(llvm::function_ref<Extent(unsigned)> with) const {
  return evaluate<Extent>(
      [](int64_t constant) { return Extent(constant); }, with,
      [](Kind kind, Extent a, Extent b) {
        return kind == Kind::FloorDiv ? floorDiv(a, b) : kind == Kind::Min ? nibble::min(a, b) : nibble::max(a, b);
      },
      [](Extent a, Extent b) { return a + b; }, [](Extent a, Extent b) { return a * b; });
}

std::optional<std::pair<Extent, Extent>> Extent::solve(const Extent &lhs, const Extent &rhs) {
  const Extent difference = lhs - rhs;
  Term storage;
  for (const Term &term : difference.getTerms(storage)) {
    if (term.atoms.size() != 1 || term.atoms.front()->kind == Kind::Dim || std::abs(term.factor) != 1)
      continue;
    const Extent part = fromTerms({{1, term.atoms}});
    const Extent others = difference - part * term.factor, value = others * -term.factor;
    if (value.replace(part, 0) == value)
      return std::pair(part, value);
  }
  return std::nullopt;
}

Extent Extent::replace(const Extent &part, const Extent &with) const {
  return evaluate<Extent>([](int64_t constant) { return Extent(constant); }, [](unsigned index) { return dim(index); },
                          [&](Kind kind, Extent a, Extent b) {
                            const Extent same = kind == Kind::FloorDiv ? floorDiv(a, b)
                                                : kind == Kind::Min    ? nibble::min(a, b)
                                                                       : nibble::max(a, b);
                            return same == part ? with : same;
                          },
                          [](Extent a, Extent b) { return a + b; }, [](Extent a, Extent b) { return a * b; });
}

std::optional<int64_t> Extent::getLowerBound() const {
  if (isStatic())
    return value;
  const auto ofAtom = [](const Atom *atom) -> std::optional<int64_t> {
    if (atom->kind == Kind::Dim)
      return 0;
    std::optional<int64_t> lhs = atom->lhs.getLowerBound(), rhs = atom->rhs.getLowerBound();
    switch (atom->kind) {
    case Kind::FloorDiv:
      return lhs && *lhs >= 0 && rhs && *rhs >= 0 ? std::optional<int64_t>(0) : std::nullopt;
    case Kind::Min:
      return lhs && rhs ? std::optional(std::min(*lhs, *rhs)) : std::nullopt;
    case Kind::Max:
      return lhs && rhs ? std::optional(std::max(*lhs, *rhs)) : lhs ? lhs : rhs;
    case Kind::Dim:
      break;
    }
    llvm_unreachable("all kinds are above");
  };
  int64_t sum = 0;
  for (const Term &term : polynomial->terms) {
    int64_t least = term.factor;
    if (!term.atoms.empty() && term.factor < 0)
      return std::nullopt;
    for (const Atom *atom : term.atoms) {
      std::optional<int64_t> bound = ofAtom(atom);
      if (!bound || *bound < 0)
        return std::nullopt;
      least = multiplySaturating(least, *bound);
    }
    sum = addSaturating(sum, least);
  }
  return sum;
}

int64_t Extent::getUpperBound(llvm::function_ref<int64_t(unsigned)> most) const {
  // Terms that are taken away are added: the bound need not be close.
  return evaluate<int64_t>([](int64_t constant) { return constant == INT64_MIN ? INT64_MAX : std::abs(constant); },
                           most,
                           [](Kind kind, int64_t a, int64_t b) {
                             return kind == Kind::FloorDiv ? a : std::max(a, b); // a minimum may be taken away
                           },
                           addSaturating, multiplySaturating);
}

int64_t nibble::evaluateUsually(const Extent &extent) {
  const llvm::SmallVector<int64_t> dims(extent.getDimCount(), kUsualDimension);
  return extent.evaluate(dims);
}

unsigned Extent::getDimCount() const {
  return evaluate<unsigned>([](int64_t) { return 0u; }, [](unsigned index) { return index + 1; },
                            [](Kind, unsigned a, unsigned b) { return std::max(a, b); },
                            [](unsigned a, unsigned b) { return std::max(a, b); },
                            [](unsigned a, unsigned b) { return std::max(a, b); });
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

void Extent::print(llvm::raw_ostream &os, llvm::function_ref<std::string(unsigned)> dimName) const {
  if (isStatic()) {
    os << value;
    return;
  }
  const auto printAtom = [&](const Atom *atom) {
    if (atom->kind == Kind::Dim) {
      os << dimName(atom->index);
      return;
    }
    os << (atom->kind == Kind::FloorDiv ? "floordiv(" : atom->kind == Kind::Min ? "min(" : "max(");
    atom->lhs.print(os, dimName);
    os << ", ";
    atom->rhs.print(os, dimName);
    os << ')';
  };
  for (auto [i, term] : llvm::enumerate(polynomial->terms)) {
    if (i)
      os << (term.factor < 0 ? " - " : " + ");
    else if (term.factor < 0)
      os << '-';
    const uint64_t magnitude = term.factor < 0 ? -uint64_t(term.factor) : uint64_t(term.factor);
    if (magnitude != 1 || term.atoms.empty())
      os << magnitude << (term.atoms.empty() ? "" : " * ");
    llvm::interleave(term.atoms, os, printAtom, " * ");
  }
}

void Extent::print(llvm::raw_ostream &os) const {
  print(os, [](unsigned index) { return "d" + std::to_string(index); });
}

std::string Extent::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os);
  return text;
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

bool nibble::areStatic(ArrayRef<Extent> extents) {
  return llvm::all_of(extents, [](const Extent &extent) { return extent.isStatic(); });
}

llvm::SmallVector<int64_t> nibble::toTypeShape(ArrayRef<Extent> extents) {
  return llvm::map_to_vector(extents,
                             [](const Extent &extent) { return extent.getStaticOr(mlir::ShapedType::kDynamic); });
}

llvm::SmallVector<Extent> nibble::toExtents(ArrayRef<int64_t> extents) {
  return llvm::map_to_vector(extents, [](int64_t extent) { return Extent(extent); });
}

llvm::SmallVector<int64_t> nibble::evaluate(ArrayRef<Extent> extents, ArrayRef<int64_t> dims) {
  return llvm::map_to_vector(extents, [&](const Extent &extent) { return extent.evaluate(dims); });
}
