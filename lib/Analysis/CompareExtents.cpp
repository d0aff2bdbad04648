// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of two extents is the larger one, and what they broadcast to, as far as that shows.

#include "ExtentTransfer.h"

using namespace mlir;
using namespace nibble;

namespace {
/// An extent, and the operands of the minimum or maximum that it is, if it is one.
struct Choice {
  Extent value;
  std::optional<Extent::Kind> kind;
  Extent lhs, rhs;
};
} // namespace

static Choice decompose(const Extent &extent) {
  return extent.evaluate<Choice>([](int64_t value) { return Choice{value, {}, {}, {}}; },
                                 [](unsigned index) { return Choice{Extent::dim(index), {}, {}, {}}; },
                                 [](Extent::Kind kind, Choice a, Choice b) {
                                   if (kind == Extent::Kind::FloorDiv)
                                     return Choice{floorDiv(a.value, b.value), {}, {}, {}};
                                   const bool isMin = kind == Extent::Kind::Min;
                                   return Choice{isMin ? nibble::min(a.value, b.value) : nibble::max(a.value, b.value),
                                                 kind, a.value, b.value};
                                 },
                                 [](Choice a, Choice b) { return Choice{a.value + b.value, {}, {}, {}}; },
                                 [](Choice a, Choice b) { return Choice{a.value * b.value, {}, {}, {}}; });
}

bool nibble::isAtMost(const Extent &a, const Extent &b) {
  if (isAtLeast(b, a))
    return true;
  Choice choice = decompose(a);
  if (choice.kind == Extent::Kind::Min)
    return isAtMost(choice.lhs, b) || isAtMost(choice.rhs, b);
  if (choice.kind == Extent::Kind::Max)
    return isAtMost(choice.lhs, b) && isAtMost(choice.rhs, b);
  Choice other = decompose(b);
  if (other.kind == Extent::Kind::Max)
    return isAtMost(a, other.lhs) || isAtMost(a, other.rhs);
  return other.kind == Extent::Kind::Min && isAtMost(a, other.lhs) && isAtMost(a, other.rhs);
}

/// Whether `a` is a minimum of `b` and another.
static bool isMinOf(const Extent &a, const Extent &b) {
  Choice choice = decompose(a);
  return choice.kind == Extent::Kind::Min && (choice.lhs == b || choice.rhs == b);
}

std::optional<Extent> nibble::broadcastExtents(const Extent &a, const Extent &b) {
  if (a == b || b == 1)
    return a;
  if (a == 1)
    return b;
  if (a.isStatic() && b.isStatic())
    return std::nullopt;
  if (a.isStatic() || isMinOf(b, a))
    return a;
  return b.isStatic() || isMinOf(a, b) ? std::optional(b) : std::nullopt;
}
