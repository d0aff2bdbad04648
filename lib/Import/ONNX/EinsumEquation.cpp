// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses the equation of an Einsum.

#include "EinsumEquation.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Labels of the ellipsis follow those of all letters.
constexpr Label kEllipsis = 256;

Labels EinsumEquation::contracted() const {
  Labels labels;
  for (const Labels &operand : operands)
    for (Label label : operand)
      if (!llvm::is_contained(result, label) && !llvm::is_contained(labels, label))
        labels.push_back(label);
  return labels;
}

Shape EinsumEquation::shapeOf(const Labels &labels) const {
  Shape shape;
  for (Label label : labels)
    shape.push_back(extents.lookup(label));
  return shape;
}

namespace {
class Parser {
public:
  explicit Parser(Node &node) : node(node) {
    for (char c : node.getString("equation", ""))
      if (c != ' ')
        text += c;
  }

  EinsumEquation parse(ArrayRef<Shape> shapes);

private:
  [[noreturn]] void fail(const Twine &why) {
    node.fail("attribute 'equation' is '" + node.getString("equation", "") + "', " + why);
  }
  /// The labels of `term`; an ellipsis stands for `dimensions` ones.
  Labels labelsOf(StringRef term, int64_t dimensions);
  void bind(EinsumEquation &equation, const Labels &labels, const Shape &shape);
  /// The letters that occur once, sorted, after the ellipsis.
  Labels implicitResult(const EinsumEquation &equation);
  void check(const EinsumEquation &equation);

  Node &node;
  std::string text;
  /// Dimensions of the longest ellipsis.
  int64_t broadcast = 0;
};
} // namespace

static int64_t countLetters(StringRef term) { return llvm::count_if(term, llvm::isAlpha); }

Labels Parser::labelsOf(StringRef term, int64_t dimensions) {
  Labels labels;
  bool hasEllipsis = false;
  for (; !term.empty(); term = term.drop_front()) {
    if (term.starts_with("...") && !hasEllipsis) {
      hasEllipsis = true;
      for (int64_t i = dimensions; i > 0; --i)
        labels.push_back(kEllipsis + i);
      term = term.drop_front(2);
    } else if (llvm::isAlpha(term.front())) {
      labels.push_back(term.front());
    } else {
      fail("expected letters, ',', '->' and an ellipsis a term");
    }
  }
  return labels;
}

void Parser::bind(EinsumEquation &equation, const Labels &labels, const Shape &shape) {
  if (labels.size() != shape.size())
    fail("which has " + Twine(labels.size()) + " indices for an input of rank " + Twine(shape.size()));
  for (auto [label, dim] : llvm::zip_equal(labels, shape)) {
    auto [it, isNew] = equation.extents.try_emplace(label, dim);
    Dim &known = it->second;
    if (known.isStatic() && dim.isStatic() && known != dim && known != 1 && dim != 1)
      fail("which gives an index the extents " + Twine(known.getStatic()) + " and " + Twine(dim.getStatic()));
    if (known == 1 || (!known.isStatic() && dim.isStatic() && dim != 1))
      known = dim;
  }
}

Labels Parser::implicitResult(const EinsumEquation &equation) {
  std::map<Label, unsigned> counts;
  for (const Labels &operand : equation.operands)
    for (Label label : operand)
      if (label < kEllipsis)
        ++counts[label];
  Labels result = labelsOf("...", broadcast);
  for (auto [label, count] : counts)
    if (count == 1)
      result.push_back(label);
  return result;
}

void Parser::check(const EinsumEquation &equation) {
  for (auto [i, label] : llvm::enumerate(equation.result)) {
    if (llvm::is_contained(ArrayRef<Label>(equation.result).drop_front(i + 1), label))
      fail("whose result has an index twice");
    if (!equation.extents.contains(label))
      fail("whose result has an index that no input has");
  }
}

EinsumEquation Parser::parse(ArrayRef<Shape> shapes) {
  auto [inputs, output] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != shapes.size())
    fail("which has " + Twine(terms.size()) + " terms for " + Twine(shapes.size()) + " inputs");
  EinsumEquation equation;
  for (auto [term, shape] : llvm::zip_equal(terms, shapes)) {
    int64_t dimensions = term.contains("...") ? int64_t(shape.size()) - countLetters(term) : 0;
    broadcast = std::max(broadcast, dimensions);
    equation.operands.push_back(labelsOf(term, dimensions));
    bind(equation, equation.operands.back(), shape);
  }
  bool isExplicit = StringRef(text).contains("->");
  equation.result = isExplicit ? labelsOf(output, broadcast) : implicitResult(equation);
  check(equation);
  return equation;
}

EinsumEquation nibble::onnximport::parseEinsum(Node &node, ArrayRef<Shape> shapes) {
  return Parser(node).parse(shapes);
}
