// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX's types of elements, and the bytes that files keep them in.

#include "Importer.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static Type integerType(Builder &builder, int32_t onnxType) {
  switch (onnxType) {
  case onnx::TensorProto::BOOL:
    return builder.getI1Type();
  case onnx::TensorProto::INT2:
    return builder.getIntegerType(2);
  case onnx::TensorProto::UINT2:
    return builder.getIntegerType(2, false);
  case onnx::TensorProto::INT4:
    return builder.getIntegerType(4);
  case onnx::TensorProto::UINT4:
    return builder.getIntegerType(4, false);
  case onnx::TensorProto::INT8:
    return builder.getI8Type();
  case onnx::TensorProto::UINT8:
    return builder.getIntegerType(8, false);
  case onnx::TensorProto::INT16:
    return builder.getI16Type();
  case onnx::TensorProto::UINT16:
    return builder.getIntegerType(16, false);
  case onnx::TensorProto::INT32:
    return builder.getI32Type();
  case onnx::TensorProto::UINT32:
    return builder.getIntegerType(32, false);
  case onnx::TensorProto::INT64:
    return builder.getI64Type();
  case onnx::TensorProto::UINT64:
    return builder.getIntegerType(64, false);
  default:
    return Type();
  }
}

static Type floatType(Builder &builder, int32_t onnxType) {
  switch (onnxType) {
  case onnx::TensorProto::FLOAT:
    return builder.getF32Type();
  case onnx::TensorProto::FLOAT16:
    return builder.getF16Type();
  case onnx::TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case onnx::TensorProto::DOUBLE:
    return builder.getF64Type();
  case onnx::TensorProto::FLOAT8E4M3FN:
    return builder.getType<Float8E4M3FNType>();
  case onnx::TensorProto::FLOAT8E4M3FNUZ:
    return builder.getType<Float8E4M3FNUZType>();
  case onnx::TensorProto::FLOAT8E5M2:
    return builder.getType<Float8E5M2Type>();
  case onnx::TensorProto::FLOAT8E5M2FNUZ:
    return builder.getType<Float8E5M2FNUZType>();
  case onnx::TensorProto::FLOAT8E8M0:
    return builder.getType<Float8E8M0FNUType>();
  case onnx::TensorProto::FLOAT6E2M3:
    return builder.getType<Float6E2M3FNType>();
  case onnx::TensorProto::FLOAT6E3M2:
    return builder.getType<Float6E3M2FNType>();
  case onnx::TensorProto::FLOAT4E2M1:
    return builder.getType<Float4E2M1FNType>();
  default:
    return Type();
  }
}

Type Importer::elementType(int32_t onnxType) {
  if (Type type = integerType(builder, onnxType))
    return type;
  if (Type type = floatType(builder, onnxType))
    return type;
  throw ImportError("element type " + onnx::TensorProto::DataType_Name(onnx::TensorProto::DataType(onnxType)) +
                        " is not supported",
                    "tensors hold booleans, integers and floats");
}

/// The elements of a repeated field as bytes of type `T`.
template <typename T, typename Field>
static Bytes repack(const Field &field) {
  std::string data(field.size() * sizeof(T), '\0');
  for (auto [i, element] : llvm::enumerate(field)) {
    T narrow = static_cast<T>(element);
    std::memcpy(data.data() + i * sizeof(T), &narrow, sizeof(T));
  }
  return takeBytes(std::move(data));
}

/// The values of the field for the tensor's type as `raw_data` would have them, but of 6 bits one a byte.
static Bytes repack(const onnx::TensorProto &tensor) {
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    return repack<float>(tensor.float_data());
  case onnx::TensorProto::DOUBLE:
    return repack<double>(tensor.double_data());
  case onnx::TensorProto::INT64:
    return repack<int64_t>(tensor.int64_data());
  case onnx::TensorProto::UINT64:
    return repack<uint64_t>(tensor.uint64_data());
  case onnx::TensorProto::UINT32:
    return repack<uint32_t>(tensor.uint64_data());
  case onnx::TensorProto::INT32:
    return repack<int32_t>(tensor.int32_data());
  default:
    return bitWidth(tensor) <= 8 ? repack<uint8_t>(tensor.int32_data()) : repack<uint16_t>(tensor.int32_data());
  }
}

/// Elements of `width` bits, of which one begins every `stride` bits, one a byte.
static Bytes unpack(ArrayRef<char> packed, unsigned width, unsigned stride, int64_t count) {
  std::string data(count, '\0');
  for (int64_t i = 0; i < count; ++i) {
    const int64_t bit = i * stride;
    unsigned window = uint8_t(packed[bit / 8]);
    if (bit % 8 + width > 8)
      window |= unsigned(uint8_t(packed[bit / 8 + 1])) << 8;
    data[i] = char(window >> bit % 8 & llvm::maskTrailingOnes<unsigned>(width));
  }
  return takeBytes(std::move(data));
}

/// Every truth is 1.
static Bytes normalizeTruths(ArrayRef<char> bytes) {
  std::string data(bytes.begin(), bytes.end());
  for (char &byte : data)
    byte = byte != 0;
  return takeBytes(std::move(data));
}

/// The tensor's bytes as `raw_data` has them, wherever they are.
static Bytes storedBytes(const Model &model, const onnx::TensorProto &tensor) {
  auto it = model.weights.find(tensor.name());
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL && it != model.weights.end() &&
      int64_t(it->second.data.size()) == byteSize(tensor))
    return it->second;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL)
    throw ImportError("tensor '" + tensor.name() + "' has external data but is no initializer");
  return tensor.has_raw_data() ? takeBytes(std::string(tensor.raw_data())) : repack(tensor);
}

Bytes Importer::bytes(const onnx::TensorProto &tensor) {
  const unsigned width = bitWidth(tensor);
  int64_t size = byteSize(tensor), count = 1;
  for (int64_t extent : tensor.dims())
    count *= extent;
  Bytes data = storedBytes(model, tensor);
  const bool isField = !tensor.has_raw_data() && tensor.data_location() != onnx::TensorProto::EXTERNAL;
  const unsigned stride = width == 6 && isField ? 8 : width;
  if (stride == 8)
    size = count;
  if (int64_t(data.data.size()) != size)
    throw ImportError("tensor '" + tensor.name() + "' has " + Twine(data.data.size()) + " bytes of data, expected " +
                      Twine(size));
  if (width < 8)
    return unpack(data.data, width, stride, count);
  return tensor.data_type() == onnx::TensorProto::BOOL ? normalizeTruths(data.data) : data;
}
