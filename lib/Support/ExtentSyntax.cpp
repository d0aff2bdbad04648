// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/ExtentSyntax.h"

using namespace mlir;
using namespace nibble;

/// Quotients, minima and maxima in one another, so that text cannot exhaust the stack.
constexpr unsigned kDeepest = 256;

static FailureOr<Extent> parseSum(AsmParser &parser, unsigned depth);

/// `(a, b)` behind the function's name.
static FailureOr<Extent> parseCall(AsmParser &parser, Extent (*function)(const Extent &, const Extent &),
                                   unsigned depth) {
  if (depth == 0)
    return parser.emitError(parser.getCurrentLocation()) << "expected at most " << kDeepest << " nested functions";
  FailureOr<Extent> a, b;
  if (parser.parseLParen() || failed(a = parseSum(parser, depth - 1)) || parser.parseComma() ||
      failed(b = parseSum(parser, depth - 1)) || parser.parseRParen())
    return failure();
  return function(*a, *b);
}

/// A dimension or a function.
static FailureOr<Extent> parseAtom(AsmParser &parser, unsigned depth) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (failed(parser.parseOptionalKeyword(&word)))
    return parser.emitError(loc, "expected an integer, a dimension such as d0, floordiv, min or max");
  if (word == "floordiv")
    return parseCall(parser, floorDiv, depth);
  if (word == "min")
    return parseCall(parser, nibble::min, depth);
  if (word == "max")
    return parseCall(parser, nibble::max, depth);
  int32_t index;
  if (!word.consume_front("d") || word.getAsInteger(10, index) || index < 0)
    return parser.emitError(loc, "expected a dimension such as d0, floordiv, min or max");
  return Extent::dim(index);
}

/// Integers and atoms with `*` between them.
static FailureOr<Extent> parseProduct(AsmParser &parser, bool isNegative, unsigned depth) {
  Extent result = 1;
  do {
    SMLoc loc = parser.getCurrentLocation();
    APInt magnitude;
    if (OptionalParseResult integer = parser.parseOptionalInteger(magnitude); !integer.has_value()) {
      FailureOr<Extent> atom = parseAtom(parser, depth);
      if (failed(atom))
        return failure();
      result *= *atom;
      continue;
    } else if (failed(*integer)) {
      return failure();
    }
    // With its sign at once: the smallest integer's magnitude is none.
    APInt value = magnitude.sextOrTrunc(std::max(magnitude.getBitWidth(), 64u) + 1);
    if (std::exchange(isNegative, false))
      value.negate();
    if (!value.isSignedIntN(64))
      return parser.emitError(loc, "expected an integer of 64 bits");
    result *= value.getSExtValue();
  } while (succeeded(parser.parseOptionalStar()));
  return isNegative ? result * -1 : result;
}

static FailureOr<Extent> parseSum(AsmParser &parser, unsigned depth) {
  Extent sum;
  bool isNegative = succeeded(parser.parseOptionalMinus());
  while (true) {
    FailureOr<Extent> product = parseProduct(parser, isNegative, depth);
    if (failed(product))
      return failure();
    sum += *product;
    if (succeeded(parser.parseOptionalPlus()))
      isNegative = false;
    else if (succeeded(parser.parseOptionalMinus()))
      isNegative = true;
    else
      return sum;
  }
}

FailureOr<Extent> nibble::parseExtent(AsmParser &parser) { return parseSum(parser, kDeepest); }

ParseResult nibble::parseExtents(AsmParser &parser, SmallVector<Extent> &extents) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    FailureOr<Extent> extent = parseExtent(parser);
    if (failed(extent))
      return failure();
    extents.push_back(*extent);
    return success();
  });
}

void nibble::printExtents(AsmPrinter &printer, ArrayRef<Extent> extents) { printer << formatExtents(extents); }

std::string nibble::formatExtents(ArrayRef<Extent> extents) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(extents, os);
  os << "]";
  return text;
}
