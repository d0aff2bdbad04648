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
  } else if (auto integer = dyn_cast<IntegerType>(element)) {
    width = integer.getWidth();
  }
  if (element.isF32())
    return onnx::TensorProto::FLOAT;
  switch (width) {
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

std::string Exporter::initializer(const Twine &name, int32_t type, ArrayRef<int64_t> shape, std::string &&bytes) {
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
  std::string bytes = toBytes(ArrayRef<int64_t>(value)).substr(0, type.getStorageTypeIntegralWidth() / 8);
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
  std::string name =
      initializer(baseName(constant), storedType(constant.getLoc(), element),
                  extents.empty() ? ArrayRef<int64_t>(permuted) : extents, std::string(bytes.begin(), bytes.end()));
  return isa<quant::QuantizedType>(element) ? dequantize(name, element, unique(name + "_dequantized"), axis) : name;
}
