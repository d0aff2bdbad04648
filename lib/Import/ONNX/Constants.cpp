// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX tensors as attributes and constants.

#include "Importer.h"

#include "nibble/Support/Locations.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// What is larger becomes a resource.
constexpr size_t kResourceThreshold = 1024;
Type Importer::elementType(int32_t onnxType) {
  switch (onnxType) {
  case onnx::TensorProto::FLOAT:
    return builder.getF32Type();
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
  case onnx::TensorProto::BOOL:
    return builder.getI1Type();
  default:
    throw ImportError("element type " + onnx::TensorProto::DataType_Name(onnx::TensorProto::DataType(onnxType)) +
                          " is not supported",
                      "convert the model to 32-bit floats");
  }
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
  case onnx::TensorProto::INT8:
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    return repack<uint8_t>(tensor.int32_data());
  default:
    return repack<uint16_t>(tensor.int32_data());
  }
}

Bytes Importer::bytes(const onnx::TensorProto &tensor) {
  auto it = model.weights.find(tensor.name());
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL && it != model.weights.end() &&
      int64_t(it->second.data.size()) == byteSize(tensor))
    return it->second;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL)
    throw ImportError("tensor '" + tensor.name() + "' has external data but is no initializer");
  int64_t size = byteSize(tensor);
  Bytes data = tensor.has_raw_data() ? takeBytes(std::string(tensor.raw_data())) : repack(tensor);
  if (int64_t(data.data.size()) != size)
    throw ImportError("tensor '" + tensor.name() + "' has " + Twine(data.data.size()) + " bytes of data, expected " +
                      Twine(size));
  return data;
}

ElementsAttr Importer::attribute(RankedTensorType type, const Bytes &data, StringRef name) {
  if (type.getElementType().isInteger(1)) {
    auto bools = llvm::map_to_vector(data.data, [](char byte) { return byte != 0; });
    return DenseElementsAttr::get(type, ArrayRef<bool>(bools));
  }
  if (data.data.size() <= kResourceThreshold)
    return DenseElementsAttr::getFromRawBuffer(type, data.data);
  size_t align = type.getElementTypeBitWidth() / 8;
  Bytes bytes = data;
  if (reinterpret_cast<uintptr_t>(data.data.data()) % align != 0)
    bytes = takeBytes(std::string(data.data.begin(), data.data.end()));
  AsmResourceBlob blob(
      bytes.data, align, [owner = bytes.owner](void *, size_t, size_t) mutable { owner.reset(); },
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

template <typename T>
static void readInts(ArrayRef<char> data, Content &content) {
  for (size_t i = 0; i < data.size(); i += sizeof(T)) {
    T element;
    std::memcpy(&element, data.data() + i, sizeof(T));
    content.ints.push_back(static_cast<int64_t>(element));
  }
}

static void readReals(ArrayRef<char> data, Content &content) {
  for (size_t i = 0; i < data.size(); i += sizeof(float)) {
    float element;
    std::memcpy(&element, data.data() + i, sizeof(float));
    content.reals.push_back(element);
  }
}

std::shared_ptr<const Content> Importer::readContent(const onnx::TensorProto &tensor, int64_t limit) {
  int64_t count = 1;
  for (int64_t extent : tensor.dims())
    if (extent < 0 || llvm::MulOverflow(count, extent, count) || count > limit)
      return nullptr;
  auto content = std::make_shared<Content>();
  content->type = tensor.data_type();
  content->shape.assign(tensor.dims().begin(), tensor.dims().end());
  ArrayRef<char> data;
  Bytes held;
  if (tensor.data_type() != onnx::TensorProto::STRING)
    data = (held = bytes(tensor)).data;
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    readReals(data, *content);
    return content;
  case onnx::TensorProto::INT64:
    readInts<int64_t>(data, *content);
    return content;
  case onnx::TensorProto::INT32:
    readInts<int32_t>(data, *content);
    return content;
  case onnx::TensorProto::INT16:
    readInts<int16_t>(data, *content);
    return content;
  case onnx::TensorProto::UINT16:
    readInts<uint16_t>(data, *content);
    return content;
  case onnx::TensorProto::INT8:
    readInts<int8_t>(data, *content);
    return content;
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    readInts<uint8_t>(data, *content);
    return content;
  default:
    return nullptr;
  }
}

Value Importer::constant(Location loc, Type type, ElementsAttr value) {
  Value result = ConstantOp::create(builder, loc, type, value);
  shapeOf(result);
  return result;
}

/// Small content, all of it known, as an attribute.
static ElementsAttr toAttribute(Importer &importer, const Content &content) {
  auto type = RankedTensorType::get(content.shape, importer.elementType(content.type));
  if (content.isReal()) {
    auto floats = llvm::map_to_vector(content.reals, [](double real) { return float(real); });
    return DenseElementsAttr::get(type, ArrayRef<float>(floats));
  }
  unsigned width = type.getElementTypeBitWidth();
  auto ints = llvm::map_to_vector(content.ints, [&](const Dim &dim) {
    return APInt(width, dim.factor, /*isSigned=*/true, /*implicitTrunc=*/true);
  });
  return DenseElementsAttr::get(type, ints);
}

Value Importer::materialize(Known &known, StringRef name) {
  if (known.value)
    return known.value;
  Location loc = getNodeLoc(builder.getContext(), name, name);
  if (known.tensor) {
    SmallVector<int64_t> extents(known.tensor->dims().begin(), known.tensor->dims().end());
    auto type = RankedTensorType::get(extents, elementType(known.tensor->data_type()));
    known.value = constant(loc, type, attribute(type, bytes(*known.tensor), name));
  } else {
    if (!known.content || !staticExtents(known.content->ints))
      throw ImportError("value '" + name + "' is computed from extents that are unknown at compile time");
    ElementsAttr value = toAttribute(*this, *known.content);
    known.value = constant(loc, value.getShapedType(), value);
  }
  return known.value;
}

Value Node::floats(ArrayRef<float> values, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, importer.builder.getF32Type());
  return importer.constant(location(), type, DenseElementsAttr::get(type, values));
}
