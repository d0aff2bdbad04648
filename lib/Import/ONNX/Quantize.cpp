// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QuantizeLinear, DequantizeLinear and the types they stand for.

#include "Quant.h"

#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The constant in operand `i`; there may be as many scales as a weight has channels.
static std::shared_ptr<const Content> readConstant(Node &node, unsigned i, const Twine &what) {
  constexpr int64_t mostChannels = 1 << 20;
  const Known &known = node.known(i);
  std::shared_ptr<const Content> content = known.content;
  if (!content && known.tensor)
    content = node.importer.readContent(*known.tensor, mostChannels);
  if (!content || content->size() == 0 || (!content->isReal() && !staticExtents(content->ints)))
    node.fail("the " + what + " (input " + Twine(i) + ", '" + node.proto.input(i) + "') is not known at compile time");
  return content;
}

QuantParameters nibble::onnximport::readParameters(Node &node, unsigned scale, unsigned zeroPoint, int32_t storage) {
  QuantParameters result;
  auto scales = readConstant(node, scale, "scale");
  if (!scales->isReal())
    node.fail("the scale (input " + Twine(scale) + ", '" + node.proto.input(scale) + "') is not of type FLOAT");
  result.scales = scales->reals;
  for (double value : result.scales)
    if (!(value > 0) || value > 3e38)
      node.fail("has scale " + std::to_string(value) + ", expected a positive number");
  result.zeroPoints.assign(result.scales.size(), 0);
  result.storage = storage;
  if (!node.has(zeroPoint))
    return result;
  auto zeros = readConstant(node, zeroPoint, "zero point");
  if (zeros->isReal())
    node.fail("the zero point (input " + Twine(zeroPoint) + ", '" + node.proto.input(zeroPoint) + "') is no integer");
  result.zeroPoints = *staticExtents(zeros->ints);
  result.storage = zeros->type;
  if (result.zeroPoints.size() != result.scales.size())
    node.fail("has " + Twine(result.scales.size()) + " scales and " + Twine(result.zeroPoints.size()) + " zero points");
  return result;
}

namespace {
struct Storage {
  unsigned width;
  bool isSigned;
};
} // namespace

static std::optional<Storage> storageOf(int32_t onnxType) {
  switch (onnxType) {
  case onnx::TensorProto::INT8:
    return Storage{8, true};
  case onnx::TensorProto::UINT8:
    return Storage{8, false};
  case onnx::TensorProto::INT16:
    return Storage{16, true};
  case onnx::TensorProto::UINT16:
    return Storage{16, false};
  case onnx::TensorProto::INT32:
    return Storage{32, true};
  default:
    return std::nullopt;
  }
}

Type nibble::onnximport::quantizedType(Node &node, const QuantParameters &parameters, int64_t axis, const Shape &shape,
                                       bool isNarrow) {
  std::optional<Storage> storage = storageOf(parameters.storage);
  if (!storage)
    node.fail("quantized values of type " +
              onnx::TensorProto::DataType_Name(onnx::TensorProto::DataType(parameters.storage)) + " are not supported");
  Builder &builder = node.importer.builder;
  Type stored = builder.getIntegerType(storage->width);
  int64_t low = quant::QuantizedType::getDefaultMinimumForInteger(storage->isSigned, storage->width);
  int64_t high = quant::QuantizedType::getDefaultMaximumForInteger(storage->isSigned, storage->width);
  bool isZero = llvm::all_of(parameters.zeroPoints, [](int64_t zero) { return zero == 0; });
  if (isNarrow && storage->isSigned && storage->width == 8 && isZero)
    low = -high;
  unsigned flags = storage->isSigned ? quant::QuantizationFlags::Signed : 0;
  if (parameters.scales.size() == 1)
    return quant::UniformQuantizedType::get(flags, stored, builder.getF32Type(), parameters.scales.front(),
                                            parameters.zeroPoints.front(), low, high);
  axis = node.axis(axis, shape.size());
  if (shape[axis].isStatic() && shape[axis] != Dim(parameters.scales.size()))
    node.fail("has " + Twine(parameters.scales.size()) + " scales along axis " + Twine(axis) + " of extent " +
              Twine(shape[axis].getStatic()));
  return quant::UniformQuantizedPerAxisType::get(flags, stored, builder.getF32Type(), parameters.scales,
                                                 parameters.zeroPoints, axis, low, high);
}

/// A constant of bytes, read with scales. Its location is that of the initializer.
static Value quantizedConstant(Node &node, unsigned i, const QuantParameters &parameters, int64_t axis) {
  Importer &importer = node.importer;
  const Known &known = node.known(i);
  const onnx::TensorProto &tensor = *known.tensor;
  if (tensor.data_type() != parameters.storage)
    node.fail("input " + Twine(i) + " and its zero point have unlike types");
  Bytes data = importer.bytes(tensor);
  bool isNarrow = !llvm::is_contained(data.data, char(-128));
  Type element = quantizedType(node, parameters, axis, known.shape, isNarrow);
  SmallVector<int64_t> extents = toTypeShape(known.shape);
  StringRef name = node.proto.input(i);
  auto stored = RankedTensorType::get(extents, importer.elementType(parameters.storage));
  Location loc = getNodeLoc(importer.builder.getContext(), name, name);
  return importer.constant(loc, RankedTensorType::get(extents, element), importer.attribute(stored, data, name));
}

Value nibble::onnximport::quantizedOperand(Node &node, unsigned i, const QuantParameters &parameters, int64_t axis) {
  const Known &known = node.known(i);
  if (!known.value && known.tensor)
    return quantizedConstant(node, i, parameters, axis);
  Value value = node.get(i);
  Type element = node.elementOf(value), wanted = quantizedType(node, parameters, axis, node.shapeOf(value));
  if (element == wanted)
    return value;
  // A weight that was moved before it is dequantized.
  if (auto constant = value.getDefiningOp<ConstantOp>())
    if (element == node.importer.elementType(parameters.storage))
      return node.importer.constant(constant.getLoc(), RankedTensorType::get(toTypeShape(node.shapeOf(value)), wanted),
                                    constant.getValue());
  if (!isa<quant::QuantizedType>(element))
    node.fail("input " + Twine(i) + " ('" + node.proto.input(i) + "') holds integers of no known scale");
  std::string text;
  llvm::raw_string_ostream(text) << "reads input " << i << " ('" << node.proto.input(i) << "') as " << wanted
                                 << ", but it was quantized as " << element;
  node.fail(text);
}

/// ONNX's type of the bytes of a value that no zero point describes.
static int32_t storedType(Type element) {
  bool isSigned = element.isSignlessInteger();
  if (auto type = dyn_cast<quant::QuantizedType>(element)) {
    isSigned = type.isSigned();
    element = type.getStorageType();
  }
  if (element.isInteger(32))
    return onnx::TensorProto::INT32;
  if (element.getIntOrFloatBitWidth() == 16)
    return isSigned ? onnx::TensorProto::INT16 : onnx::TensorProto::UINT16;
  return isSigned ? onnx::TensorProto::INT8 : onnx::TensorProto::UINT8;
}

/// Whether operands 1 and 2 are a scale and a zero point that types hold, of stored integers that have kernels.
static bool hasQuantizedForm(Node &node, int32_t storage) {
  Importer &importer = node.importer;
  node.known(1); // there is one
  if (node.getInt("block_size", 0) || !importer.isConstant(node.proto.input(1)) ||
      (node.has(2) && !importer.isConstant(node.proto.input(2))))
    return false;
  if (storage != onnx::TensorProto::INT16)
    return storage == onnx::TensorProto::INT8 || storage == onnx::TensorProto::UINT8 ||
           storage == onnx::TensorProto::INT32;
  return llvm::all_of(readParameters(node, 1, 2, storage).zeroPoints, [](int64_t zero) { return zero == 0; });
}

/// Whether operand 0 is quantized, or holds constants to be read so.
static bool isQuantized(Node &node) {
  const Known &known = node.known(0);
  return known.tensor || !known.value || isa<quant::QuantizedType>(node.elementOf(known.value)) ||
         known.value.getDefiningOp<ConstantOp>();
}

static void importDequantizeLinear(Node &node) {
  int32_t storage = node.known(0).tensor ? node.known(0).tensor->data_type() : storedType(node.elementOf(node.get(0)));
  if (!hasQuantizedForm(node, storage) || !isQuantized(node))
    return dequantizeAny(node);
  QuantParameters parameters = readParameters(node, 1, 2, storage);
  Value input = quantizedOperand(node, 0, parameters, node.getInt("axis", 1));
  node.set(0, node.emit<DequantizeOp>(node.shapeOf(input), node.importer.builder.getF32Type(), input));
}

/// ONNX's type of what a QuantizeLinear node stores.
static int32_t storedType(Node &node) {
  const int64_t declared = node.getInt("output_dtype", 0);
  if (!node.has(2))
    return declared ? declared : int64_t(onnx::TensorProto::UINT8);
  const Known &zero = node.known(2);
  if (zero.tensor || zero.content)
    return zero.tensor ? zero.tensor->data_type() : zero.content->type;
  return declared;
}

/// Whether a tensor has one element.
static bool isSingle(const Shape &shape) {
  return llvm::all_of(shape, [](const Dim &dim) { return dim == 1; });
}

/// Integers of up to 16 bits, and floats of fewer.
static bool isStored(Type type) {
  const unsigned width = type.getIntOrFloatBitWidth();
  return isa<IntegerType>(type) ? width > 1 && width <= 16 : width <= 8;
}

static void importQuantizeLinear(Node &node) {
  Value input = node.real(0);
  const int32_t storage = storedType(node);
  Type stored = storage ? node.importer.elementType(storage) : node.typeOf(2);
  // Activations have one scale.
  const bool isWeight = input.getDefiningOp<ConstantOp>();
  if (isStored(stored) && (!hasQuantizedForm(node, storage) || (!isWeight && !isSingle(node.shape(1)))))
    return quantizeAny(node, stored);
  QuantParameters parameters = readParameters(node, 1, 2, storage);
  Type element = quantizedType(node, parameters, node.getInt("axis", 1), node.shapeOf(input));
  node.set(0, node.emit<QuantizeOp>(node.shapeOf(input), element, input));
}

/// The scale and zero point of an input that a node dequantizes; none if they are no constants.
static std::optional<QuantParameters> readInputParameters(Node &node, std::pair<unsigned, unsigned> operands,
                                                          int32_t storage) {
  for (unsigned i : {operands.first, operands.second})
    if (node.has(i) && !node.importer.isConstant(node.proto.input(i)))
      return std::nullopt;
  const bool isLinear = node.proto.op_type() == "DequantizeLinear";
  return isLinear && !hasQuantizedForm(node, storage)
             ? std::nullopt
             : std::optional(readParameters(node, operands.first, operands.second, storage));
}

/// Operators that keep bytes as they are.
static bool movesBytes(StringRef op) {
  return llvm::is_contained({"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice"}, op);
}

/// The operands that hold the scale and zero point of operand `i`, if a node quantizes it.
static std::optional<std::pair<unsigned, unsigned>> parameterOperands(StringRef op, unsigned i) {
  if (op == "DequantizeLinear" && i == 0)
    return std::pair(1u, 2u);
  bool isBinary =
      op == "QLinearConv" || op == "QLinearMatMul" || op == "QLinearAdd" || op == "QLinearMul" || op == "QGemm";
  if (isBinary && (i == 0 || i == 3))
    return std::pair(i + 1, i + 2);
  if (op.starts_with("QLinear") && !isBinary && i == 0)
    return std::pair(1u, 2u);
  return std::nullopt;
}

Type nibble::onnximport::quantizedInputType(Importer &importer, StringRef name, int32_t onnxType) {
  if (onnxType != onnx::TensorProto::UINT8 && onnxType != onnx::TensorProto::INT8 &&
      onnxType != onnx::TensorProto::INT16)
    return Type();
  Type result;
  SmallVector<StringRef> worklist = {name};
  while (!worklist.empty()) {
    StringRef value = worklist.pop_back_val();
    for (const onnx::NodeProto &proto : importer.model.proto.graph().node())
      for (auto [i, input] : llvm::enumerate(proto.input())) {
        if (input != value)
          continue;
        Node node(importer, proto);
        QuantParameters parameters;
        parameters.storage = onnxType;
        if (proto.op_type() == "Shape" || proto.op_type() == "Size")
          continue; // looks at no element
        if (movesBytes(proto.op_type()) && i == 0) {
          worklist.push_back(proto.output(0));
          continue;
        }
        if (proto.op_type() == "Cast" && node.getInt("to", 0) == onnx::TensorProto::FLOAT) {
          parameters.scales = {1.0};
          parameters.zeroPoints = {0};
        } else if (auto operands = parameterOperands(proto.op_type(), i)) {
          std::optional<QuantParameters> found = readInputParameters(node, *operands, onnxType);
          if (!found)
            return Type();
          parameters = *found;
        } else {
          return Type();
        }
        if (parameters.scales.size() != 1)
          return Type();
        Type type = quantizedType(node, parameters, 0, {});
        if (result && result != type)
          return Type();
        result = type;
      }
  }
  return result;
}

void nibble::onnximport::addQuantization(TranslatorTable &table) {
  table["DequantizeLinear"] = importDequantizeLinear;
  table["QuantizeLinear"] = importQuantizeLinear;
  // onnxruntime's own, older than 16 bits in ONNX.
  table["com.microsoft.DequantizeLinear"] = importDequantizeLinear;
  table["com.microsoft.QuantizeLinear"] = importQuantizeLinear;
}
