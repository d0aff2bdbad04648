// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense tensors of the reference interpreter.

#include "nibble/Reference/Tensor.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Dialect/Nibble/ShapeUtils.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

/// No model that anybody interprets has a larger tensor; a hostile one must not exhaust memory.
static constexpr int64_t largestTensor = int64_t(1) << 31;

static std::string format(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

llvm::Expected<Tensor> Tensor::allocate(ArrayRef<int64_t> shape, Type elementType) {
  auto bytes = getElementBytes(elementType);
  if (!bytes || *bytes > 8)
    return makeError("expected elements of 1, 2, 4 or 8 bytes, got " + format(elementType));
  // Empty tensors are bounded too, in their other extents, as loops run over these.
  SmallVector<int64_t> padded;
  for (int64_t extent : shape)
    padded.push_back(extent == 0 ? 1 : extent);
  auto bound = getElementCount(padded);
  if (!bound || *bound > largestTensor / *bytes)
    return makeError("expected a tensor of at most 2 GiB, got shape " + formatShape(shape));
  Tensor tensor;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.elementType = elementType;
  tensor.data.resize(llvm::is_contained(shape, 0) ? 0 : *bound * *bytes);
  return tensor;
}

/// Calls `visit` with a null pointer of the type that stores an integer.
template <typename Visit>
static void visitStorage(Type elementType, Visit visit) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(elementType))
    elementType = getStorageElementType(quantized);
  bool isUnsigned = elementType.isUnsignedInteger();
  switch (elementType.getIntOrFloatBitWidth()) {
  case 8:
    return isUnsigned ? visit((uint8_t *)nullptr) : visit((int8_t *)nullptr);
  case 16:
    return isUnsigned ? visit((uint16_t *)nullptr) : visit((int16_t *)nullptr);
  default:
    return visit((int32_t *)nullptr);
  }
}

std::vector<int32_t> Tensor::loadIntegers() const {
  std::vector<int32_t> values(getCount());
  visitStorage(elementType, [&](auto *type) {
    using T = std::remove_pointer_t<decltype(type)>;
    std::copy_n(as<T>(), values.size(), values.begin());
  });
  return values;
}

void Tensor::storeIntegers(ArrayRef<int32_t> values) {
  visitStorage(elementType, [&](auto *type) {
    using T = std::remove_pointer_t<decltype(type)>;
    llvm::transform(values, as<T>(), [](int32_t value) { return T(value); });
  });
}

SmallVector<int64_t> reference::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}
