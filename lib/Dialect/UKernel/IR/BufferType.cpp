// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The buffer type: its text, constraints and addresses.

#include "nibble/Dialect/UKernel/UKernel.h"
#include "nibble/Support/ElementData.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static ParseResult parseHalo(AsmParser &parser, SmallVectorImpl<int64_t> &halo) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                        [&] { return parser.parseInteger(halo.emplace_back()); });
}

Type BufferType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape, halo;
  Type elementType;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/false) || parser.parseType(elementType))
    return {};
  int64_t fill = 0, pitch = shape.empty() ? 1 : shape.back();
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    llvm::SMLoc keyLoc = parser.getCurrentLocation();
    if (parser.parseKeyword(&key) || parser.parseEqual())
      return {};
    ParseResult value = key == "halo"   ? parseHalo(parser, halo)
                        : key == "fill" ? parser.parseInteger(fill)
                        : key == "pitch"
                            ? parser.parseInteger(pitch)
                            : ParseResult(parser.emitError(keyLoc, "expected halo, fill or pitch, got ") << key);
    if (value)
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<BufferType>(loc, parser.getContext(), ArrayRef<int64_t>(shape), elementType,
                                       ArrayRef<int64_t>(halo), fill, pitch);
}

void BufferType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t extent : getShape())
    printer << extent << "x";
  printer << getElementType();
  if (hasHalo()) {
    printer << ", halo = [";
    llvm::interleaveComma(getHalo(), printer);
    printer << "], fill = " << getFill();
  }
  if (!getShape().empty() && getPitch() != getShape().back())
    printer << ", pitch = " << getPitch();
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

/// Bytes of the memory; none beyond what machines address, so that sums of many buffers are still numbers.
static std::optional<int64_t> countBytes(ArrayRef<int64_t> shape, Type elementType, ArrayRef<int64_t> halo,
                                         int64_t pitch) {
  constexpr int64_t most = int64_t(1) << 47;
  int64_t bytes = *nibble::getElementBytes(elementType);
  auto multiply = [&](int64_t factor) { return !llvm::MulOverflow(bytes, factor, bytes) && bytes <= most; };
  for (auto [dim, extent] : llvm::enumerate(shape.empty() ? shape : shape.drop_back())) {
    int64_t before = halo.empty() || dim < 1 || dim > 2 ? 0 : halo[dim - 1];
    int64_t behind = halo.empty() || dim < 1 || dim > 2 ? 0 : halo[dim + 1];
    int64_t all;
    if (llvm::AddOverflow(extent, before, all) || llvm::AddOverflow(all, behind, all) || !multiply(all))
      return std::nullopt;
  }
  return multiply(pitch) ? std::optional<int64_t>(bytes) : std::nullopt;
}

LogicalResult BufferType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape,
                                 Type elementType, ArrayRef<int64_t> halo, int64_t fill, int64_t pitch) {
  for (int64_t extent : shape)
    if (extent < 0)
      return emitError() << "expected extents that are known and not negative, got " << extent;
  if (!nibble::isMemoryElement(elementType))
    return emitError() << "expected elements that are integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats, got "
                       << elementType;
  if (!halo.empty() && (halo.size() != 4 || llvm::any_of(halo, [](int64_t count) { return count < 0; })))
    return emitError() << "expected a halo of four counts, none negative";
  if (!halo.empty() && shape.size() != 4)
    return emitError() << "expected four dimensions beside a halo, got " << shape.size();
  int64_t last = shape.empty() ? 1 : shape.back();
  if (pitch < last)
    return emitError() << "expected a pitch of at least the last extent " << last << ", got " << pitch;
  if (!countBytes(shape, elementType, halo, pitch))
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

int64_t BufferType::getNumElements() const {
  int64_t count = 1;
  for (int64_t extent : getShape())
    count *= extent;
  return count;
}

int64_t BufferType::getElementBytes() const { return *nibble::getElementBytes(getElementType()); }

bool BufferType::isPlain() const { return !hasHalo() && (getShape().empty() || getPitch() == getShape().back()); }

SmallVector<int64_t> BufferType::getStrides() const {
  unsigned rank = getRank();
  SmallVector<int64_t> strides(rank, 1);
  if (rank < 2)
    return strides;
  strides[rank - 2] = getPitch();
  for (int i = int(rank) - 3; i >= 0; --i) {
    int64_t extent = getDim(i + 1);
    if (hasHalo() && i + 1 == 2)
      extent += getLeft() + getRight();
    if (hasHalo() && i + 1 == 1)
      extent += getTop() + getBottom();
    strides[i] = strides[i + 1] * extent;
  }
  return strides;
}

int64_t BufferType::getOrigin() const {
  if (!hasHalo())
    return 0;
  SmallVector<int64_t> strides = getStrides();
  return getTop() * strides[1] + getLeft() * strides[2];
}

int64_t BufferType::getBytes() const {
  if (getShape().empty())
    return getElementBytes();
  int64_t first = getDim(0);
  if (getRank() == 1)
    return getPitch() * getElementBytes();
  return first * getStrides()[0] * getElementBytes();
}

BufferType BufferType::getPlain() const { return BufferType::get(getShape(), getElementType()); }

BufferType BufferType::withHalo(ArrayRef<int64_t> halo, int64_t fill) const {
  bool none = llvm::all_of(halo, [](int64_t count) { return count == 0; });
  return BufferType::get(getContext(), getShape(), getElementType(), none ? ArrayRef<int64_t>() : halo, none ? 0 : fill,
                         getPitch());
}
