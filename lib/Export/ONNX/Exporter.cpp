// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation of a module: names, constants and forms of values.

#include "Exporter.h"

#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

/// What we write: new enough for every operator used, old enough for onnxruntime.
constexpr int64_t kOpset = 21;
constexpr int64_t kIRVersion = 10;

static const int64_t kToImage[] = {0, 3, 1, 2}, kToPlain[] = {0, 2, 3, 1};

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

int64_t nibble::onnxexport::imageAxis(int64_t axis) {
  return std::distance(std::begin(kToImage), llvm::find(kToImage, axis));
}

SmallVector<int64_t> nibble::onnxexport::imageOrder(ArrayRef<int64_t> values) {
  return llvm::map_to_vector(kToImage, [&](int64_t axis) { return values[axis]; });
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

std::string Exporter::unique(const Twine &name) {
  std::string base = name.str(), result = base;
  for (unsigned i = 1; !taken.insert(result).second; ++i)
    result = base + "_" + std::to_string(i);
  return result;
}

/// Name of the ONNX value that an operation computes, else of its node, else of the operation.
std::string Exporter::baseName(Operation *op) const {
  StringRef name = getValueName(op->getLoc());
  if (name.empty())
    name = getNodeName(op->getLoc());
  return name.empty() ? op->getName().stripDialect().str() : name.str();
}

std::string Exporter::storedName(Operation *op, Form form) {
  auto it = outputs.find(op->getResult(0));
  if (it != outputs.end() && form == Form::Plain)
    return it->second;
  bool isQuantized = isa<quant::QuantizedType>(typeOf(op->getResult(0)).getElementType());
  return unique(baseName(op) + (isQuantized ? "_quantized" : ""));
}

std::string Exporter::realName(Operation *op, Form form) {
  if (isa<quant::QuantizedType>(typeOf(op->getResult(0)).getElementType()))
    return unique(baseName(op));
  return storedName(op, form);
}

void Exporter::set(Operation *op, const std::string &name, Form form) {
  Names &entry = names[op->getResult(0)];
  (form == Form::Plain ? entry.plain : entry.image) = name;
}

void Exporter::setReal(Operation *op, const std::string &name, Form form) {
  Type element = typeOf(op->getResult(0)).getElementType();
  if (!isa<quant::QuantizedType>(element))
    return set(op, name, form);
  std::string output = storedName(op, form);
  int64_t axis = 0;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element))
    axis = perAxis.getQuantizedDimension();
  SmallVector<std::string> inputs = {name};
  llvm::append_range(inputs, parameters(output, cast<quant::QuantizedType>(element)));
  onnx::NodeProto &quantize = node(op, "QuantizeLinear", inputs, output);
  quantize.set_name(output);
  if (isa<quant::UniformQuantizedPerAxisType>(element))
    setInt(quantize, "axis", axis);
  set(op, output, form);
}

std::string Exporter::stored(Value value, Form form) {
  if (auto constant = value.getDefiningOp<ConstantOp>(); constant && names[value].plain.empty())
    addConstant(constant);
  Names entry = names[value];
  auto dequantized = value.getDefiningOp<DequantizeOp>();
  if (dequantized && entry.plain.empty() && entry.image.empty())
    entry.plain = real(dequantized.getInput()); // of a constant
  if (form == Form::Plain && entry.plain.empty()) {
    std::string output = value.getDefiningOp() ? storedName(value.getDefiningOp()) : unique("transposed");
    entry.plain = transpose(entry.image, kToPlain, output);
  }
  if (form == Form::Image && entry.image.empty())
    entry.image = transpose(entry.plain, kToImage, unique(entry.plain + "_nchw"));
  names[value] = entry;
  return form == Form::Plain ? entry.plain : entry.image;
}

std::string Exporter::real(Value value, Form form, const std::string &output) {
  std::string name = stored(value, form);
  Type element = typeOf(value).getElementType();
  if (!isa<quant::QuantizedType>(element))
    return name;
  int64_t axis = 0;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element)) {
    axis = perAxis.getQuantizedDimension();
    if (form == Form::Image)
      axis = imageAxis(axis);
  }
  return dequantize(name, element, output.empty() ? unique(name + "_dequantized") : output, axis);
}

bool Exporter::isImage(Value value) const {
  auto it = names.find(value);
  return it != names.end() && !it->second.image.empty();
}

SmallVector<std::string> Exporter::parameters(const Twine &name, quant::QuantizedType type) {
  SmallVector<std::string> &shared = sharedParameters[type];
  if (!shared.empty())
    return shared;
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints, shape;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    scales.assign(perAxis.getScales().begin(), perAxis.getScales().end());
    zeroPoints.assign(perAxis.getZeroPoints().begin(), perAxis.getZeroPoints().end());
    shape.push_back(scales.size());
  } else {
    auto uniform = cast<quant::UniformQuantizedType>(type);
    scales.push_back(uniform.getScale());
    zeroPoints.push_back(uniform.getZeroPoint());
  }
  std::string scaleBytes, zeroBytes;
  size_t width = type.getStorageTypeIntegralWidth() / 8;
  for (auto [scale, zero] : llvm::zip(scales, zeroPoints)) {
    float single = float(scale);
    scaleBytes.append(reinterpret_cast<const char *>(&single), sizeof(single));
    zeroBytes.append(reinterpret_cast<const char *>(&zero), width); // little-endian
  }
  Type element = type.getStorageType();
  if (!type.isSigned())
    element = IntegerType::get(type.getContext(), type.getStorageTypeIntegralWidth(), IntegerType::Unsigned);
  shared.push_back(initializer(name + "_scale", type.getExpressedType(), shape, std::move(scaleBytes)));
  shared.push_back(initializer(name + "_zero_point", element, shape, std::move(zeroBytes)));
  return shared;
}

std::string Exporter::dequantize(const std::string &input, Type element, const std::string &output, int64_t axis) {
  SmallVector<std::string> inputs = {input};
  llvm::append_range(inputs, parameters(input, cast<quant::QuantizedType>(element)));
  onnx::NodeProto &result = node(nullptr, "DequantizeLinear", inputs, output);
  if (isa<quant::UniformQuantizedPerAxisType>(element))
    setInt(result, "axis", axis);
  return output;
}

onnx::NodeProto &Exporter::node(Operation *op, StringRef type, ArrayRef<std::string> inputs,
                                const std::string &output) {
  onnx::NodeProto &result = *graph.add_node();
  StringRef name = op ? getNodeName(op->getLoc()) : StringRef();
  result.set_name(name.empty() ? output : name.str());
  result.set_op_type(type.str());
  for (const std::string &input : inputs)
    result.add_input(input);
  result.add_output(output);
  return result;
}

std::string Exporter::transpose(const std::string &input, ArrayRef<int64_t> permutation, const std::string &output) {
  setInts(node(nullptr, "Transpose", {input}, output), "perm", permutation);
  return output;
}

static onnx::AttributeProto &addAttribute(onnx::NodeProto &node, StringRef name,
                                          onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name.str());
  attribute.set_type(type);
  return attribute;
}

void Exporter::setInt(onnx::NodeProto &node, StringRef name, int64_t value) {
  addAttribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void Exporter::setFloat(onnx::NodeProto &node, StringRef name, float value) {
  addAttribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void Exporter::setInts(onnx::NodeProto &node, StringRef name, ArrayRef<int64_t> values) {
  onnx::AttributeProto &attribute = addAttribute(node, name, onnx::AttributeProto::INTS);
  attribute.mutable_ints()->Add(values.begin(), values.end());
}

std::string Exporter::initializer(const Twine &name, Type element, ArrayRef<int64_t> shape, std::string &&bytes) {
  onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(unique(name));
  tensor.set_data_type(storedType(UnknownLoc::get(element.getContext()), element));
  tensor.mutable_dims()->Add(shape.begin(), shape.end());
  tensor.set_raw_data(std::move(bytes));
  return tensor.name();
}

template <typename T>
static std::string toBytes(ArrayRef<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

std::string Exporter::ints(const Twine &name, ArrayRef<int64_t> values) {
  onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(unique(name));
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(values.size());
  tensor.set_raw_data(toBytes(values));
  return tensor.name();
}

std::string Exporter::scalar(const Twine &name, float value) {
  onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(unique(name));
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.set_raw_data(toBytes(ArrayRef<float>(value)));
  return tensor.name();
}

std::string Exporter::storageScalar(const Twine &name, quant::QuantizedType type, int64_t value) {
  std::string bytes = toBytes(ArrayRef<int64_t>(value)).substr(0, type.getStorageTypeIntegralWidth() / 8);
  onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(unique(name));
  tensor.set_data_type(storedType(UnknownLoc::get(type.getContext()), type));
  tensor.set_raw_data(std::move(bytes));
  return tensor.name();
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
  std::string name = initializer(baseName(op), op.getValue().getElementType(), typeOf(op).getShape(),
                                 std::string(bytes.begin(), bytes.end()));
  set(op, name);
}

/// Elements of `size` bytes of a tensor of shape `extents`, permuted.
static std::string permute(ArrayRef<char> data, size_t size, ArrayRef<int64_t> extents, ArrayRef<int64_t> permutation) {
  size_t rank = extents.size();
  SmallVector<int64_t> strides(rank, size), index(rank, 0);
  for (size_t i = rank - 1; i > 0; --i)
    strides[i - 1] = strides[i] * extents[i];
  std::string result;
  result.reserve(data.size());
  for (size_t n = 0; n < data.size() / size; ++n) {
    int64_t from = 0;
    for (size_t i = 0; i < rank; ++i)
      from += index[i] * strides[permutation[i]];
    result.append(data.data() + from, size);
    for (size_t i = rank; i-- > 0;) {
      if (++index[i] < extents[permutation[i]])
        break;
      index[i] = 0;
    }
  }
  return result;
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
  std::vector<char> bytes = bytesOf(constant);
  SmallVector<int64_t> permuted = llvm::map_to_vector(permutation, [&](int64_t dim) { return shape[dim]; });
  std::string name = initializer(baseName(constant), constant.getValue().getElementType(),
                                 extents.empty() ? ArrayRef<int64_t>(permuted) : extents,
                                 permute(bytes, *getElementBytes(element), shape, permutation));
  return isa<quant::QuantizedType>(element) ? dequantize(name, element, unique(name + "_dequantized"), axis) : name;
}

/// The type of a graph input or output, with names of its unknown extents.
static void setType(onnx::ValueInfoProto &info, Location loc, RankedTensorType type, ArrayAttr dims) {
  onnx::TypeProto::Tensor &tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(storedType(loc, type.getElementType()));
  tensor.mutable_shape();
  for (auto [i, extent] : llvm::enumerate(type.getShape())) {
    auto &dim = *tensor.mutable_shape()->add_dim();
    if (!ShapedType::isDynamic(extent))
      dim.set_dim_value(extent);
    else if (dims && i < dims.size() && !cast<StringAttr>(dims[i]).empty())
      dim.set_dim_param(cast<StringAttr>(dims[i]).str());
  }
}

void Exporter::addInputs(func::FuncOp main) {
  for (BlockArgument argument : main.getArguments()) {
    unsigned i = argument.getArgNumber();
    auto name = main.getArgAttrOfType<StringAttr>(i, "nibble.name");
    onnx::ValueInfoProto &info = *graph.add_input();
    info.set_name(unique(name ? name.getValue() : StringRef("input")));
    setType(info, main.getLoc(), typeOf(argument), main.getArgAttrOfType<ArrayAttr>(i, "nibble.dims"));
    names[argument].plain = info.name();
  }
}

void Exporter::reserveOutputs(func::FuncOp main) {
  auto results = cast<func::ReturnOp>(main.front().getTerminator()).getOperands();
  for (auto [i, value] : llvm::enumerate(results)) {
    auto name = main.getResultAttrOfType<StringAttr>(i, "nibble.name");
    onnx::ValueInfoProto &info = *graph.add_output();
    info.set_name(unique(name ? name.getValue() : StringRef("output")));
    setType(info, main.getLoc(), typeOf(value), ArrayAttr());
    if (value.getDefiningOp() && !isa<ConstantOp>(value.getDefiningOp()))
      outputs.try_emplace(value, info.name());
  }
}

void Exporter::addOutputs(func::FuncOp main) {
  auto results = cast<func::ReturnOp>(main.front().getTerminator()).getOperands();
  for (auto [value, info] : llvm::zip(results, graph.output())) {
    std::string name = stored(value);
    if (name != info.name())
      node(nullptr, "Identity", {name}, info.name());
  }
}

static const TranslatorTable &translators() {
  static const TranslatorTable table = [] {
    TranslatorTable table;
    addCompute(table);
    addElementwise(table);
    addDataMovement(table);
    addQuantization(table);
    return table;
  }();
  return table;
}

void Exporter::translate(Operation *op) {
  if (isa<ConstantOp>(op))
    return; // written where they are read
  auto it = translators().find(op->getName().getStringRef());
  if (it == translators().end())
    throw ExportError(op->getLoc(), "operation '" + op->getName().getStringRef() + "' cannot be exported to ONNX");
  it->second(*this, op);
}

/// Says what QDQ cannot express.
void Exporter::warnOfLosses(func::FuncOp main) {
  auto isNarrow = [](Type type) {
    auto element = dyn_cast<quant::UniformQuantizedType>(getElementTypeOrSelf(type));
    return element && element.isSigned() && element.getStorageTypeIntegralWidth() == 8 &&
           element.getStorageTypeMin() != -128;
  };
  for (Operation &op : main.front().without_terminator()) {
    if (!isa<ConstantOp>(op) && llvm::any_of(op.getResultTypes(), isNarrow))
      op.emitWarning() << "values in [-127, 127] become values in [-128, 127]: ONNX has no narrow range";
    auto mode = op.getAttrOfType<RequantModeAttr>("requant");
    if (mode && mode.getValue() == RequantMode::Fixed)
      op.emitWarning() << "fixed-point requantization becomes that of the program that runs the model";
  }
}

void Exporter::run(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal() || !main.getBody().hasOneBlock())
    throw ExportError(module.getLoc(), "the module has no function 'main' of one block");
  model.set_ir_version(kIRVersion);
  model.set_producer_name("nibble");
  model.add_opset_import()->set_version(kOpset);
  auto name = module->getAttrOfType<StringAttr>("nibble.model");
  graph.set_name(name && !name.empty() ? name.str() : "main");
  warnOfLosses(main);
  addInputs(main);
  reserveOutputs(main);
  for (Operation &op : main.front().without_terminator())
    translate(&op);
  addOutputs(main);
}
