// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The buffer type: its text, constraints and addresses.

#include "nibble/Dialect/UKernel/UKernel.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/ExtentSyntax.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static ParseResult parseHalo(AsmParser &parser, SmallVectorImpl<int64_t> &halo) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                        [&] { return parser.parseInteger(halo.emplace_back()); });
}

/// `2x[d0]x3x`, which may be empty.
static ParseResult parseShape(AsmParser &parser, SmallVectorImpl<Extent> &shape) {
  while (true) {
    SmallVector<int64_t> known;
    if (parser.parseDimensionList(known, /*allowDynamic=*/false, /*withTrailingX=*/true))
      return failure();
    llvm::append_range(shape, toExtents(known));
    if (failed(parser.parseOptionalLSquare()))
      return success();
    FailureOr<Extent> extent = parseExtent(parser);
    if (failed(extent) || parser.parseRSquare() || parser.parseXInDimensionList())
      return failure();
    shape.push_back(*extent);
  }
}

/// An integer, or an extent in brackets.
static ParseResult parsePitch(AsmParser &parser, Extent &pitch) {
  if (failed(parser.parseOptionalLSquare())) {
    int64_t known;
    if (parser.parseInteger(known))
      return failure();
    pitch = known;
    return success();
  }
  FailureOr<Extent> extent = parseExtent(parser);
  if (failed(extent) || parser.parseRSquare())
    return failure();
  pitch = *extent;
  return success();
}

static void printDim(AsmPrinter &printer, const Extent &extent) {
  if (extent.isStatic())
    printer << extent.getStatic();
  else
    printer << '[' << extent.str() << ']';
}

Type BufferType::parse(AsmParser &parser) {
  SmallVector<Extent> shape;
  SmallVector<int64_t> halo;
  Type elementType;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseShape(parser, shape) || parser.parseType(elementType))
    return {};
  int64_t fill = 0;
  Extent pitch = shape.empty() ? Extent(1) : shape.back();
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    llvm::SMLoc keyLoc = parser.getCurrentLocation();
    if (parser.parseKeyword(&key) || parser.parseEqual())
      return {};
    ParseResult value = key == "halo"   ? parseHalo(parser, halo)
                        : key == "fill" ? parser.parseInteger(fill)
                        : key == "pitch"
                            ? parsePitch(parser, pitch)
                            : ParseResult(parser.emitError(keyLoc, "expected halo, fill or pitch, got ") << key);
    if (value)
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<BufferType>(loc, parser.getContext(), ArrayRef<Extent>(shape), elementType,
                                       ArrayRef<int64_t>(halo), fill, pitch);
}

void BufferType::print(AsmPrinter &printer) const {
  printer << "<";
  for (const Extent &extent : getShape()) {
    printDim(printer, extent);
    printer << 'x';
  }
  printer << getElementType();
  if (hasHalo()) {
    printer << ", halo = [";
    llvm::interleaveComma(getHalo(), printer);
    printer << "], fill = " << getFill();
  }
  if (!getShape().empty() && getPitch() != getShape().back()) {
    printer << ", pitch = ";
    printDim(printer, getPitch());
  }
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

/// Bytes of the memory, halo and gaps included.
static Extent countBytes(ArrayRef<Extent> shape, Type elementType, ArrayRef<int64_t> halo, const Extent &pitch) {
  Extent bytes = *nibble::getElementBytes(elementType);
  for (auto [dim, extent] : llvm::enumerate(shape.empty() ? shape : shape.drop_back())) {
    const bool isPadded = !halo.empty() && (dim == 1 || dim == 2);
    bytes *= isPadded ? halo[dim - 1] + extent + halo[dim + 1] : extent;
  }
  return bytes * pitch;
}

/// None beyond what machines address, so that sums of many buffers are still numbers.
constexpr int64_t kMostBytes = int64_t(1) << 47;

LogicalResult BufferType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Extent> shape, Type elementType,
                                 ArrayRef<int64_t> halo, int64_t fill, Extent pitch) {
  for (const Extent &extent : shape)
    if (extent.getStaticOr(0) < 0)
      return emitError() << "expected extents that are not negative, got " << extent.str();
  if (!nibble::isMemoryElement(elementType))
    return emitError() << "expected elements that are integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats, got "
                       << elementType;
  if (!halo.empty() && (halo.size() != 4 || llvm::any_of(halo, [](int64_t count) { return count < 0; })))
    return emitError() << "expected a halo of four counts, none negative";
  if (!halo.empty() && shape.size() != 4)
    return emitError() << "expected four dimensions beside a halo, got " << shape.size();
  const Extent last = shape.empty() ? Extent(1) : shape.back();
  if (!isAtLeast(pitch, last))
    return emitError() << "expected a pitch of at least the last extent " << last.str() << ", got " << pitch.str();
  if (countBytes(shape, elementType, halo, pitch).getStaticOr(0) > kMostBytes)
    return emitError() << "expected a buffer of at most 2^47 bytes, got one of more";
  const unsigned width = elementType.getIntOrFloatBitWidth();
  bool fits = isa<FloatType>(elementType)       ? fill == 0
              : elementType.isUnsignedInteger() ? llvm::isUIntN(width, fill)
                                                : llvm::isIntN(width, fill);
  if (!fits)
    return emitError() << "expected a fill that " << elementType << " holds, got " << fill;
  return success();
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

Extent BufferType::getNumElements() const { return product(getShape()); }

int64_t BufferType::getElementBytes() const { return *nibble::getElementBytes(getElementType()); }

bool BufferType::isPlain() const { return !hasHalo() && (getShape().empty() || getPitch() == getShape().back()); }

SmallVector<Extent> BufferType::getStrides() const {
  unsigned rank = getRank();
  SmallVector<Extent> strides(rank, 1);
  if (rank < 2)
    return strides;
  strides[rank - 2] = getPitch();
  for (int i = int(rank) - 3; i >= 0; --i) {
    Extent extent = getDim(i + 1);
    if (hasHalo() && i + 1 == 2)
      extent += getLeft() + getRight();
    if (hasHalo() && i + 1 == 1)
      extent += getTop() + getBottom();
    strides[i] = strides[i + 1] * extent;
  }
  return strides;
}

Extent BufferType::getOrigin() const {
  if (!hasHalo())
    return 0;
  SmallVector<Extent> strides = getStrides();
  return getTop() * strides[1] + getLeft() * strides[2];
}

Extent BufferType::getBytes() const {
  return getShape().empty() ? Extent(getElementBytes())
                            : countBytes(getShape(), getElementType(), getHalo(), getPitch());
}

BufferType BufferType::getPlain() const { return BufferType::get(getShape(), getElementType()); }

BufferType BufferType::withHalo(ArrayRef<int64_t> halo, int64_t fill) const {
  bool none = llvm::all_of(halo, [](int64_t count) { return count == 0; });
  return BufferType::get(getContext(), getShape(), getElementType(), none ? ArrayRef<int64_t>() : halo, none ? 0 : fill,
                         getPitch());
}

//===----------------------------------------------------------------------===//
// Extents as attributes
//===----------------------------------------------------------------------===//

Attribute ExtentAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<Extent> extent = parseExtent(parser);
  if (failed(extent) || parser.parseGreater())
    return {};
  return ExtentAttr::get(parser.getContext(), *extent);
}

void ExtentAttr::print(AsmPrinter &printer) const { printer << '<' << getValue().str() << '>'; }

Extent nibble::ukernel::getExtent(Attribute attr) {
  if (auto known = dyn_cast<IntegerAttr>(attr))
    return known.getInt();
  return cast<ExtentAttr>(attr).getValue();
}

Attribute nibble::ukernel::makeExtentAttr(MLIRContext *context, const Extent &extent) {
  if (extent.isStatic())
    return Builder(context).getI64IntegerAttr(extent.getStatic());
  return ExtentAttr::get(context, extent);
}
