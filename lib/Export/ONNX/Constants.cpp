// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Initializers: weights, parameters and the operands that ONNX wants as tensors.

#include "Exporter.h"

#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

int32_t nibble::onnxexport::storedType(Location loc, Type element) {
  bool isUnsigned = element.isUnsignedInteger();
  unsigned width = 0;
  if (auto quantized = dyn_cast<quant::QuantizedType>(element)) {
    isUnsigned = !quantized.isSigned();
    width = quantized.getStorageTypeIntegralWidth();
    // Of fewer bits than 8, opset 21 has 4 alone: others are written as bytes.
    if (width < 8 && width != 4)
      width = 8;
  } else if (auto integer = dyn_cast<IntegerType>(element)) {
    width = integer.getWidth();
  }
  if (element.isF32())
    return onnx::TensorProto::FLOAT;
  switch (width) {
  case 4:
    return isUnsigned ? onnx::TensorProto::UINT4 : onnx::TensorProto::INT4;
  case 8:
    return isUnsigned ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8;
  case 16:
    return isUnsigned ? onnx::TensorProto::UINT16 : onnx::TensorProto::INT16;
  case 32:
    return isUnsigned ? onnx::TensorProto::UINT32 : onnx::TensorProto::INT32;
  case 64:
    return onnx::TensorProto::INT64;
  default: {
    std::string text;
    llvm::raw_string_ostream(text) << "values of type " << element << " cannot be exported to ONNX";
    throw ExportError(loc, text);
  }
  }
}

/// Two elements a byte, the first in the low half.
static std::string packNibbles(StringRef bytes) {
  std::string packed((bytes.size() + 1) / 2, '\0');
  for (auto [i, byte] : llvm::enumerate(bytes))
    packed[i / 2] = static_cast<char>(packed[i / 2] | (byte & 0xf) << (i % 2 * 4));
  return packed;
}

std::string Exporter::initializer(const Twine &name, int32_t type, ArrayRef<int64_t> shape, std::string &&bytes) {
  if (type == onnx::TensorProto::INT4 || type == onnx::TensorProto::UINT4)
    bytes = packNibbles(bytes);
  onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(unique(name));
  tensor.set_data_type(type);
  tensor.mutable_dims()->Add(shape.begin(), shape.end());
  tensor.set_raw_data(std::move(bytes));
  return tensor.name();
}

template <typename T>
static std::string toBytes(ArrayRef<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

std::string Exporter::ints(const Twine &name, ArrayRef<int64_t> values) {
  return initializer(name, onnx::TensorProto::INT64, {int64_t(values.size())}, toBytes(values));
}

std::string Exporter::scalar(const Twine &name, float value) {
  return initializer(name, onnx::TensorProto::FLOAT, {}, toBytes(ArrayRef<float>(value)));
}

std::string Exporter::storageScalar(const Twine &name, quant::QuantizedType type, int64_t value) {
  std::string bytes = toBytes(ArrayRef<int64_t>(value)).substr(0, *getElementBytes(type));
  return initializer(name, storedType(UnknownLoc::get(type.getContext()), type), {}, std::move(bytes));
}

/// The bytes of a constant.
static std::vector<char> bytesOf(ConstantOp op) {
  std::optional<std::vector<char>> bytes = copyElementData(op.getValue());
  if (!bytes)
    throw ExportError(op.getLoc(), "the constant's data is missing");
  return std::move(*bytes);
}

void Exporter::addConstant(ConstantOp op) {
  std::vector<char> bytes = bytesOf(op);
  set(op, initializer(baseName(op), storedType(op.getLoc(), op.getValue().getElementType()), typeOf(op).getShape(),
                      std::string(bytes.begin(), bytes.end())));
}

std::string Exporter::weight(Value value, ArrayRef<int64_t> permutation, int64_t axis, ArrayRef<int64_t> extents) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (auto dequantized = value.getDefiningOp<DequantizeOp>(); !constant && dequantized)
    constant = dequantized.getInput().getDefiningOp<ConstantOp>();
  bool isIdentity = llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
  if (!constant) {
    std::string name = real(value);
    return isIdentity ? name : transpose(name, permutation, unique(name + "_transposed"));
  }
  Type element = typeOf(constant).getElementType();
  ArrayRef<int64_t> shape = typeOf(constant).getShape();
  std::vector<char> bytes = transposeBytes(bytesOf(constant), *getElementBytes(element), shape, permutation);
  SmallVector<int64_t> permuted = llvm::map_to_vector(permutation, [&](int64_t dim) { return shape[dim]; });
  if (auto type = dyn_cast<quant::QuantizedType>(element); type && type.getStorageTypeIntegralWidth() < 4)
    emitRemark(constant.getLoc()) << "weights of " << type.getStorageTypeIntegralWidth()
                                  << " bits are written as int8, the least that ONNX's opset 21 has for them besides "
                                     "int4: the file is larger, the values are the same";
  std::string name =
      initializer(baseName(constant), storedType(constant.getLoc(), element),
                  extents.empty() ? ArrayRef<int64_t>(permuted) : extents, std::string(bytes.begin(), bytes.end()));
  return isa<quant::QuantizedType>(element) ? dequantize(name, element, unique(name + "_dequantized"), axis) : name;
}
