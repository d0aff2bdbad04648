// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading and making the constants that hold weights.

#include "nibble/Support/Constants.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

using namespace mlir;

template <>
Type nibble::getElementType<float>(MLIRContext *context) {
  return Float32Type::get(context);
}
template <>
Type nibble::getElementType<int8_t>(MLIRContext *context) {
  return IntegerType::get(context, 8);
}
template <>
Type nibble::getElementType<int16_t>(MLIRContext *context) {
  return IntegerType::get(context, 16);
}
template <>
Type nibble::getElementType<uint8_t>(MLIRContext *context) {
  return IntegerType::get(context, 8, IntegerType::Unsigned);
}
template <>
Type nibble::getElementType<int32_t>(MLIRContext *context) {
  return IntegerType::get(context, 32);
}
template <>
Type nibble::getElementType<int64_t>(MLIRContext *context) {
  return IntegerType::get(context, 64);
}

ElementsAttr nibble::getConstantAttr(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : nullptr;
  return constant ? constant.getValue() : ElementsAttr();
}

template <typename T>
std::optional<std::vector<T>> nibble::getConstantValues(Value value) {
  ElementsAttr attr = getConstantAttr(value);
  if (!attr || attr.getShapedType().getElementType() != getElementType<T>(value.getContext()))
    return std::nullopt;
  return copyElements<T>(attr);
}

template <typename T>
Value nibble::createConstant(OpBuilder &builder, Location loc, RankedTensorType type, ArrayRef<T> values) {
  auto stored = RankedTensorType::get(type.getShape(), getElementType<T>(builder.getContext()));
  StringRef name = getValueName(loc);
  ElementsAttr attr =
      makeElements(stored, ArrayRef<char>(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)),
                   name.empty() ? "weight" : name);
  return ConstantOp::create(builder, loc, type, attr);
}

#define NIBBLE_INSTANTIATE(T)                                                                                          \
  template std::optional<std::vector<T>> nibble::getConstantValues<T>(Value);                                          \
  template Value nibble::createConstant<T>(OpBuilder &, Location, RankedTensorType, ArrayRef<T>);
NIBBLE_INSTANTIATE(float)
NIBBLE_INSTANTIATE(int8_t)
NIBBLE_INSTANTIATE(uint8_t)
NIBBLE_INSTANTIATE(int16_t)
NIBBLE_INSTANTIATE(int32_t)
NIBBLE_INSTANTIATE(int64_t)
#undef NIBBLE_INSTANTIATE
