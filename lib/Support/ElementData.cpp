// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of constant tensors.

#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace nibble;

/// Constants beyond this many bytes become dense resources, whose data the printer may elide.
static constexpr size_t largestInline = 1024;
/// Splats are spelled out up to this many bytes.
static constexpr int64_t largestSplat = int64_t(1) << 30;

bool nibble::isMemoryElement(Type type) {
  if (isa<IntegerType>(type))
    return llvm::is_contained({1, 2, 4, 8, 16, 32, 64}, type.getIntOrFloatBitWidth());
  return isa<Float4E2M1FNType, Float6E2M3FNType, Float6E3M2FNType, Float8E4M3FNType, Float8E4M3FNUZType, Float8E5M2Type,
             Float8E5M2FNUZType, Float8E8M0FNUType, Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
}

Type nibble::getSignless(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer ? IntegerType::get(type.getContext(), integer.getWidth()) : type;
}

std::optional<int64_t> nibble::getElementBytes(Type elementType) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(elementType))
    elementType = IntegerType::get(elementType.getContext(), std::max(8u, quantized.getStorageTypeIntegralWidth()));
  if (!elementType.isIntOrFloat())
    return std::nullopt;
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

std::optional<uint64_t> nibble::getElementBits(Type type, double value) {
  llvm::APFloat real(value);
  if (auto to = dyn_cast<FloatType>(type)) {
    if (isa<Float8E8M0FNUType>(type) && !(value > 0)) // it has neither zero nor signs
      return std::nullopt;
    bool lost;
    real.convert(to.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return real.bitcastToAPInt().getZExtValue();
  }
  // Integers without a sign count as signed, but i1 is a boolean.
  llvm::APSInt integer(type.getIntOrFloatBitWidth(), type.isUnsignedInteger() || type.isInteger(1));
  bool exact = false;
  if (real.convertToInteger(integer, llvm::APFloat::rmTowardZero, &exact) != llvm::APFloat::opOK)
    return std::nullopt;
  return integer.getZExtValue();
}

/// Bytes of all elements; nullopt if they cannot be counted.
static std::optional<int64_t> countBytes(ShapedType type) {
  auto bytes = getElementBytes(type.getElementType());
  if (!bytes || !type.hasStaticShape())
    return std::nullopt;
  if (llvm::is_contained(type.getShape(), 0))
    return 0;
  std::optional<int64_t> count = bytes;
  for (int64_t extent : type.getShape())
    count = count ? llvm::checkedMul(*count, extent) : std::nullopt;
  return count;
}

static ElementData unpackBits(DenseElementsAttr dense) {
  auto bytes = std::make_shared<std::vector<char>>();
  if (dense.isSplat())
    bytes->push_back(dense.getSplatValue<bool>());
  else
    bytes->assign(dense.value_begin<bool>(), dense.value_end<bool>());
  return {*bytes, dense.isSplat(), bytes};
}

std::optional<ElementData> nibble::getElementData(ElementsAttr attr) {
  auto size = countBytes(attr.getShapedType());
  if (!size)
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return dense.getElementType().isInteger(1) ? unpackBits(dense) : ElementData{dense.getRawData(), dense.isSplat()};
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || int64_t(blob->getData().size()) != *size)
    return std::nullopt;
  return ElementData{blob->getData(), false};
}

StringRef nibble::getMissingResource(ElementsAttr attr) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  return resource && !resource.getRawHandle().getBlob() ? resource.getRawHandle().getKey() : StringRef();
}

template <typename T>
std::optional<std::vector<T>> nibble::copyElements(ElementsAttr attr) {
  auto data = getElementData(attr);
  if (!data)
    return std::nullopt;
  // A splat may claim more elements than any memory holds.
  const int64_t size = *countBytes(attr.getShapedType());
  if (data->splat && size > largestSplat)
    return std::nullopt;
  std::vector<T> elements(size / sizeof(T));
  auto *at = reinterpret_cast<char *>(elements.data());
  if (!data->splat) {
    forEachPiece(data->bytes, [&](ArrayRef<char> piece) { at = llvm::copy(piece, at); });
    return elements;
  }
  for (int64_t done = 0; done < size; done += data->bytes.size())
    at = llvm::copy(data->bytes, at);
  return elements;
}

std::optional<std::vector<char>> nibble::copyElementData(ElementsAttr attr) { return copyElements<char>(attr); }

template std::optional<std::vector<float>> nibble::copyElements(ElementsAttr);
template std::optional<std::vector<int8_t>> nibble::copyElements(ElementsAttr);
template std::optional<std::vector<uint8_t>> nibble::copyElements(ElementsAttr);
template std::optional<std::vector<int16_t>> nibble::copyElements(ElementsAttr);
template std::optional<std::vector<int32_t>> nibble::copyElements(ElementsAttr);
template std::optional<std::vector<int64_t>> nibble::copyElements(ElementsAttr);

std::vector<char> nibble::transposeBytes(ArrayRef<char> bytes, int64_t elementBytes, ArrayRef<int64_t> shape,
                                         ArrayRef<int64_t> permutation) {
  size_t rank = shape.size();
  SmallVector<int64_t> strides(rank, elementBytes), extents, steps, index(rank, 0);
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  for (int64_t dim : permutation) {
    extents.push_back(shape[dim]);
    steps.push_back(strides[dim]);
  }
  std::vector<char> result(bytes.size());
  const char *source = bytes.data();
  for (size_t at = 0; at < result.size(); at += elementBytes) {
    std::memcpy(result.data() + at, source, elementBytes);
    for (size_t i = rank; i-- > 0;) {
      source += steps[i];
      if (++index[i] < extents[i])
        break;
      source -= steps[i] * extents[i];
      index[i] = 0;
    }
  }
  return result;
}

ElementsAttr nibble::reshapeElements(ElementsAttr value, ArrayRef<int64_t> shape) {
  ShapedType type = value.getShapedType().clone(shape);
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.reshape(type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return ElementsAttr();
}

ElementsAttr nibble::makeElements(ShapedType type, ArrayRef<char> bytes, StringRef name) {
  if (bytes.empty())
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (bytes.size() <= largestInline && type.getElementType().isInteger(1))
    return DenseElementsAttr::get(type, ArrayRef(reinterpret_cast<const bool *>(bytes.data()), bytes.size()));
  if (bytes.size() <= largestInline)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return makeResource(type, storeBytes(bytes), 64, name);
}

ElementsAttr nibble::makeResource(ShapedType type, const StoredBytes &bytes, size_t align, StringRef name) {
  AsmResourceBlob blob(
      bytes.data, align, [owner = bytes.owner](void *, size_t, size_t) mutable { owner.reset(); },
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

ResourceScope::ResourceScope(MLIRContext &context) : context(context) {
  DenseResourceElementsHandle::getManagerInterface(&context).getBlobManager().getBlobMap([&](const auto &resources) {
    for (const auto &entry : resources)
      known.insert(entry.getKey());
  });
}

ResourceScope::~ResourceScope() {
  DialectResourceBlobManager &manager = DenseResourceElementsHandle::getManagerInterface(&context).getBlobManager();
  std::vector<std::string> added;
  manager.getBlobMap([&](const auto &resources) {
    for (const auto &entry : resources)
      if (!known.contains(entry.getKey()))
        added.push_back(entry.getKey().str());
  });
  for (const std::string &name : added)
    manager.lookup(name)->setBlob(AsmResourceBlob());
}
