// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floats of other widths than 32 bits: what nodes compute with is f32. A result whose type in ONNX is another stays f32
// until a node that does not compute, or the model's border, asks for its own type.

#include "Importer.h"

#include "nibble/Support/Array.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

SmallVector<double> nibble::onnximport::toReals(Type element, ArrayRef<char> data) {
  ElementKind kind = *getElementKind(element);
  // Read only, and not beyond this function.
  std::shared_ptr<char> view(const_cast<char *>(data.data()), [](char *) {});
  Array array = Array::view(kind, {int64_t(data.size() / getByteWidth(kind))}, view);
  return llvm::to_vector(array.toDoubles());
}

static float fromHalf(uint16_t bits) {
  const uint32_t magnitude = bits & 0x7fff, sign = uint32_t(bits & 0x8000) << 16;
  if (magnitude >= 0x7c00)
    return llvm::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  // Exact, also of subnormal numbers.
  return llvm::bit_cast<float>(sign | llvm::bit_cast<uint32_t>(llvm::bit_cast<float>(magnitude << 13) * 0x1p112f));
}

/// Each element of type T of `data` as f32.
template <typename T, typename Function>
static std::vector<char> mapElements(ArrayRef<char> data, Function function) {
  std::vector<char> result(data.size() / sizeof(T) * sizeof(float));
  for (size_t i = 0; i < data.size() / sizeof(T); ++i) {
    T element;
    std::memcpy(&element, data.data() + i * sizeof(T), sizeof(T));
    const float value = function(element);
    std::memcpy(result.data() + i * sizeof(float), &value, sizeof(float));
  }
  return result;
}

static std::vector<char> toFloats(Type element, ArrayRef<char> data) {
  if (element.isF16())
    return mapElements<uint16_t>(data, fromHalf);
  if (element.isBF16())
    return mapElements<uint16_t>(data, [](uint16_t bits) { return llvm::bit_cast<float>(uint32_t(bits) << 16); });
  return mapElements<double>(data, [](double value) { return float(value); });
}

/// A constant of another float type in f32; null if its bytes are missing.
static Value convertConstant(Importer &importer, ConstantOp constant) {
  std::optional<std::vector<char>> data = copyElementData(constant.getValue());
  if (!data)
    return Value();
  auto type = cast<RankedTensorType>(constant.getType()).clone(importer.builder.getF32Type());
  StringRef name = getValueName(constant.getLoc());
  ElementsAttr value = makeElements(type, toFloats(constant.getValue().getElementType(), *data), name);
  return importer.constant(constant.getLoc(), type, value);
}

Type Importer::wideType(StringRef name) {
  const onnx::TypeProto *type = inferredType(name);
  if (!type || !type->has_tensor_type() || !isWideFloat(type->tensor_type().elem_type()))
    return Type();
  return elementType(type->tensor_type().elem_type());
}

Value Importer::convert(Value value, Type element) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(value);
  auto constant = value.getDefiningOp<ConstantOp>();
  if (constant && element.isF32())
    if (Value converted = convertConstant(*this, constant))
      return converted;
  return castElements(*this, value, element);
}

void Importer::remarkDouble(Node &node) {
  if (!std::exchange(hasDoubles, true))
    emitRemark(node.location(0)) << "node '" << nodeName(node.proto)
                                 << "' computes in float32 of operands of type double, and so may others";
}

SmallVector<Value> Node::alike() {
  SmallVector<Value> values;
  for (unsigned i = 0; i < size(); ++i)
    values.push_back(get(i));
  const bool isAlike = llvm::all_equal(llvm::map_range(values, elementOf));
  for (unsigned i = 0; i < size() && !isAlike; ++i)
    values[i] = importer.materialize(proto.input(i));
  return values;
}

Value Node::real(unsigned i) {
  Known &operand = known(i);
  if (operand.real)
    return operand.real;
  Value value = get(i);
  Type element = elementOf(value);
  if (element.isF32() || isa<quant::QuantizedType>(element))
    return value;
  if (element.isF64())
    importer.remarkDouble(*this);
  if (element.isF16() || element.isBF16() || element.isF64())
    return operand.real = importer.convert(value, importer.builder.getF32Type());
  std::string text;
  llvm::raw_string_ostream(text) << element;
  fail("input " + Twine(i) + " ('" + proto.input(i) + "') has elements of type " + text + ", expected f32");
}
