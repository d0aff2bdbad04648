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
  int64_t fill = 0, capacity = 0, axis = -1;
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    llvm::SMLoc keyLoc = parser.getCurrentLocation();
    if (parser.parseKeyword(&key) || parser.parseEqual())
      return {};
    ParseResult value =
        key == "halo"       ? parseHalo(parser, halo)
        : key == "fill"     ? parser.parseInteger(fill)
        : key == "capacity" ? parser.parseInteger(capacity)
        : key == "axis" ? parser.parseInteger(axis)
                        : ParseResult(parser.emitError(keyLoc, "expected halo, fill, capacity or axis, got ") << key);
    if (value)
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<BufferType>(loc, parser.getContext(), ArrayRef<Extent>(shape), elementType,
                                       ArrayRef<int64_t>(halo), fill, capacity, axis);
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
  if (hasCapacity())
    printer << ", capacity = " << getCapacity() << ", axis = " << getAxis();
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

/// Positions that the memory has along dimension `dim`, with those that are none of the value's.
static Extent countPositions(ArrayRef<Extent> shape, ArrayRef<int64_t> halo, int64_t capacity, int64_t axis,
                             int64_t dim) {
  if (dim == axis)
    return capacity;
  const bool isPadded = !halo.empty() && (dim == 1 || dim == 2);
  return isPadded ? halo[dim - 1] + shape[dim] + halo[dim + 1] : shape[dim];
}

/// Bytes of the memory, with what lies between the elements.
static Extent countBytes(ArrayRef<Extent> shape, Type elementType, ArrayRef<int64_t> halo, int64_t capacity,
                         int64_t axis) {
  Extent bytes = *nibble::getElementBytes(elementType);
  for (int64_t dim = 0; dim < int64_t(shape.size()); ++dim)
    bytes *= countPositions(shape, halo, capacity, axis, dim);
  return bytes;
}

/// None beyond what machines address, so that sums of many buffers are still numbers.
constexpr int64_t kMostBytes = int64_t(1) << 47;

LogicalResult BufferType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Extent> shape, Type elementType,
                                 ArrayRef<int64_t> halo, int64_t fill, int64_t capacity, int64_t axis) {
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
  if (axis < -1 || axis >= int64_t(shape.size()) || (axis < 0 && capacity != 0))
    return emitError() << "expected a capacity along one of " << shape.size() << " dimensions, got one along " << axis;
  if (axis >= 0 && (!halo.empty() || shape[axis].getStaticOr(0) > capacity))
    return emitError() << "expected a capacity of at least the extent " << shape[axis].str()
                       << " and no halo beside it, got " << capacity;
  if (countBytes(shape, elementType, halo, capacity, axis).getStaticOr(0) > kMostBytes)
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

bool BufferType::isPlain() const { return !hasHalo() && !hasCapacity(); }

SmallVector<Extent> BufferType::getStrides() const {
  const int64_t rank = getRank();
  SmallVector<Extent> strides(rank, 1);
  for (int64_t i = rank - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * countPositions(getShape(), getHalo(), getCapacity(), getAxis(), i + 1);
  return strides;
}

Extent BufferType::getOrigin() const {
  if (!hasHalo())
    return 0;
  SmallVector<Extent> strides = getStrides();
  return getTop() * strides[1] + getLeft() * strides[2];
}

Extent BufferType::getBytes() const {
  return countBytes(getShape(), getElementType(), getHalo(), getCapacity(), getAxis());
}

BufferType BufferType::getPlain() const { return BufferType::get(getShape(), getElementType()); }

BufferType BufferType::withHalo(ArrayRef<int64_t> halo, int64_t fill) const {
  bool none = llvm::all_of(halo, [](int64_t count) { return count == 0; });
  return BufferType::get(getContext(), getShape(), getElementType(), none ? ArrayRef<int64_t>() : halo, none ? 0 : fill,
                         getCapacity(), getAxis());
}

BufferType BufferType::withCapacity(int64_t capacity, int64_t axis) const {
  return BufferType::get(getContext(), getShape(), getElementType(), getHalo(), getFill(), capacity, axis);
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
