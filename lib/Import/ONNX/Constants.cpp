// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX tensors as attributes and constants.

#include "Generate.h"
#include "RunTimeControl.h"

#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// What is larger becomes a resource, where it lies.
constexpr size_t kResourceThreshold = 1024;

ElementsAttr Importer::attribute(RankedTensorType type, const Bytes &data, StringRef name) {
  if (data.data.size() <= kResourceThreshold)
    return makeElements(type, data.data, name);
  size_t align = *getElementBytes(type.getElementType());
  const bool isAligned = reinterpret_cast<uintptr_t>(data.data.data()) % align == 0;
  return makeResource(type, isAligned ? data : storeBytes(data.data), align, name);
}

template <typename T>
static void readInts(ArrayRef<char> data, Content &content) {
  for (size_t i = 0; i < data.size(); i += sizeof(T)) {
    T element;
    std::memcpy(&element, data.data() + i, sizeof(T));
    content.ints.push_back(static_cast<int64_t>(element));
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
  if (content->isReal()) {
    content->reals = toReals(elementType(tensor.data_type()), data);
    return content;
  }
  switch (tensor.data_type()) {
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
  case onnx::TensorProto::INT4:
  case onnx::TensorProto::UINT4:
  case onnx::TensorProto::INT2:
  case onnx::TensorProto::UINT2:
    for (double value : toReals(elementType(tensor.data_type()), data))
      content->ints.push_back(int64_t(value));
    return content;
  default:
    return nullptr;
  }
}

Value Importer::constant(Location loc, Type type, ElementsAttr value) {
  OpBuilder::InsertionGuard guard(builder);
  leaveControl(builder);
  Value result = ConstantOp::create(builder, loc, type, value);
  shapeOf(result);
  return result;
}

/// Small content, all of it known, as an attribute.
static ElementsAttr toAttribute(Importer &importer, const Content &content) {
  auto type = RankedTensorType::get(content.shape, importer.elementType(content.type));
  if (auto real = dyn_cast<FloatType>(type.getElementType())) {
    auto floats = llvm::map_to_vector(content.reals, [&](double value) {
      bool isInexact;
      APFloat rounded(value);
      rounded.convert(real.getFloatSemantics(), APFloat::rmNearestTiesToEven, &isInexact);
      return rounded;
    });
    return DenseElementsAttr::get(type, floats);
  }
  unsigned width = type.getElementTypeBitWidth();
  auto ints = llvm::map_to_vector(content.ints, [&](const Dim &dim) {
    return APInt(width, dim.getStatic(), /*isSigned=*/true, /*implicitTrunc=*/true);
  });
  return DenseElementsAttr::get(type, ints);
}

/// The element's number, in row-major order.
static Scalar countElements(Body &b, ArrayRef<int64_t> shape) {
  Scalar number = b.index(0);
  for (auto [d, extent] : llvm::enumerate(shape))
    if (d > 0)
      number = b.add(b.mul(number, b.integer(extent)), b.index(d));
  return number;
}

/// Content that the dimensions of the model's inputs decide of: each element is chosen by its number.
static Value generateDims(Importer &importer, Location loc, const Content &content) {
  OpBuilder::InsertionGuard guard(importer.builder);
  leaveControl(importer.builder);
  auto type = RankedTensorType::get(content.shape, importer.elementType(content.type));
  auto op = GenerateOp::create(importer.builder, loc, type, ValueRange(), ExtentsAttr());
  Block &block = op.getBody().emplaceBlock();
  for (size_t i = 0; i < content.shape.size(); ++i)
    block.addArgument(importer.builder.getIndexType(), importer.builder.getUnknownLoc());
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  Body b(importer.builder.getUnknownLoc(), builder, op);
  b.setInsertionPointToStart(&block);
  Scalar value = b.value(content.ints.front());
  std::optional<Scalar> number;
  for (auto [i, dim] : llvm::enumerate(content.ints)) {
    if (i == 0)
      continue;
    if (!number)
      number = countElements(b, content.shape);
    value = b.select(b.equal(*number, b.integer(i)), b.value(dim), value);
  }
  YieldOp::create(b, b.cast(value, type.getElementType()).value);
  importer.shapeOf(op.getResult());
  return op.getResult();
}

Value Importer::materialize(Known &known, StringRef name) {
  if (!known.value && known.real)
    known.value = convert(known.real, known.type);
  if (known.value)
    return known.value;
  Location loc = getNodeLoc(builder.getContext(), name, name);
  if (known.tensor) {
    SmallVector<int64_t> extents(known.tensor->dims().begin(), known.tensor->dims().end());
    auto type = RankedTensorType::get(extents, elementType(known.tensor->data_type()));
    known.value = constant(loc, type, attribute(type, bytes(*known.tensor), name));
  } else {
    if (!known.content || !symbols.areTold(known.content->ints))
      throw ImportError("value '" + name + "' is computed from extents that are unknown at compile time");
    if (!staticExtents(known.content->ints))
      return known.value = generateDims(*this, loc, *known.content);
    ElementsAttr value = toAttribute(*this, *known.content);
    known.value = constant(loc, value.getShapedType(), value);
  }
  return known.value;
}

Value Node::floats(ArrayRef<float> values, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, importer.builder.getF32Type());
  return importer.constant(location(), type, DenseElementsAttr::get(type, values));
}
